"""The engine: one background event loop that runs every generation as a task."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

from core.errors import NotFound, TooMany
from core.generation.costs import ask_cost
from core.generation.generate import Generation
from core.generation.workshop import Workshop
from core.models import Outcome, Status, Stream
from core.streams.log import StreamLog

MOST_STREAMS = 1000
NEVER_STARTED = "Nobody started this answer in time. Ask for it again with Regenerate."
SHUT_DOWN = "The server was shut down while this answer was being written. What you had seen is here: choose Continue."
_INTERRUPTED = Outcome(Status.INTERRUPTED, error=SHUT_DOWN)
_AGAIN = 0.01


class Engine:
    """Starts and stops generations; every method may be called from any thread."""

    def __init__(self, workshop: Workshop, pending_timeout: float) -> None:
        self._workshop = workshop
        self._hub = workshop.hub
        self._pending_timeout = pending_timeout
        # Whether a stream is pending is asked and settled under this lock: it is either started or closed, never both.
        self._lock = threading.Lock()
        self._closing = False
        self._starting: set[str] = set()
        self._running: dict[str, tuple[Generation, asyncio.Task[Outcome]]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._pending: dict[str, tuple[Stream, str | None]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()  # Not uvloop, which does not try IPv4 while IPv6 hangs.
        self._thread = threading.Thread(target=self._serve, name="throughline-engine", daemon=True)
        self._thread.start()
        workshop.checker.start()

    def admit(self, stream_id: str, conversation_id: str, *, starts: bool = False) -> StreamLog:
        """Holds a stream that is about to be saved, as pending or, with `starts`, as started.

        `begin`, `await_start` or `dismiss` has to follow.

        Raises:
            TooMany: as many streams as this server takes are open.
        """
        if len(self._hub.open_streams()) >= MOST_STREAMS:
            raise TooMany("Too many answers are being written at the moment. Try again in a minute.")
        if starts:  # Until `begin` nobody else may start it or close it.
            self._starting.add(stream_id)
        return self._hub.open(stream_id, conversation_id)

    def dismiss(self, stream_id: str) -> None:
        """Forgets a stream that was admitted and not saved."""
        self._hub.discard(stream_id)
        self._starting.discard(stream_id)

    def await_start(self, stream: Stream, question: str | None = None, *, waited: float = 0.0) -> None:
        """Closes a pending stream as timed out if nobody starts it in time; `waited` seconds are over already.

        `question` is given as in `begin`.
        """
        stream_id = stream.id
        self._pending[stream_id] = (stream, question)
        left = max(0.0, self._pending_timeout - max(0.0, waited))
        self._soon(lambda: self._timers.update({stream_id: self._loop.call_later(left, self._expire, stream_id)}))

    def begin(self, stream: Stream, question: str | None = None) -> None:
        """Starts a stream whose rows, its start among them, were just saved.

        `question` is given when it is all that was said in the conversation, so that nothing has to be read.
        """
        log = self._hub.find(stream.id)
        if log:
            log.begin()
            self._starting.discard(stream.id)
            self._soon(lambda: self._run(stream, log, question))

    def start(self, stream_id: str) -> bool:
        """Starts a pending stream; False when it was started or closed before.

        Raises:
            NotFound: there is no such stream.
        """
        stream, question = self._pending.get(stream_id) or (self._workshop.streams.get(stream_id), None)
        if stream is None:
            raise NotFound("stream", stream_id)
        with self._lock:
            log = self._hub.find(stream_id)
            if log is None or log.closing or log.status is not Status.PENDING or stream_id in self._starting:
                return False
            self._starting.add(stream_id)
        try:
            self._workshop.streams.start(stream_id)
            log.begin()
        finally:
            self._starting.discard(stream_id)
        self._pending.pop(stream_id, None)
        self._soon(lambda: self._run(stream, log, question))
        return True

    def stop(self, stream_id: str) -> Status:
        """Stops a stream and gives its status, which may still be `streaming` for a moment.

        Raises:
            NotFound: there is no such stream.
        """
        log = self._hub.find(stream_id)
        if log is None:
            stream = self._workshop.streams.get(stream_id)
            if stream is None:
                raise NotFound("stream", stream_id)
            return stream.status
        self._soon(lambda: self._stop(log))
        return log.status

    def ask_costs(self, since: datetime) -> None:
        """Asks in the background what generations since then cost of which that is not known."""
        for stream_id, generation_id, model in self._workshop.streams.without_cost(since):
            self.run_soon(ask_cost(self._workshop, stream_id, generation_id, model))
        save = self._workshop.evidence.add_cost
        for stream_id, generation_id, model in self._workshop.evidence.without_cost(since):
            self.run_soon(ask_cost(self._workshop, stream_id, generation_id, model, save=save))

    def run_soon(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs `work` on the loop; nobody waits for it."""
        if not self._soon(lambda: self._spawn(work)):
            work.close()

    def close(self, patience: float = 3.0) -> None:
        """Ends every generation as interrupted, then the loop; waits at most `patience` seconds for each step."""
        self._workshop.checker.end()
        for work in (self._interrupt_all(), self._workshop.providers.close()):
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(work, self._loop).result(patience)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(patience)

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def _run(self, stream: Stream, log: StreamLog, question: str | None = None) -> None:
        if timer := self._timers.pop(stream.id, None):
            timer.cancel()
        if self._closing:
            self._hub.close_stream(log, _INTERRUPTED)
            return
        generation = Generation(self._workshop, stream, log, question)
        task = self._spawn(generation.run())
        self._running[stream.id] = (generation, task)
        task.add_done_callback(lambda done: self._ended(stream, log, generation, done))

    def _ended(self, stream: Stream, log: StreamLog, generation: Generation, task: asyncio.Task[Outcome]) -> None:
        self._running.pop(stream.id, None)
        if task.cancelled():  # Stopped before its first step, so it could not close its stream itself.
            self._hub.close_stream(log, generation.ending)
            return
        outcome = task.result()
        if self._closing:  # The next start does the rest.
            return
        if generation.sourced:
            self._workshop.checker.add(stream.message_id, stream.conversation_id, stream.id)
        if generation.unpaid:
            save = self._workshop.evidence.add_cost
            self._spawn(ask_cost(self._workshop, stream.id, generation.unpaid, stream.model, save=save))
        if outcome.generation_id and outcome.usage.cost is None:
            self._spawn(ask_cost(self._workshop, stream.id, outcome.generation_id, stream.model))

    def _stop(self, log: StreamLog) -> None:
        running = self._running.get(log.stream_id)
        if running:
            running[1].cancel()
        elif not self._close_pending(log, Outcome(Status.STOPPED)):
            # Between its start and its first step: ask again after it.
            self._loop.call_later(_AGAIN, self._stop_later, log)

    def _stop_later(self, log: StreamLog) -> None:
        if not log.closing and self._hub.find(log.stream_id) is log:  # It may have been dismissed.
            self._stop(log)

    def _expire(self, stream_id: str) -> None:
        self._timers.pop(stream_id, None)
        log = self._hub.find(stream_id)
        if log is None:
            self._pending.pop(stream_id, None)
        elif not self._close_pending(log, Outcome(Status.TIMEOUT, error=NEVER_STARTED)):
            # It is being started. Should that fail, it is pending still and its time is over.
            self._loop.call_later(_AGAIN, self._expire_later, log)

    def _expire_later(self, log: StreamLog) -> None:
        if log.status is Status.PENDING and not log.closing:
            self._expire(log.stream_id)

    def _close_pending(self, log: StreamLog, outcome: Outcome) -> bool:
        """Closes a stream that nobody has started; False when somebody has."""
        with self._lock:
            if log.status is not Status.PENDING or log.stream_id in self._starting:
                return False
            self._pending.pop(log.stream_id, None)
            return self._hub.close_stream(log, outcome)

    async def _interrupt_all(self) -> None:
        self._closing = True
        tasks = []
        for generation, task in self._running.values():
            generation.ending = _INTERRUPTED
            task.cancel()
            tasks.append(task)
        for task in list(self._background - set(tasks)):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _soon(self, call: Any) -> bool:
        """Has `call` made on the loop; False when that has ended, as every answer has by then."""
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return False
        return True
