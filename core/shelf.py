"""The conversations as they are kept: read, listed, named, rated, put away."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from core.errors import Conflict, InvalidValue, NotFound
from core.generation.engine import Engine
from core.models import Conversation, Message, Node, Role, Status
from core.questions import checked_model, checked_title
from core.retrieval.answering.marks import marks_in
from core.store.conversations import Conversations
from core.store.messages import Messages
from core.streams.hub import Hub

UNDO = timedelta(minutes=10)


class Shelf:
    """One person's conversations; every method may be called from any thread."""

    def __init__(self, conversations: Conversations, messages: Messages, hub: Hub, engine: Engine) -> None:
        self._conversations = conversations
        self._messages = messages
        self._hub = hub
        self._engine = engine

    def conversation(self, conversation_id: str) -> Conversation:
        """A conversation.

        Raises:
            NotFound: there is none, or it was deleted.
        """
        found = self._conversations.get(conversation_id)
        if found is None:
            raise NotFound("conversation", conversation_id)
        return found

    def conversations(
        self,
        limit: int = 50,
        before: tuple[datetime, str] | None = None,
        archived: bool | None = False,
        pinned: bool | None = None,
    ) -> list[Conversation]:
        """The conversations, newest messages first, from behind `before`; None takes both kinds."""
        return self._conversations.page(limit, before, archived, pinned)

    def tree(self, conversation_id: str) -> list[Node]:
        """Every message's place in a conversation, in the order of asking."""
        return self._conversations.tree(conversation_id)

    def messages(self, conversation_id: str, message_ids: Sequence[str] | None = None) -> list[Message]:
        """Messages of a conversation, all or some, in the order of asking.

        Raises:
            NotFound: there is no such conversation.
        """
        self.conversation(conversation_id)
        if message_ids is None:
            message_ids = [node.id for node in self._conversations.tree(conversation_id)]
        return [_with_citations(message) for message in self._messages.read(conversation_id, list(message_ids))]

    def message(self, message_id: str) -> Message:
        """One message.

        Raises:
            NotFound: there is none.
        """
        conversation_id = self._conversations.conversation_of(message_id)
        if conversation_id is None:
            raise NotFound("message", message_id)
        return _with_citations(self._messages.read(conversation_id, [message_id])[0])

    def streaming(self) -> set[str]:
        """The conversations in which an answer is being written."""
        return {log.conversation_id for log in self._hub.open_streams() if log.status is Status.STREAMING}

    def rate(self, message_id: str, rating: int, comment: str | None = None) -> None:
        """Saves a thumb up (1) or down (-1); 0 takes it back.

        Raises:
            NotFound: there is no such answer.
            InvalidValue: the rating is none of these.
        """
        if rating not in (1, -1, 0):
            raise InvalidValue("A rating is 1 or -1.")
        self._place(message_id, Role.ASSISTANT)
        self._conversations.rate(message_id, rating, comment)

    def rename(self, conversation_id: str, title: str) -> None:
        """Gives a conversation another title.

        Raises:
            NotFound: there is no such conversation.
            InvalidValue: the title is empty or too long.
        """
        self._change(conversation_id, "title", checked_title(title))

    def choose_model(self, conversation_id: str, model: str) -> None:
        """Has another model answer from now on.

        Raises:
            NotFound: there is no such conversation.
            InvalidValue: the name is empty.
        """
        self._change(conversation_id, "model", checked_model(model))

    def pin(self, conversation_id: str, pinned: bool) -> None:
        """Keeps a conversation at the top of the list, or no longer."""
        self._change(conversation_id, "pinned", pinned)

    def archive(self, conversation_id: str, archived: bool) -> None:
        """Takes a conversation out of the list without deleting it, or back."""
        self._change(conversation_id, "archived", archived)

    def delete(self, conversation_id: str) -> None:
        """Deletes a conversation and stops its answers; `restore` takes it back for a while.

        Raises:
            NotFound: there is no such conversation.
        """
        self.conversation(conversation_id)
        self._conversations.delete(conversation_id)
        for log in self._hub.open_streams():
            if log.conversation_id == conversation_id:
                with suppress(NotFound):  # It has just ended by itself.
                    self._engine.stop(log.stream_id)

    def restore(self, conversation_id: str) -> None:
        """Takes a deletion back.

        Raises:
            NotFound: it is too late, or there never was such a conversation.
        """
        self._conversations.change(conversation_id, "deleted_at", None)
        self.conversation(conversation_id)

    def _change(self, conversation_id: str, column: str, value: object) -> None:
        self.conversation(conversation_id)
        self._conversations.change(conversation_id, column, value)

    def _place(self, message_id: str, role: Role) -> tuple[Node, Conversation]:
        conversation_id = self._conversations.conversation_of(message_id)
        if conversation_id is None:
            raise NotFound("message", message_id)
        node = next(node for node in self._conversations.tree(conversation_id) if node.id == message_id)
        if node.role is not role:
            raise Conflict(
                f"This needs a message of the {role.value}, and “{message_id}” is one of the {node.role.value}."
            )
        return node, self.conversation(conversation_id)


def _with_citations(message: Message) -> Message:
    marks = set(marks_in(message.content)) if message.sources else set()
    return replace(message, citations=tuple(source for source in message.sources if source.mark in marks))
