"""The owner of the one connection: opens the file, reads through cursors, writes through the writer."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from core.clock import Clock
from core.errors import DatabaseInUse, StorageError
from core.store.migrations import migrate
from core.store.writer import WriteJob, Writer, readable

_log = logging.getLogger(__name__)
_PATIENCE = 3.0
_COMMIT_WINDOW = 0.025
_WINDOW_PER_STREAM = 0.0004
_LONGEST_WINDOW = 0.25
# DuckDB would take four fifths of the machine for what it has read. What it drops is still in the system's own cache,
# and less than this makes reading a long history slow; a question is saved with 20 MB.
_LEAST_MEMORY, _MOST_MEMORY = 512 << 20, 1 << 30
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # Checkpoints hold up commits: they are taken when it is quiet (see `checkpoint`), not when the log is 16 MB.
    "checkpoint_threshold": "512MB",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class Database:
    """An open database file.

    Raises:
        DatabaseInUse: another process holds the file.
        DatabaseTooNew: a newer version of the app wrote it.
        StorageError: the file or its folder cannot be used.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self.clock = clock or Clock()
        self._connection = _open(path)
        self._local = threading.local()
        self.revision = 0
        """Grows with every change that a page of conversations shows: who compares it knows when to look again."""
        try:
            self._connection.execute("set global TimeZone = 'UTC'")
            migrate(self._connection)
            self._writer = Writer(self._connection.cursor(), _COMMIT_WINDOW)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def read(self) -> Iterator[DuckDBPyConnection]:
        """This thread's own cursor, which sees the last commit and waits for no writer.

        Raises:
            StorageError: there is too little memory for what is read.
        """
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._connection.cursor()
        try:
            yield cursor
        except duckdb.OutOfMemoryException as error:
            raise readable(error) from error

    def fetch(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of one query."""
        with self.read() as cursor:
            return cursor.execute(sql, parameters or []).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[DuckDBPyConnection]:
        """A cursor whose queries all see one and the same commit."""
        with self.read() as cursor:
            cursor.execute("begin")
            try:
                yield cursor
            finally:
                with suppress(duckdb.Error):  # An error inside has ended the transaction already.
                    cursor.execute("rollback")

    def write(self, job: WriteJob) -> Any:
        """Runs `job` on the writer thread, in one transaction; back when it is on disk.

        Raises:
            StorageError: it cannot be written.
        """
        return self.submit(job).result()

    @property
    def submit(self) -> Any:
        """Queues a write job; see `Writer.submit`."""
        return self._writer.submit

    def pace(self, streams: int) -> None:
        """Spaces commits for `streams` streams that are written at once: each commit wakes the followers of all."""
        self._writer.window = min(_COMMIT_WINDOW + streams * _WINDOW_PER_STREAM, _LONGEST_WINDOW)

    def checkpoint(self) -> None:
        """Folds the log into the file; commits wait meanwhile, so call it when it is quiet."""
        with suppress(duckdb.TransactionException):  # A transaction is open: the next quiet moment will do.
            self._connection.cursor().execute("checkpoint")

    @property
    def log_size(self) -> int:
        """Bytes in the write-ahead log."""
        log = self.path.with_name(self.path.name + ".wal")
        try:
            return log.stat().st_size
        except FileNotFoundError:  # A checkpoint has just folded it.
            return 0

    def close(self) -> None:
        """Commits what is queued and closes the file, after a moment for who is still reading."""
        self._writer.close()
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.close()
                return
            except duckdb.ResourceInUseException:
                if time.monotonic() > until:
                    _log.warning("the database was not closed, as something still reads it; nothing is lost")
                    return
                time.sleep(0.01)


def _open(path: Path) -> DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(str(path), config=_CONFIG | {"memory_limit": f"{_memory() >> 20}MiB"})
    except OSError as error:
        raise StorageError(f"The folder {path.parent} cannot be used: {error.strerror}. {_ELSEWHERE}") from error
    except duckdb.Error as error:
        raise _why_not_opened(path, str(error)) from error


def _memory() -> int:
    """The bytes that the database may take: a quarter of the machine's, within bounds."""
    quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    return min(max(quarter, _LEAST_MEMORY), _MOST_MEMORY)


_ELSEWHERE = "Correct that, or set THROUGHLINE_DATA_DIR to another folder."


def _why_not_opened(path: Path, text: str) -> StorageError:
    if "lock" in text.lower():
        holder = re.search(r"in (\S+ \(PID \d+\)|PID \d+)", text) or re.search(r"PID (\d+)", text)
        who = holder.group(0).removeprefix("in ") if holder else "another process"
        return DatabaseInUse(
            f"The database {path} is in use by {who}. Only one Throughline can use it at a time: stop that one, "
            "or set THROUGHLINE_DATA_DIR to another folder."
        )
    if "Permission denied" in text or "Read-only file system" in text:
        return StorageError(f"The folder {path.parent} cannot be written. {_ELSEWHERE}")
    if "No space left" in text:
        return StorageError(f"The disk that holds {path.parent} is full. Free some space. {_ELSEWHERE}")
    return StorageError(f"The file {path} cannot be opened as a database. Restore it from a copy. {_ELSEWHERE}")
