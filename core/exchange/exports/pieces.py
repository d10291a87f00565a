"""What the writers share: text gathered into pieces, branches in the order of reading, times and sources in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from core.branches import path_to
from core.models import Citation, Node, Status
from core.retrieval.answering.marks import marks_in
from core.store.saved import SavedConversation, SavedMessage

_PIECE = 64 << 10


@dataclass(frozen=True, slots=True)
class Branch:
    """Messages that follow each other; `beside` is the message of another branch in whose place the first one stands,
    None for the newest branch."""

    messages: tuple[SavedMessage, ...]
    beside: SavedMessage | None = None


def gathered(texts: Iterable[str]) -> Iterator[bytes]:
    """Texts as pieces of a file that are worth sending."""
    waiting, size = list[str](), 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(waiting).encode("utf-8", "replace")
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting).encode("utf-8", "replace")


def newest_branch(c: SavedConversation) -> tuple[SavedMessage, ...]:
    """The branch that ends with the newest message."""
    by_id = {message.id: message for message in c.messages}
    nodes = [Node(m.id, m.parent_id, m.role, seq) for seq, m in enumerate(c.messages)]
    return tuple(by_id[node.id] for node in path_to(nodes))


def branches(c: SavedConversation) -> Iterator[Branch]:
    """The newest branch, then what the others have of their own."""
    below = defaultdict[str | None, list[SavedMessage]](list)
    for message in c.messages:
        below[message.parent_id].append(message)
    main = newest_branch(c)
    yield Branch(main)
    shown = {message.id: message for message in main}
    first = {message.parent_id: message for message in reversed(main)}
    for message in c.messages:
        if message.id in shown:
            continue
        own = [message]
        while below[own[-1].id]:
            own.append(below[own[-1].id][-1])
        shown |= {each.id: each for each in own}
        yield Branch(tuple(own), first.get(message.parent_id) or below[message.parent_id][-1])


def citations(message: SavedMessage) -> tuple[Citation, ...]:
    """The sources that a mark in the answer names."""
    if not message.sources:
        return ()
    marks = set(marks_in(message.text))
    return tuple(source for source in message.sources if source.mark in marks)


def place(source: Citation) -> str:
    """Where a source stands: its document, heading and page."""
    page = "" if source.page is None else f"p. {source.page}"
    return ", ".join(part for part in (source.title, source.heading or "", page) if part)


def speaker(message: SavedMessage) -> str:
    """Who says it."""
    return message.model or "You"


def when(at: datetime) -> str:
    """A time for people."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def state(message: SavedMessage) -> str:
    """What is to be said of an answer that is not complete; empty for one that is."""
    if not message.streams or message.streams[-1].outcome.status is Status.DONE:
        return ""
    outcome = message.streams[-1].outcome
    return f"{outcome.status.value}: {outcome.error}" if outcome.error else outcome.status.value
