"""The hub of all open streams: takes what they have pending, has it committed at once, wakes who follows."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from duckdb import DuckDBPyConnection

from core.errors import StorageError
from core.models import Kind, Outcome, Status
from core.store.database import Database
from core.store.streams import Closing, append
from core.streams.log import StreamLog, Waker

_log = logging.getLogger(__name__)
_RETRY = 1.0
_PATIENCE = 1.0


@dataclass(slots=True)
class _Batch:
    """What one flush writes: for each log how many pieces of each text, and the closings."""

    pieces: dict[StreamLog, dict[Kind, int]] = field(default_factory=dict)
    closings: dict[StreamLog, Closing] = field(default_factory=dict)


class Hub:
    """The open streams of one database.

    Everything here may be called from any thread. No text leaves `StreamLog.read` before its commit (seen is saved);
    `failure` is set while the disk refuses it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Reentrant: a write that is refused at once calls `_flushed` from inside `_queue`.
        self._lock = threading.RLock()
        self._logs: dict[str, StreamLog] = {}
        self._dirty: dict[StreamLog, None] = {}
        self._queued = False
        self._batch = _Batch()
        self._retry: threading.Timer | None = None
        self.failure: StorageError | None = None
        self.closed = False

    def open(self, stream_id: str, conversation_id: str, status: Status = Status.PENDING) -> StreamLog:
        """Begins to hold a stream in memory."""
        log = StreamLog(stream_id, conversation_id, status, self._database.clock.monotonic)
        with self._lock:
            self._logs[stream_id] = log
        return log

    def discard(self, stream_id: str) -> None:
        """Forgets a stream whose rows could not be saved."""
        with self._lock:
            self._logs.pop(stream_id, None)

    def find(self, stream_id: str) -> StreamLog | None:
        """The open stream of that id."""
        return self._logs.get(stream_id)

    def open_streams(self) -> list[StreamLog]:
        """Every open stream."""
        with self._lock:
            return list(self._logs.values())

    def append(self, log: StreamLog, kind: Kind, piece: str) -> None:
        """Adds a piece to a stream; it is shown to nobody until it is committed."""
        with self._lock:
            if log.closing is None:
                log.append(kind, piece)
                self._touch(log)

    def close_stream(self, log: StreamLog, outcome: Outcome) -> bool:
        """Closes a stream, once: False when it was closed before. Followers learn it after the commit."""
        with self._lock:
            if log.closing is not None:
                return False
            log.closing = outcome
            self._touch(log)
            return True

    def set_note(self, log: StreamLog, note: str | None) -> None:
        """Says why a stream has no text yet; not stored."""
        log.note = note
        wake([log])

    def watch(self, log: StreamLog, waker: Waker) -> None:
        """`waker` is woken from now on whenever the stream changes."""
        with self._lock:
            log.wakers.add(waker)

    def unwatch(self, log: StreamLog, waker: Waker) -> None:
        """Ends `watch`."""
        with self._lock:
            log.wakers.discard(waker)

    def close(self) -> None:
        """Ends every follower; streams still pending stay so on disk."""
        # What was closed just now is told to its followers first: that takes one commit or two.
        end = time.monotonic() + _PATIENCE
        while self._dirty and not self.failure and time.monotonic() < end:
            time.sleep(0.005)
        self.closed = True
        if self._retry:
            self._retry.cancel()
        wake(self.open_streams())

    def _touch(self, log: StreamLog) -> None:
        self._dirty[log] = None
        if not self._queued and self._retry is None:
            self._queue()

    def _queue(self) -> None:
        with suppress(StorageError):  # The writer has ended: what waits now was shown to nobody.
            future = self._database.submit(self._flush)
            self._queued = True
            future.add_done_callback(self._flushed)

    def _flush(self, cursor: DuckDBPyConnection) -> None:
        """The write job: appends what is pending now, and leaves it pending until the commit is known."""
        with self._lock:
            self._batch = batch = _Batch()
            for log in self._dirty:
                if pieces := log.pending():
                    batch.pieces[log] = pieces
                if log.closing is not None:
                    batch.closings[log] = self._closing(log, log.closing)
            chunks = [chunk for log, pieces in batch.pieces.items() for chunk in log.chunks(pieces)]
        append(cursor, chunks, batch.closings.values())
        self._database.pace(len(batch.pieces))

    def _closing(self, log: StreamLog, outcome: Outcome) -> Closing:
        answer, reasoning = log.whole(Kind.ANSWER), log.whole(Kind.REASONING)
        traces = log.trace(Kind.ANSWER), log.trace(Kind.REASONING)
        return Closing(log.stream_id, outcome, answer, reasoning, *traces, log.elapsed(), self._database.clock.now())

    def _flushed(self, future: Future[None]) -> None:
        error = future.exception()
        if error is not None:
            self._failed(error)
            return
        with self._lock:
            self._database.revision += int(self.failure is not None)
            self.failure = None
            batch, self._batch, self._queued = self._batch, _Batch(), False
            for log, pieces in batch.pieces.items():
                log.commit(pieces)
            self._database.revision += len(batch.closings)
            for log in batch.closings:
                log.status, log.outcome = log.closing.status, log.closing  # type: ignore[union-attr]
                self._logs.pop(log.stream_id, None)
            self._dirty = {log: None for log in self._dirty if log.pending() or (log.closing and not log.outcome)}
            if self._dirty:
                self._queue()
        wake({**batch.pieces, **batch.closings})

    def _failed(self, error: BaseException) -> None:
        """Keeps what is pending, tells every follower, and tries again until the disk takes it."""
        readable = error if isinstance(error, StorageError) else StorageError("The answer could not be saved.")
        if self.failure is None:
            _log.error("streams cannot be saved: %s", error)
            self._database.revision += 1
        with self._lock:
            self.failure, self._queued = readable, False
            self._retry = threading.Timer(_RETRY, self._try_again)
            self._retry.daemon = True
            self._retry.start()
        wake(self.open_streams())

    def _try_again(self) -> None:
        with self._lock:
            self._retry = None
            if self._dirty and not self._queued and not self.closed:
                self._queue()


def wake(logs: Iterable[StreamLog]) -> None:
    """Wakes the followers of some streams, those of one event loop with one call."""
    loops: dict[object, list[Waker]] = {}
    for log in logs:
        for waker in list(log.wakers):
            loop = getattr(waker, "loop", None)
            if loop is None:
                waker.wake()
            else:
                loops.setdefault(loop, []).append(waker)
    for loop, wakers in loops.items():
        try:
            loop.call_soon_threadsafe(_wake_all, wakers)  # type: ignore[attr-defined]
        except RuntimeError:  # The loop has ended, and its followers with it.
            continue


def _wake_all(wakers: list[Waker]) -> None:
    for waker in wakers:
        waker.wake()
