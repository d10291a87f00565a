"""The writer: one thread that commits what everybody wants written, many jobs to a transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from core.errors import StorageError

_log = logging.getLogger(__name__)

_BURST = 4.0

WriteJob = Callable[[DuckDBPyConnection], Any]
"""What to write. It may be called again after a rollback, so it changes nothing but the database."""


@dataclass(slots=True)
class _Entry:
    job: WriteJob
    future: Future[Any]


class Writer:
    """Runs write jobs in order on its own thread, grouped: what is waiting when a commit begins shares it.

    After a quiet moment jobs are committed at once; under load there is one commit every `window` seconds, so that
    their number is bounded and each carries more (a token bucket of `_BURST`). `window` may be changed any time.
    """

    def __init__(self, connection: DuckDBPyConnection, window: float) -> None:
        self._connection = connection
        self.window = window
        self._credit = _BURST
        self._credited = time.monotonic()
        self._queue: list[_Entry] = []
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="throughline-writer", daemon=True)
        self._thread.start()

    def submit(self, job: WriteJob) -> Future[Any]:
        """Queues `job`; the future has its result once that is on disk, or its error.

        Callbacks of the future run on the writer thread and must be short.

        Raises:
            StorageError: the writer was closed.
        """
        entry = _Entry(job, Future())
        with self._wake:
            if self._closing:
                raise StorageError("Throughline is shutting down, so this was not saved. Try again after the restart.")
            self._queue.append(entry)
            self._wake.notify()
        return entry.future

    def close(self) -> None:
        """Commits what is queued and ends the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                closing = self._closing
            if not closing:
                self._pace()
            with self._wake:
                batch, self._queue = self._queue, []
            self._commit(batch)

    def _pace(self) -> None:
        """Takes a commit's worth of credit, and waits for it when there is none."""
        if (missing := 1.0 - self._refill()) > 0:
            time.sleep(missing * self.window)
            self._refill()
        self._credit -= 1.0

    def _refill(self) -> float:
        now = time.monotonic()
        self._credit = min(_BURST, self._credit + (now - self._credited) / self.window)
        self._credited = now
        return self._credit

    def _commit(self, batch: list[_Entry]) -> None:
        try:
            results = self._transact([entry.job for entry in batch])
        except Exception as error:
            if len(batch) > 1:  # One job's failure is not its neighbours': each gets a transaction of its own.
                for entry in batch:
                    self._commit([entry])
                return
            batch[0].future.set_exception(readable(error))
            return
        for entry, result in zip(batch, results, strict=True):
            entry.future.set_result(result)

    def _transact(self, jobs: list[WriteJob]) -> list[Any]:
        self._connection.execute("begin")
        try:
            results = [job(self._connection) for job in jobs]
            self._connection.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):  # A commit that failed has ended its transaction already.
                self._connection.execute("rollback")
            raise
        return results


def readable(error: Exception) -> Exception:
    """The error a person should read in place of DuckDB's, where it is one that a person can mend."""
    text = str(error)
    if not isinstance(error, duckdb.Error | OSError):
        return error
    if "No space left" in text or "File too large" in text or "Disk quota" in text:
        return StorageError("The disk is full, so nothing more can be saved. Free some space, then try again.")
    if "Read-only file system" in text or "Permission denied" in text:
        return StorageError("The data folder cannot be written. Make it writable, then try again.")
    if isinstance(error, duckdb.OutOfMemoryException):
        _log.warning("the database needs more memory than it may take: %s", text.partition("\n")[0])
        return StorageError("There is too little memory for this. Ask for less, or close other programs and try again.")
    if isinstance(error, duckdb.IOException) or "database has been invalidated" in text:
        _log.error("the database cannot be written: %s", text)
        return StorageError("The database cannot be written now. Check the disk, then restart Throughline.")
    return error
