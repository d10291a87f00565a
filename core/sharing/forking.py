"""Forks: a branch of a shared conversation as a new conversation, which shares nothing with the first but its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.errors import NotFound
from core.exchange.build import Built
from core.exchange.importing import Found
from core.exchange.report import Report
from core.exchange.saving import Reserve, Saving
from core.ids import new_id
from core.models import Node, Outcome, Status
from core.questions import LONGEST_TITLE
from core.sharing.reading import saved_for_reader
from core.store.conversations import Conversations
from core.store.database import Database
from core.store.exports import Exports
from core.store.imports import Imports
from core.store.saved import SavedConversation, SavedMessage, SavedStream

_FORKED = " (forked)"


class Forks:
    """Makes forks in one database; `reserve` gives order numbers."""

    def __init__(self, database: Database, reserve: Reserve) -> None:
        self._database, self._reserve = database, reserve
        self._conversations, self._exports = Conversations(database), Exports(database)

    def fork(self, conversation_id: str, message_id: str) -> str:
        """Copies the branch up to and with a message, as imports are saved, and gives the new conversation's id.

        Raises:
            NotFound: the message is not in that conversation.
            StorageError: it cannot be written.
        """
        path = branch_to(self._conversations.tree(conversation_id), message_id)
        found = self._exports.some(conversation_id, path) if path else None
        if found is None:
            raise NotFound("message", message_id)
        copy = forked(found, self._database.clock.now())
        saving = Saving(Imports(self._database), self._reserve, Report(), dry_run=False)
        saving.take([Found("fork", Built(copy))])
        return copy.id


def branch_to(nodes: Sequence[Node], message_id: str) -> list[str]:
    """The ids of the messages from the first one to `message_id`; none when that is not among them."""
    parents = {node.id: node.parent_id for node in nodes}
    path, at = list[str](), message_id if message_id in parents else None
    while at is not None and at in parents:
        path.append(at)
        at = parents.pop(at)
    return path[::-1]


def forked(conversation: SavedConversation, now: datetime) -> SavedConversation:
    """A copy with ids of its own, for whoever forks it to keep: texts, times, models, pace and quotes are the same.

    An answer that is still being written ends in the copy where it is, as if it had been stopped.
    """
    ids = {message.id: new_id() for message in conversation.messages}
    title = conversation.title.removesuffix(_FORKED)[: LONGEST_TITLE - len(_FORKED)] + _FORKED
    messages = tuple(_message(message, ids, now) for message in conversation.messages)
    return SavedConversation(new_id(), title, conversation.model, now, messages)


def _message(message: SavedMessage, ids: dict[str, str], now: datetime) -> SavedMessage:
    seen = saved_for_reader(message)
    streams = tuple(_stream(stream, now) for stream in seen.streams)
    return replace(seen, id=ids[seen.id], parent_id=ids.get(seen.parent_id or ""), streams=streams)


def _stream(stream: SavedStream, now: datetime) -> SavedStream:
    stream = replace(stream, id=new_id())
    if stream.outcome.status.closed:
        return stream
    length = max((*stream.trace.times, *stream.reasoning_trace.times), default=0)
    return replace(stream, outcome=Outcome(Status.STOPPED), closed_at=now, duration_ms=length)
