"""What a person does in a conversation: ask, start, stop, continue, regenerate, edit."""

from __future__ import annotations

import threading
from datetime import datetime

from core.errors import Conflict, NotFound
from core.generation.engine import Engine
from core.ids import new_id
from core.models import Asked, Role, Status, Stream
from core.questions import Question, checked_content, checked_model, checked_title, title_of
from core.shelf import Shelf
from core.store.conversations import Conversations, NewAnswer, NewConversation
from core.store.messages import Messages
from core.store.streams import Streams
from core.streams.hub import Hub


class Chat(Shelf):
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
        super().__init__(conversations, messages, hub, engine)
        self._streams = streams
        self.default_model = default_model
        self._seq_lock = threading.Lock()
        self._seq = conversations.last_seq()

    def begin(self, question: Question) -> Asked:
        """Begins a conversation with a question.

        Raises:
            InvalidValue: the question is empty or too long.
            TooMany, StorageError: it cannot be taken now; nothing was saved.
        """
        content = checked_content(question.content)
        title = checked_title(question.title) if question.title else title_of(content)
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
        content = checked_content(question.content)
        conversation = self.conversation(conversation_id)
        nodes = self._conversations.tree(conversation_id)
        if parent_id is not None and parent_id not in {node.id for node in nodes}:
            raise NotFound("message", parent_id)
        newest = parent_id is None
        parent_id = parent_id or nodes[-1].id
        if not (question.client_id and self._conversations.asked(question.client_id)):
            self._last_closed(parent_id, "The answer before this question")
        ids = Asked(conversation_id, new_id(), new_id(), new_id())
        question, model = question.within(conversation), self._model(question.model or conversation.model)
        return self._answer(ids, question, model, parent_id, content, newest=newest)

    def edit(self, message_id: str, question: Question) -> Asked:
        """Asks anew in place of a question, as its sibling: the earlier branch stays.

        Raises:
            NotFound, InvalidValue, TooMany, StorageError: as `ask`.
        """
        content = checked_content(question.content)
        node, conversation = self._place(message_id, Role.USER)
        ids = Asked(conversation.id, new_id(), new_id(), new_id())
        question = question.within(conversation)
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
            seq=self.reserve(2),
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
        self._engine.admit(ids.stream_id, ids.conversation_id, starts=question.start)
        try:
            saved, created = self._conversations.add_answer(new)
        except BaseException:
            self._engine.dismiss(ids.stream_id)
            raise
        if not created:
            self._engine.dismiss(ids.stream_id)
            return saved
        go = self._engine.begin if question.start else self._engine.await_start
        go(_stream(new, question.tags, self._conversations.now()), content if begins else None)
        return saved

    def reserve(self, count: int) -> int:
        """The first of `count` order numbers that nothing else is given: for messages that come from elsewhere."""
        with self._seq_lock:
            self._seq += count
            return self._seq - count + 1

    def _model(self, model: str | None) -> str:
        return self.default_model if model is None else checked_model(model)

    def _as_before(self, message_id: str, start: bool) -> Question:
        """A question with the model and documents that the message's last stream had."""
        last = self._last_closed(message_id, "This answer")
        assert last is not None
        found = self.message(message_id).retrieval
        return Question(
            "", last.model, last.document_ids, last.retrieve, start, tags=found.filter.tags if found else ()
        )

    def _last_closed(self, message_id: str, what: str) -> Stream | None:
        """The last stream of an answer, which has to be closed; a question has none."""
        streams = self._streams.of_message(message_id)
        if streams and not streams[-1].status.closed:
            raise Conflict(f"{what} is still being written. Stop it first, or wait for it.")
        return streams[-1] if streams else None


def _stream(new: NewAnswer, tags: tuple[str, ...], now: datetime) -> Stream:
    ids = new.ids
    where = (ids.stream_id, ids.message_id, ids.conversation_id)
    return Stream(*where, new.model, Status.PENDING, new.retrieve, new.document_ids, now, tags=tags)
