"""One query on its way: a worker answers it, and what goes wrong is said as a person reads it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from core.analysis.frames import MOST_FILES, Kind
from core.analysis.needing import needed
from core.analysis.pool import Pool
from core.analysis.process import Cancelled, Ended, OutOfTime, TooMuch, WorkerProcess
from core.analysis.tables import Table, asked
from core.errors import QueryError, ThroughlineError, TooLarge, Unavailable

_LONGEST = 100_000
_LONGEST_MESSAGE = 2_000
_ROOM = 1 << 20

Take = Callable[[Kind, bytes], None]
"""What is done with each frame of an answer but the last."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a worker.

    `format`: `rows`, `csv`, `parquet`, `kept` (see `core.analysis.keeping`) or `names` (see `core.analysis.naming`);
    `params`: the values of `$name`, as JSON or dates; `tables`: what it can name beside the views; `limits`: of `rows`
    and of bytes before they are packed (`plain`), where the format knows them.
    """

    sql: str
    format: str
    seconds: float
    bytes: int
    params: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """The snapshot as a worker is told of it: its folder, the files in it, and the statements that make its views.

    Of these `setup` names what each makes; a worker makes those that a query needs, and all if it finds that too few.
    """

    folder: Path | None = None
    files: tuple[str, ...] = ()
    setup: Mapping[str, str] = field(default_factory=dict)


class SnapshotSpoilt(Exception):
    """The files of the snapshot cannot be read."""


@contextmanager
def turn(pool: Pool, stop: threading.Event | None) -> Iterator[None]:
    """A turn in a pool.

    Raises:
        QueryError: `stop` was set while it waited, or inside.
        TooMany, Unavailable: too many wait; the pool was closed.
    """
    try:
        with pool.turn(stop):
            yield
    except Cancelled as error:
        raise QueryError("This query was cancelled.") from error


def ask(pool: Pool, query: Query, source: Source, take: Take, stop: threading.Event | None = None) -> dict[str, Any]:
    """The last frame of the answer, for whoever has a turn; those before it are given to `take`.

    Raises:
        QueryError: it cannot be run, fails, takes too long or too much memory, or one of its tables is gone.
        TooLarge: its result is.
        Unavailable: there is no worker.
        SnapshotSpoilt: the files of `source` cannot be read.
        Cancelled: `stop` was set.
    """
    if len(query.sql) > _LONGEST:
        raise QueryError(f"A query has {_LONGEST:,} characters at most.")
    with _opened(query.tables) as files, _worker(pool, source.folder, query.seconds) as worker:
        for kind, content in worker.ask(_written(query, source), query.seconds, 2 * query.bytes + _ROOM, stop, files):
            if kind not in (Kind.END, Kind.ERROR):
                take(kind, content)
        end: dict[str, Any] = json.loads(content)
        if end["worn"] or end.get("kind") not in (None, "query", "size"):
            worker.retire()
    if "kind" in end:
        raise _failure(end)
    return end


def _written(query: Query, source: Source) -> bytes:
    dates = {name: value.isoformat() for name, value in query.params.items() if isinstance(value, date)}
    content = {
        "sql": query.sql,
        "format": query.format,
        "seconds": query.seconds,
        "bytes": query.bytes,
        "params": {name: value for name, value in query.params.items() if name not in dates},
        "dates": dates,
        "tables": asked(query.tables),
        "files": source.files,
        "setup": source.setup,
        "needed": needed(query.sql),
        **query.limits,
    }
    return json.dumps(content).encode()


@contextmanager
def _opened(tables: Mapping[str, Table]) -> Iterator[list[int]]:
    """The files of tables, open: what a worker is handed it can read, wherever it is."""
    if len(tables) > MOST_FILES:
        raise QueryError(f"A query can name {MOST_FILES} other cells at most.")
    with ExitStack() as stack:
        files = list[int]()
        for name, table in tables.items():
            try:
                files.append(os.open(table.path, os.O_RDONLY | os.O_CLOEXEC))
            except OSError as error:
                raise QueryError(f"The kept result of “{name}” is gone. Run that cell again.") from error
            stack.callback(os.close, files[-1])
        yield files


@contextmanager
def _worker(pool: Pool, folder: Path | None, seconds: float) -> Iterator[WorkerProcess]:
    """A worker whose failures are said as a person reads them."""
    with ExitStack() as stack:
        try:
            worker = stack.enter_context(pool.worker(folder))
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


def _failure(end: Mapping[str, Any]) -> ThroughlineError | SnapshotSpoilt:
    message = str(end["message"])[:_LONGEST_MESSAGE]
    if end["kind"] == "memory":
        return QueryError(
            "This query needs more memory than one query may have. Ask for fewer rows or columns, or group before "
            "you join or sort."
        )
    if end["kind"] == "size":
        return TooLarge(message)
    if end["kind"] == "snapshot":
        return SnapshotSpoilt(message)
    return QueryError(message)
