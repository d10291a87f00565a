"""What a person does in a conversation: ask, stop, continue, regenerate, edit, rate, rename, delete."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import Conflict, InvalidValue, NotFound
from core.generation.engine import Engine
from core.ids import new_id
from core.models import Asked, Conversation, Message, Node, Role, Status, Stream
from core.retrieval.citations import marks_in
from core.store.conversations import Conversations, NewAnswer, NewConversation
from core.store.messages import Messages
from core.store.streams import Streams
from core.streams.hub import Hub

LONGEST_QUESTION = 200_000
LONGEST_TITLE = 200
UNDO = timedelta(minutes=10)
_TITLE = 60


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how: the fields of the HTTP contract."""

    content: str
    model: str | None = None
    document_ids: tuple[str, ...] | None = None
    retrieve: bool = True
    start: bool = False
    client_id: str | None = None
    title: str | None = None


class Chat:
    """The deeds of one person; every method may be called from any thread."""

    def __init__(
        self,
        conversations: Conversations,
        messages: Messages,
        streams: Streams,
        hub: Hub,
        engine: Engine,
        default_model: str,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._streams = streams
        self._hub = hub
        self._engine = engine
        self.default_model = default_model
        self._seq_lock = threading.Lock()
        self._seq = conversations.last_seq()

    # Asking

    def begin(self, question: Question) -> Asked:
        """Begins a conversation with a question.

        Raises:
            InvalidValue: the question is empty or too long.
            TooMany, StorageError: it cannot be taken now; nothing was saved.
        """
        content = _checked(question.content)
        title = _checked_title(question.title) if question.title else title_of(content)
        ids = Asked(new_id(), new_id(), new_id(), new_id())
        begins = NewConversation(title, question.document_ids)
        return self._answer(ids, question, self._model(question.model), None, content, begins=begins)

    def ask(self, conversation_id: str, question: Question, parent_id: str | None = None) -> Asked:
        """Asks the next question, behind `parent_id` or the newest message.

        Raises:
            NotFound: no such conversation or parent.
            Conflict: the answer before is still being written.
            InvalidValue, TooMany, StorageError: as `begin`.
        """
        content = _checked(question.content)
        conversation = self.conversation(conversation_id)
        nodes = self._conversations.tree(conversation_id)
        if parent_id is not None and parent_id not in {node.id for node in nodes}:
            raise NotFound("message", parent_id)
        newest = parent_id is None
        parent_id = parent_id or nodes[-1].id
        if not (question.client_id and self._conversations.asked(question.client_id)):
            self._must_be_closed(parent_id)
        ids = Asked(conversation_id, new_id(), new_id(), new_id())
        question, model = _within(question, conversation), self._model(question.model or conversation.model)
        return self._answer(ids, question, model, parent_id, content, newest=newest)

    def edit(self, message_id: str, question: Question) -> Asked:
        """Asks anew in place of a question, as its sibling: the earlier branch stays.

        Raises:
            NotFound, InvalidValue, TooMany, StorageError: as `ask`.
        """
        content = _checked(question.content)
        node, conversation = self._place(message_id, Role.USER)
        ids = Asked(conversation.id, new_id(), new_id(), new_id())
        question = _within(question, conversation)
        return self._answer(ids, question, self._model(question.model or conversation.model), node.parent_id, content)

    def regenerate(self, message_id: str, *, model: str | None = None, start: bool = False) -> Asked:
        """Has a question answered anew, beside the answer that is there.

        Raises:
            NotFound: no such answer.
            TooMany, StorageError: as `begin`.
        """
        node, conversation = self._place(message_id, Role.ASSISTANT)
        ids = Asked(conversation.id, node.parent_id or "", new_id(), new_id())
        question = self._as_before(message_id, start)
        return self._answer(ids, question, model or question.model or conversation.model, node.parent_id, None)

    def go_on(self, message_id: str, *, start: bool = False) -> Asked:
        """Continues an answer that was cut: a new stream on the same message, from its text on.

        Raises:
            NotFound: no such answer.
            Conflict: it is complete, or still being written.
            TooMany, StorageError: as `begin`.
        """
        node, conversation = self._place(message_id, Role.ASSISTANT)
        message = self._messages.read(conversation.id, [message_id])[0]
        if not message.status.closed:
            raise Conflict("This answer is still being written. Stop it first, or wait for it.")
        if not message.continuable:
            raise Conflict("This answer is complete. Ask for more with a new question, or regenerate it.")
        ids = Asked(conversation.id, node.parent_id or "", message_id, new_id())
        question = self._as_before(message_id, start)
        return self._answer(ids, question, question.model or conversation.model, node.parent_id, None, answer=False)

    def start(self, stream_id: str) -> bool:
        """Starts a pending stream; False when that was done before.

        Raises:
            NotFound: there is no such stream.
        """
        return self._engine.start(stream_id)

    def stop(self, stream_id: str) -> Status:
        """Stops an answer, whoever asked for it; what was written stays.

        Raises:
            NotFound: there is no such stream.
        """
        return self._engine.stop(stream_id)

    # Reading

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
        self, limit: int = 50, before: tuple[datetime, str] | None = None, archived: bool | None = False
    ) -> list[Conversation]:
        """The conversations, newest messages first, from behind `before`."""
        return self._conversations.page(limit, before, archived)

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

    # Keeping

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
        self._change(conversation_id, "title", _checked_title(title))

    def choose_model(self, conversation_id: str, model: str) -> None:
        """Has another model answer from now on.

        Raises:
            NotFound: there is no such conversation.
            InvalidValue: the name is empty.
        """
        self._change(conversation_id, "model", self._model(model))

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
        """Takes a deletion back."""
        self._conversations.change(conversation_id, "deleted_at", None)

    def _change(self, conversation_id: str, column: str, value: object) -> None:
        self.conversation(conversation_id)
        self._conversations.change(conversation_id, column, value)

    # How a question becomes rows

    def _answer(
        self,
        ids: Asked,
        question: Question,
        model: str,
        parent_id: str | None,
        content: str | None,
        *,
        begins: NewConversation | None = None,
        answer: bool = True,
        newest: bool = False,
    ) -> Asked:
        new = NewAnswer(
            ids=ids,
            seq=self._next_seq(),
            model=model,
            retrieve=question.retrieve,
            document_ids=question.document_ids,
            parent_id=parent_id,
            content=content,
            started=question.start,
            client_id=question.client_id,
            begins=begins,
            answer=answer,
            newest=newest,
        )
        # The stream is held in memory before its rows exist, so that nobody can see it saved but not followable.
        self._engine.admit(ids.stream_id, ids.conversation_id)
        try:
            saved, created = self._conversations.add_answer(new)
        except BaseException:
            self._hub.discard(ids.stream_id)
            raise
        if not created:
            self._hub.discard(ids.stream_id)
        elif question.start:
            self._engine.begin(_stream(new, self._conversations.now()), content if begins else None)
        else:
            self._engine.await_start(saved.stream_id)
        return saved

    def _next_seq(self) -> int:
        with self._seq_lock:
            self._seq += 2
            return self._seq - 1

    def _model(self, model: str | None) -> str:
        if model is not None and not model.strip():
            raise InvalidValue("The model's name is empty. Leave it out for the default model.")
        return model or self.default_model

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

    def _as_before(self, message_id: str, start: bool) -> Question:
        """A question with the model and documents that the message's last stream had."""
        last = self._streams.of_message(message_id)[-1]
        if not last.status.closed:
            raise Conflict("This answer is still being written. Stop it first, or wait for it.")
        return Question("", last.model, last.document_ids, last.retrieve, start)

    def _must_be_closed(self, message_id: str) -> None:
        streams = self._streams.of_message(message_id)
        if streams and not streams[-1].status.closed:
            raise Conflict("The answer before this question is still being written. Stop it first, or wait for it.")


