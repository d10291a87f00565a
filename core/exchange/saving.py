"""What of the conversations that were read is new, counted and saved slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace

from core.errors import StorageError
from core.exchange.importing import Found
from core.exchange.report import Report
from core.store.imports import Imports, Present, Slice
from core.store.saved import SavedConversation, SavedMessage

_MESSAGES, _CHARACTERS = 300, 300_000
"""The most of one transaction: it takes some ten milliseconds, in which no answer's text is committed."""
_AT_ONCE, _CONVERSATIONS, _HELD = 4_000, 400, 16_000_000
"""How many messages, conversations and characters are held in memory and looked up together, beside the last one."""
_TRIES = 5

Reserve = Callable[[int], int]
"""Gives the first of so many order numbers that are used for nothing else."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be added of a conversation; without messages it is only shown again."""

    conversation: SavedConversation
    messages: list[SavedMessage]


@dataclass(frozen=True, slots=True)
class _Pending:
    """Slices on their way to disk."""

    slices: list[Slice]
    first: int
    saved: Future[bool]


class Saving:
    """Counts conversations into `report` and, unless it is a dry run, saves what is new."""

    def __init__(self, imports: Imports, reserve: Reserve, report: Report, *, dry_run: bool) -> None:
        self._imports, self._reserve = imports, reserve
        self._report, self._dry_run = report, dry_run
        self._pending: _Pending | None = None
        self._seen = set[int]()
        """Hashes of the ids of messages that this file had already: as good as present, in a dry run too."""

    def take(self, found: Iterable[Found]) -> None:
        """Takes all conversations of an export.

        Raises:
            StorageError: they cannot be written; what is saved by then stays, and is not saved again the next time.
        """
        for batch in _batches(found):
            present = self._present([each.built.conversation for each in batch])
            plans = [self._counted(each, present) for each in batch]
            if not self._dry_run:
                for slices in _slices(plans, present):
                    self._save(slices)
        self._settle()

    def _present(self, conversations: list[SavedConversation]) -> Present:
        messages = [message for conversation in conversations for message in conversation.messages]
        return self._imports.present(
            [conversation.id for conversation in conversations],
            [message.id for message in messages],
            [stream.id for message in messages for stream in message.streams],
        )

    def _counted(self, found: Found, present: Present) -> _Plan:
        conversation = found.built.conversation
        self._report.conversations += 1
        self._report.messages += len(conversation.messages)
        for where, why in found.built.left_out:
            self._report.skip(f"{found.where}, {where}", why)
        new = [message for message in conversation.messages if self._is_new(message, present)]
        return _Plan(conversation, [message for message in new if message.id not in present.messages])

    def _is_new(self, message: SavedMessage, present: Present) -> bool:
        """Whether nobody can see it yet: it is not here nor earlier in this file, or its conversation is deleted."""
        known = hash(message.id) in self._seen
        self._seen.add(hash(message.id))
        deleted = message.id in present.hidden
        here = message.id in present.messages or any(stream.id in present.streams for stream in message.streams)
        if known or (here and not deleted):
            self._report.already_present += 1
            return False
        self._report.new += 1
        return True

    def _save(self, slices: list[Slice]) -> None:
        """Has slices saved while the next are read."""
        self._settle()
        first = self._reserve(sum(part.numbers for part in slices))
        self._pending = _Pending(slices, first, self._imports.submit(slices, first))

    def _settle(self) -> None:
        """Back when what was to be saved is on disk."""
        if self._pending is None:
            return
        slices, first, saved = self._pending.slices, self._pending.first, self._pending.saved
        self._pending = None
        for _ in range(_TRIES):
            if saved.result():
                self._imports.shown()
                return
            there = self._imports.present([part.conversation.id for part in slices], [], []).conversations
            slices = [replace(part, begins=part.conversation.id not in there) for part in slices]
            saved = self._imports.submit(slices, first)
        raise StorageError("The conversations are being changed while they are imported. Import the file again.")


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    batch, messages, characters = list[Found](), 0, 0
    for each in found:
        batch.append(each)
        messages += len(each.built.conversation.messages)
        characters += sum(map(_size, each.built.conversation.messages))
        if messages >= _AT_ONCE or len(batch) >= _CONVERSATIONS or characters >= _HELD:
            yield batch
            batch, messages, characters = [], 0, 0
    if batch:
        yield batch


def _slices(plans: list[_Plan], present: Present) -> Iterator[list[Slice]]:
    """What is saved together: so few messages that it is quick, a conversation at most once."""
    there = set(present.conversations)
    group, room, characters = dict[str, Slice](), _MESSAGES, _CHARACTERS
    for plan in plans:
        at = plan.conversation.id
        restores = present.conversations.get(at) is False
        left = plan.messages
        while left or restores:
            if at in group or room <= 0 or characters <= 0:
                yield list(group.values())
                group, room, characters = {}, _MESSAGES, _CHARACTERS
            some = _some(left, room, characters)
            group[at] = Slice(plan.conversation, some, at not in there)
            there.add(at)
            room -= len(some) + 1
            characters -= sum(map(_size, some))
            left, restores = left[len(some) :], False
    if group:
        yield list(group.values())


def _some(messages: list[SavedMessage], most: int, characters: int) -> list[SavedMessage]:
    """The first of some messages, one at least."""
    for number, message in enumerate(messages):
        characters -= _size(message)
        if number + 1 >= most or characters <= 0:
            return messages[: number + 1]
    return messages


def _size(message: SavedMessage) -> int:
    return len(message.content) + sum(len(stream.text) + len(stream.reasoning) for stream in message.streams)
