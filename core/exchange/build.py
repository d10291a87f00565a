"""Makes a foreign thread one of our conversations: parents before children, every id always the same."""

from __future__ import annotations

from base64 import b32encode
from collections import defaultdict
from collections.abc import Hashable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from heapq import heapify, heappop, heappush

from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import text
from core.models import Outcome, Role, Status
from core.questions import LONGEST_TITLE, title_of
from core.store.saved import SavedConversation, SavedMessage, SavedRating, SavedStream

_LETTERS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")
_UNKNOWN = "unknown"
_MOST_NOTES = 200


@dataclass(frozen=True, slots=True)
class Built:
    """A conversation, and what of its messages had to be left out: where in it, and why."""

    conversation: SavedConversation
    left_out: tuple[tuple[str, str], ...] = ()


def derived_id(*keys: Hashable) -> str:
    """An id as ours look, which the same keys always give."""
    digest = sha256("\0".join(map(repr, keys)).encode("utf-8", "replace")).digest()
    return b32encode(digest[:20]).translate(_LETTERS)[:26].decode()


def title(said: str, first: str) -> str:
    """A title on one line, from the first question when the source has none."""
    found = " ".join(text(said).split())
    if len(found) > LONGEST_TITLE:
        found = found[: LONGEST_TITLE - 1].rstrip() + "…"
    return found or title_of(first[:10_000]) or "Imported conversation"


def build(source: str, thread: Thread, now: datetime, model: str | None = None) -> Built:
    """The conversation that a thread of the format `source` makes; `model` goes on with it where it names none.

    Times that are missing are those of the message before, else of the conversation, else `now`.

    Raises:
        Broken: there is no message in it.
    """
    turns, left_out = _unique(thread.turns)
    began = thread.created_at or min((turn.at for turn in turns if turn.at), default=now)
    conversation_id = derived_id(source, thread.key)
    writer = thread.model or thread.writer or _UNKNOWN
    messages = _Messages(source, thread.key, conversation_id, writer, {turn.parent for turn in turns})
    ordered = _in_order(turns, began)
    for turn, at in ordered:
        messages.add(turn, at)
    if not messages.made:
        raise Broken("it has no messages")
    first = next((m.content for m in messages.made if m.role is Role.USER), messages.made[0].text)
    answered = next((turn.model for turn, _ in reversed(ordered) if turn.model and not turn.hidden), None)
    made = SavedConversation(
        conversation_id,
        title(thread.title, first),
        thread.model or answered or model or _UNKNOWN,
        began,
        tuple(messages.made),
        thread.pinned,
        thread.archived,
    )
    return Built(made, tuple(left_out))


def _unique(turns: list[Turn]) -> tuple[list[Turn], list[tuple[str, str]]]:
    """The turns without those whose id was there before, and these."""
    seen = set[Hashable]()
    kept, left_out = list[Turn](), list[tuple[str, str]]()
    for turn in turns:
        if turn.key in seen:
            left_out.append((f"message {turn.key}", "another message has the same id"))
        else:
            seen.add(turn.key)
            kept.append(turn)
    return kept, left_out


def _in_order(turns: list[Turn], began: datetime) -> list[tuple[Turn, datetime]]:
    """Every turn behind its parent, else by time, with its time; a circle of parents is cut where it is first met."""
    places = {turn.key: place for place, turn in enumerate(turns)}
    below = defaultdict[Hashable, list[int]](list)
    ready = list[tuple[datetime, int]]()
    for place, turn in enumerate(turns):
        if turn.parent in places:
            below[turn.parent].append(place)
        else:
            ready.append((turn.at or began, place))
    heapify(ready)
    found, done, at_least = list[tuple[Turn, datetime]](), [False] * len(turns), 0
    while len(found) < len(turns):
        if not ready:
            while done[at_least]:
                at_least += 1
            turns[at_least].parent = None
            ready.append((turns[at_least].at or began, at_least))
        at, place = heappop(ready)
        if done[place]:
            continue
        done[place] = True
        found.append((turns[place], at))
        for child in below[turns[place].key]:
            if not done[child]:
                heappush(ready, (turns[child].at or at, child))
    return found


@dataclass(frozen=True, slots=True)
class _Above:
    """What a turn hangs on: the nearest message that is kept, and the notes since, which the next answer takes."""

    message_id: str | None = None
    notes: tuple[int, ...] = ()


class _Messages:
    """The messages made so far; `inner` are the turns that have others below them."""

    def __init__(
        self, source: str, thread: Hashable, conversation_id: str, model: str, inner: AbstractSet[Hashable | None]
    ) -> None:
        self._source, self._thread = source, thread
        self._prefix, self._model, self._inner = conversation_id[:10], model, inner
        self._above: dict[Hashable, _Above] = {}
        self._notes: list[str] = []
        self.made: list[SavedMessage] = []

    def add(self, turn: Turn, at: datetime) -> None:
        """Makes the message of a turn, whose parent was added before."""
        above = self._above.get(turn.parent) or _Above()
        if turn.hidden and not self._ends_wordless(turn, above):
            self._above[turn.key] = self._noted(above, turn.reasoning)
            return
        # What belongs together lies together on disk: the ids of a conversation's messages begin alike.
        message_id = self._prefix + derived_id(self._source, self._thread, turn.key)[:16]
        asked = turn.role is Role.USER
        streams = () if asked else (self._stream(turn, at, above.notes),)
        rating = SavedRating(turn.rating, at, turn.comment) if turn.rating else None
        content = turn.text if asked else ""
        self.made.append(SavedMessage(message_id, above.message_id, turn.role, at, content, streams, rating))
        self._above[turn.key] = _Above(message_id)

    def _ends_wordless(self, turn: Turn, above: _Above) -> bool:
        """Whether an answer broke off here, after a thought or the call of a tool."""
        noted = turn.reasoning or any(self._notes[number] for number in above.notes)
        return bool(noted) and turn.role is Role.ASSISTANT and turn.key not in self._inner

    def _noted(self, above: _Above, note: str) -> _Above:
        if not note or len(above.notes) == _MOST_NOTES:
            return above
        self._notes.append(note)
        return _Above(above.message_id, (*above.notes, len(self._notes) - 1))

    def _taken(self, notes: tuple[int, ...]) -> list[str]:
        """Some notes, each only once: or else a small file could make much of them."""
        taken = [self._notes[number] for number in notes if self._notes[number]]
        for number in notes:
            self._notes[number] = ""
        return taken

    def _stream(self, turn: Turn, at: datetime, notes: tuple[int, ...]) -> SavedStream:
        thoughts = self._taken(notes)
        return SavedStream(
            id=self._prefix + derived_id(self._source, self._thread, turn.key, "stream")[:16],
            model=turn.model or self._model,
            created_at=at,
            outcome=Outcome(
                Status.ERROR if turn.error else Status.DONE,
                turn.finish_reason,
                turn.error,
                turn.model,
                usage=turn.usage,
            ),
            text="" if turn.hidden else turn.text,
            reasoning="\n\n".join([*thoughts, turn.reasoning] if turn.reasoning else thoughts),
            started_at=at,
            closed_at=at,
        )
