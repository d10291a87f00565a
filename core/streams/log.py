"""One open stream in memory: what is on disk already, which may be shown, and what waits for the next commit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Protocol

from core.models import Kind, Outcome, Status, Trace
from core.store.streams import Chunk

LONGEST_PIECE = 60_000


class Waker(Protocol):
    """Somebody who wants to know that a stream has changed."""

    def wake(self) -> None:
        """Called on the writer's thread; returns at once."""


class _Text:
    """One of a stream's two texts: durable parts, then pending pieces."""

    __slots__ = ("_parts", "_starts", "durable", "lengths", "pending", "pending_times", "times")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._starts: list[int] = []
        self.durable = 0
        self.lengths: list[int] = []
        self.times: list[int] = []
        self.pending: list[str] = []
        self.pending_times: list[int] = []

    def append(self, piece: str, at: int) -> None:
        for start in range(0, len(piece), LONGEST_PIECE):
            self.pending.append(piece[start : start + LONGEST_PIECE])
            self.pending_times.append(at)

    def commit(self, pieces: int) -> None:
        """The first `pieces` pending ones are on disk now."""
        done = self.pending[:pieces]
        self.lengths += [len(piece) for piece in done]
        self.times += self.pending_times[:pieces]
        del self.pending[:pieces], self.pending_times[:pieces]
        self._starts.append(self.durable)
        self._parts.append("".join(done))
        self.durable += len(self._parts[-1])

    def read(self, offset: int) -> str:
        if offset >= self.durable:
            return ""
        first = bisect_right(self._starts, offset) - 1
        head = self._parts[first][offset - self._starts[first] :]
        return head + "".join(self._parts[first + 1 :]) if first + 1 < len(self._parts) else head

    def whole(self) -> str:
        return "".join(self._parts) + "".join(self.pending)

    def trace(self) -> Trace:
        pending = [len(piece) for piece in self.pending]
        return Trace((*self.lengths, *pending), (*self.times, *self.pending_times))


class StreamLog:
    """An open stream. Its writer appends under the hub's lock; readers see only what was committed."""

    def __init__(self, stream_id: str, conversation_id: str, status: Status, monotonic: Callable[[], float]) -> None:
        self.stream_id = stream_id
        self.conversation_id = conversation_id
        self.status = status
        self.note: str | None = None
        self.wakers: set[Waker] = set()
        self.closing: Outcome | None = None
        self.outcome: Outcome | None = None
        self._monotonic = monotonic
        self._began = monotonic()
        self.length = 0
        self._texts = {Kind.ANSWER: _Text(), Kind.REASONING: _Text()}

    def begin(self) -> None:
        """The generation starts now: the times of pieces count from here."""
        self._began = self._monotonic()
        self.status = Status.STREAMING

    def elapsed(self) -> int:
        """Milliseconds since the generation started."""
        return max(0, round((self._monotonic() - self._began) * 1000))

    def append(self, kind: Kind, piece: str) -> None:
        """Adds a piece that waits for the next commit."""
        self.length += len(piece)
        self._texts[kind].append(piece, self.elapsed())

    def offset(self, kind: Kind) -> int:
        """How many characters of a text are on disk."""
        return self._texts[kind].durable

    def read(self, kind: Kind, offset: int) -> str:
        """The durable text from `offset` on."""
        return self._texts[kind].read(offset)

    def backlog(self) -> int:
        """How many characters wait for a commit."""
        return self.length - sum(text.durable for text in self._texts.values())

    def whole(self, kind: Kind) -> str:
        """A text with its pending part."""
        return self._texts[kind].whole()

    def trace(self, kind: Kind) -> Trace:
        """Every piece of a text, pending ones too."""
        return self._texts[kind].trace()

    def pending(self) -> dict[Kind, int]:
        """How many pieces of each text wait for a commit."""
        return {kind: len(text.pending) for kind, text in self._texts.items() if text.pending}

    def chunks(self, pieces: dict[Kind, int]) -> list[Chunk]:
        """The rows that put the first pending pieces on disk."""
        return [self._chunk(kind, count) for kind, count in pieces.items()]

    def _chunk(self, kind: Kind, count: int) -> Chunk:
        text = self._texts[kind]
        done = text.pending[:count]
        trace = Trace(tuple(map(len, done)), tuple(text.pending_times[:count]))
        return Chunk(self.stream_id, kind, text.durable, "".join(done), trace)

    def commit(self, pieces: dict[Kind, int]) -> None:
        """The rows of `chunks(pieces)` are on disk: from now on they may be shown."""
        for kind, count in pieces.items():
            self._texts[kind].commit(count)