def title_of(content: str) -> str:
    """A conversation's title from its first question: its first words."""
    line = " ".join(content.split())
    if len(line) <= _TITLE:
        return line
    return line[:_TITLE].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def _stream(new: NewAnswer, now: datetime) -> Stream:
    ids = new.ids
    where = (ids.stream_id, ids.message_id, ids.conversation_id)
    return Stream(*where, new.model, Status.STREAMING, new.retrieve, new.document_ids, now)


def _within(question: Question, conversation: Conversation) -> Question:
    """The question with the conversation's documents, unless it names its own."""
    if question.document_ids is not None:
        return question
    return replace(question, document_ids=conversation.document_ids)


def _checked(content: str) -> str:
    if not content.strip():
        raise InvalidValue("The question is empty. Write one.")
    if len(content) > LONGEST_QUESTION:
        raise InvalidValue(f"The question is longer than {LONGEST_QUESTION:,} characters. Add long texts as documents.")
    return content.encode("utf-8", "replace").decode()


def _checked_title(title: str) -> str:
    title = " ".join(title.encode("utf-8", "replace").decode().split())
    if not title or len(title) > LONGEST_TITLE:
        raise InvalidValue(f"A title has 1 to {LONGEST_TITLE} characters.")
    return title


def _with_citations(message: Message) -> Message:
    marks = set(marks_in(message.content)) if message.sources else set()
    return replace(message, citations=tuple(source for source in message.sources if source.mark in marks))
