"""SQL that people write, run where it can do no harm: in a worker process, on the snapshot, within limits."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from core.analysis.frames import Kind
from core.analysis.pool import Pool
from core.analysis.process import Cancelled, Ended, OutOfTime, TooMuch, WorkerProcess
from core.analysis.views import SCHEME, setup
from core.errors import QueryError, ThroughlineError, TooLarge, Unavailable
from core.store.snapshot import Files, Snapshot

_LONGEST = 100_000
_LONGEST_MESSAGE = 2_000
_ROOM = 1 << 20
_MAX_AGE = 1.0
_log = logging.getLogger(__name__)

_Take = Callable[[Kind, bytes], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take, and how many may run and wait at once; times are seconds by the clock on the wall.

    `exported` and `exporting` are the bytes and the seconds of an export.
    """

    seconds: float = 20.0
    rows: int = 10_000
    bytes: int = 8_000_000
    exported: int = 256_000_000
    exporting: float = 60.0
    workers: int = 2
    waiting: int = 16
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives: names and DuckDB's types of its columns, rows of JSON values (see `core.analysis.values`).

    `truncated`: there were more rows, or more bytes, than are taken.
    """

    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    truncated: bool = False
    milliseconds: float = 0.0


class Sandbox:
    """Runs queries on the views of `core.analysis.views`; callable from any thread. Its workers start when needed."""

    def __init__(self, snapshot: Snapshot, limits: Limits | None = None) -> None:
        self._snapshot = snapshot
        self._limits = limits or Limits()
        self._pool = Pool(self._limits.workers, self._limits.waiting, self._limits.patience)

    def run(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        stop: threading.Event | None = None,
        max_age: float = _MAX_AGE,
    ) -> Result:
        """The result of one query, as of `max_age` seconds ago or later.

        `params` are the JSON values of `$name`; those that the query does not name are left aside. Setting `stop`
        ends it from another thread.

        Raises:
            QueryError: it cannot be run, fails, takes too long or too much memory, or was stopped.
            TooMany: too many others run and wait.
            Unavailable, StorageError: there is no snapshot, or no worker.
        """
        columns, rows = list[tuple[str, str]](), list[list[Any]]()

        def take(kind: Kind, content: bytes) -> None:
            if kind is Kind.COLUMNS:
                columns.extend((name, type_) for name, type_ in json.loads(content))
            elif kind is Kind.ROWS:
                rows.extend(json.loads(content))

        query = self._query(sql, params, "rows", self._limits.seconds, self._limits.bytes)
        end = self._answer(query, take, stop, max_age)
        return Result(columns, rows, end["truncated"], end["milliseconds"])

    def export(
        self,
        sql: str,
        params: Mapping[str, Any] | None,
        file: BinaryIO,
        *,
        format: str = "csv",
        stop: threading.Event | None = None,
    ) -> None:
        """Writes the whole result of one query to `file`, as `csv` or `parquet`.

        Raises:
            TooLarge: it is over the limit; what was written so far is of no use.
            QueryError, TooMany, Unavailable, StorageError: as `run` does.
        """
        if format not in ("csv", "parquet"):
            raise ValueError(format)

        def take(kind: Kind, content: bytes) -> None:
            if kind is Kind.BYTES:
                file.write(content)

        query = self._query(sql, params, format, self._limits.exporting, self._limits.exported)
        self._answer(query, take, stop, _MAX_AGE)

    @property
    def busy(self) -> int:
        """How many workers run a query now."""
        return self._pool.busy

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker."""
        return self._pool.waiting

    def close(self) -> None:
        """Ends every worker and what runs in it."""
        self._pool.close()

    def _query(
        self, sql: str, params: Mapping[str, Any] | None, format: str, seconds: float, most: int
    ) -> dict[str, Any]:
        if len(sql) > _LONGEST:
            raise QueryError(f"A query has {_LONGEST:,} characters at most.")
        limits = {"seconds": seconds, "rows": self._limits.rows, "bytes": most}
        return {"sql": sql, "params": dict(params or {}), "format": format, **limits}

    def _answer(
        self, query: dict[str, Any], take: _Take, stop: threading.Event | None, max_age: float
    ) -> dict[str, Any]:
        """The last frame of the answer; those before it are given to `take`."""
        try:
            with self._pool.turn(stop):
                end = self._ask(query, take, stop, max_age)
                if end.get("kind") == "snapshot":
                    _log.warning("the snapshot cannot be read and is written anew: %s", end["message"])
                    self._snapshot.discard()
                    end = self._ask(query, take, stop, max_age)
        except Cancelled as error:
            raise QueryError("This query was cancelled.") from error
        if "kind" in end:
            raise _failure(end)
        return end

    def _ask(self, query: dict[str, Any], take: _Take, stop: threading.Event | None, max_age: float) -> dict[str, Any]:
        with self._snapshot.open(max_age) as files, self._worker(files, query["seconds"]) as worker:
            tables = {name: [SCHEME + file for file in names] for name, names in files.tables.items()}
            names = [file for names in files.tables.values() for file in names]
            asked = json.dumps({**query, "files": names, "setup": setup(tables, files.deleted)}).encode()
            for kind, content in worker.ask(asked, query["seconds"], 2 * query["bytes"] + _ROOM, stop):
                if kind not in (Kind.END, Kind.ERROR):
                    take(kind, content)
            end: dict[str, Any] = json.loads(content)
            if end["worn"] or end.get("kind") not in (None, "query", "size"):
                worker.retire()
        return end

    @contextmanager
    def _worker(self, files: Files, seconds: float) -> Iterator[WorkerProcess]:
        """A worker whose failures are said as a person reads them."""
        with ExitStack() as stack:
            try:
                worker = stack.enter_context(self._pool.worker(files.folder))
            except Ended as error:
                raise Unavailable("Queries cannot be run now; the log says why. Try again in a moment.") from error
            try:
                yield worker
            except OutOfTime as error:
                raise QueryError(
                    f"This query was stopped after {seconds:g} seconds. Ask for less: a shorter time, "
                    "fewer columns, or a limit."
                ) from error
            except Ended as error:
                raise QueryError(
                    "This query brought its process to an end, mostly for want of memory. Simplify it, or ask for less."
                ) from error
            except TooMuch as error:
                raise TooLarge("This result is too large. Ask for fewer rows or columns.") from error


def _failure(end: dict[str, Any]) -> ThroughlineError:
    message = str(end["message"])[:_LONGEST_MESSAGE]
    if end["kind"] == "memory":
        return QueryError(
            "This query needs more memory than one query may have. Ask for fewer rows or columns, or group before "
            "you join or sort."
        )
    if end["kind"] == "size":
        return TooLarge(message)
    if end["kind"] == "snapshot":
        _log.error("the snapshot cannot be read: %s", message)
        return Unavailable("The history cannot be read for queries now. Try again in a moment.")
    return QueryError(message)
