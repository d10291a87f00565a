"""How an answer was written: every piece of its text at the time it came."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.errors import NotFound
from core.models import Kind, Message, Trace
from core.store.conversations import Conversations
from core.store.database import Database
from core.store.messages import Messages
from core.store.traces import Recorded, Traces

LONGEST_PAUSE = 2_000
"""In ms: what is left of a longer pause between two streams of an answer, or between two messages."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, and when it came in ms since the message's first stream began."""

    at_ms: int
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A message as it was written: its pieces in the order in which they came.

    Within a stream every wait is as long as it was; one between two streams is at most `LONGEST_PAUSE`. What has no
    trace, as what was imported, comes at once.
    """

    pieces: tuple[Piece, ...] = ()

    @property
    def length_ms(self) -> int:
        """When the last piece came."""
        return self.pieces[-1].at_ms if self.pieces else 0

    def text_at(self, ms: int, kind: Kind = Kind.ANSWER) -> str:
        """What was to be seen of a text by then."""
        come = bisect_right(self.pieces, ms, key=lambda piece: piece.at_ms)
        return "".join(piece.text for piece in self.pieces[:come] if piece.kind is kind)


class Replays:
    """Replays of one database's messages; every method may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._conversations, self._messages = Conversations(database), Messages(database)
        self._traces = Traces(database)

    def of(self, message_id: str) -> Replay:
        """All streams of an answer, joined; a question comes at once.

        Raises:
            NotFound: there is no such message.
        """
        conversation_id = self._conversations.conversation_of(message_id)
        if conversation_id is None:
            raise NotFound("message", message_id)
        return self.of_messages(self._messages.read(conversation_id, [message_id]))[message_id]

    def of_messages(self, messages: Iterable[Message]) -> dict[str, Replay]:
        """Likewise, of messages that were read already, by their ids."""
        contents = {message.id: message.content for message in messages}
        streams = self._traces.of_messages(list(contents))
        return {
            message_id: joined(streams[message_id]) if message_id in streams else _at_once(content)
            for message_id, content in contents.items()
        }


def joined(streams: Sequence[Recorded]) -> Replay:
    """The streams of one message, each behind the one that it goes on from."""
    pieces, last = list[Piece](), None
    for stream in streams:
        own = _pieces(stream)
        begins = pieces[-1].at_ms if pieces else 0
        if last is not None:
            begins += pause(stream.began_at - last)
        pieces += [Piece(begins + piece.at_ms, piece.kind, piece.text) for piece in own]
        last = stream.began_at + timedelta(milliseconds=own[-1].at_ms if own else 0)
    return Replay(tuple(pieces))


def pause(wait: timedelta) -> int:
    """How long a wait between streams or messages is in a replay, in ms."""
    return max(0, min(LONGEST_PAUSE, round(wait / timedelta(milliseconds=1))))


def _at_once(text: str) -> Replay:
    return Replay((Piece(0, Kind.ANSWER, text),) if text else ())


def _pieces(stream: Recorded) -> list[Piece]:
    """Both texts in the order of time; reasoning comes before the answer that came with it."""
    cut = [
        *_cut(stream.reasoning, stream.reasoning_trace, Kind.REASONING),
        *_cut(stream.text, stream.trace, Kind.ANSWER),
    ]
    return sorted(cut, key=lambda piece: piece.at_ms)


def _cut(text: str, trace: Trace, kind: Kind) -> list[Piece]:
    """The pieces of a text; what an imported trace does not account for comes with the last of them."""
    pieces, at, ms = list[Piece](), 0, 0
    for length, time in zip(trace.lengths, trace.times, strict=False):
        ms = max(ms, time)
        if piece := text[at : at + length]:
            pieces.append(Piece(ms, kind, piece))
            at += length
    if at < len(text):
        pieces.append(Piece(ms, kind, text[at:]))
    return pieces
