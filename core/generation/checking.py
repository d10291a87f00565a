"""How well closed answers are supported is worked out behind everybody's back, one answer at a time."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable

from core.errors import ThroughlineError
from core.retrieval.answering.claims import supports
from core.retrieval.answering.marks import marks_in
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.tokens import count_tokens
from core.store.evidence import Evidence
from core.store.messages import Messages
from core.streams.hub import Hub

_CLOSING = 0.05
_log = logging.getLogger(__name__)


class Checker:
    """A thread that compares the sentences of closed answers with the passages they cite, and saves the outcome.

    It embeds as documents are, so that questions go ahead of it. Answers that were closed without being looked at, as
    a server leaves them that is killed, come first; what fails is tried again at the next start.
    """

    def __init__(self, hub: Hub, messages: Messages, evidence: Evidence, embedder: Embedder) -> None:
        self._hub = hub
        self._messages = messages
        self._evidence = evidence
        self._embedder = embedder
        self._queue: deque[tuple[str, str, str]] = deque()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="throughline-checker", daemon=True)

    def start(self) -> None:
        """Begins with what was left over; back at once."""
        self._thread.start()

    def add(self, message_id: str, conversation_id: str, stream_id: str) -> None:
        """Has an answer looked at once its stream is closed on disk; back at once."""
        self._queue.append((message_id, conversation_id, stream_id))
        self._wake.set()

    def end(self) -> None:
        """Ends the thread after the step that it is at; back at once."""
        self._ending.set()
        self._wake.set()

    def _run(self) -> None:
        self._check_all(self._left_over())
        while not self._ending.is_set():
            self._wake.wait()
            self._wake.clear()
            while self._queue and not self._ending.is_set():
                self._check_all([self._queue.popleft()])

    def _left_over(self) -> list[tuple[str, str, str]]:
        try:
            return self._evidence.unchecked()
        except Exception:
            _log.exception("the answers that were not checked cannot be read")
            return []

    def _check_all(self, answers: Iterable[tuple[str, str, str]]) -> None:
        for message_id, conversation_id, stream_id in answers:
            while self._hub.find(stream_id) is not None and not self._ending.wait(_CLOSING):
                pass  # Its last words are on their way to disk.
            if self._ending.is_set():
                return
            try:
                self._check(message_id, conversation_id)
            except ThroughlineError as error:
                if not self._ending.is_set():
                    _log.warning("an answer's support is worked out at the next start: %s", error.message)
            except Exception:
                if not self._ending.is_set():
                    _log.exception("an answer's support cannot be worked out; it is tried again at the next start")

    def _check(self, message_id: str, conversation_id: str) -> None:
        message = next(iter(self._messages.read(conversation_id, [message_id])), None)
        if message is None or message.stream_id is None or not message.status.closed:
            return  # It was deleted, or goes on: then it comes again.
        cited = [source for source in message.sources if source.mark in set(marks_in(message.content))]
        found = supports(message.content, cited, self._embedder.passages, count_tokens) if cited else ()
        self._evidence.add_supports(message_id, message.stream_id, found)
