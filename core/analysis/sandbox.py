"""SQL that people write, run where it can do no harm: in a worker process, on the snapshot, within limits."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from core.analysis.asking import Query, SnapshotSpoilt, Source, Take, ask, turn
from core.analysis.frames import LONGEST_HEAD, Kind
from core.analysis.pool import Pool
from core.analysis.tables import Column, Table
from core.analysis.views import SCHEME, setup
from core.errors import TooLarge, Unavailable
from core.store.snapshot import Files, Snapshot

_MAX_AGE = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take, and how many may run and wait at once; times are seconds by the clock on the wall.

    `exported` and `exporting` are the bytes and the seconds of an export. What is kept has `kept_rows` rows and
    `kept_bytes` in its file at most, and `kept_plain` bytes before that is packed; it takes `exporting` seconds too.
    """

    seconds: float = 20.0
    rows: int = 10_000
    bytes: int = 8_000_000
    exported: int = 256_000_000
    exporting: float = 60.0
    kept_rows: int = 2_000_000
    kept_bytes: int = 64_000_000
    kept_plain: int = 512_000_000
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


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written to be kept: the columns, how many rows, and whether there were more than are taken."""

    columns: tuple[Column, ...]
    rows: int
    truncated: bool
    milliseconds: float


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
        tables: Mapping[str, Table] | None = None,
        stop: threading.Event | None = None,
        max_age: float = _MAX_AGE,
    ) -> Result:
        """The result of one query, as of `max_age` seconds ago or later.

        `params` are the values of `$name`, as JSON or dates; those that the query does not name are left aside.
        `tables` are what it can name beside the views. Setting `stop` ends it from another thread.

        Raises:
            QueryError: it cannot be run, fails, takes too long or too much memory, or was stopped.
            TooMany: too many others run and wait.
            Unavailable, StorageError: there is no snapshot, or no worker.
        """
        taken, limits = Rows(), self._limits
        query = Query(sql, "rows", limits.seconds, limits.bytes, params or {}, tables or {}, {"rows": limits.rows})
        return taken.result(self._answer(query, taken.take, stop, max_age))

    def export(
        self,
        sql: str,
        params: Mapping[str, Any] | None,
        file: BinaryIO,
        *,
        format: str = "csv",
        tables: Mapping[str, Table] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Writes the whole result of one query to `file`, as `csv` or `parquet`.

        Raises:
            TooLarge: it is over the limit; what was written so far is of no use.
            QueryError, TooMany, Unavailable, StorageError: as `run` does.
        """
        if format not in ("csv", "parquet"):
            raise ValueError(format)
        query = Query(sql, format, self._limits.exporting, self._limits.exported, params or {}, tables or {})
        self._answer(query, into(file), stop, _MAX_AGE)

    def keep(
        self,
        sql: str,
        params: Mapping[str, Any] | None,
        file: BinaryIO,
        *,
        tables: Mapping[str, Table] | None = None,
        stop: threading.Event | None = None,
        max_age: float = _MAX_AGE,
    ) -> Kept:
        """Writes the result of one query to `file`, to be a `Table` of others: whole, or as much as is taken.

        Raises:
            TooLarge: it has too many columns, or a few rows that are too large.
            QueryError, TooMany, Unavailable, StorageError: as `run` does; what was written so far is of no use.
        """
        columns, write, limits = list[Column](), into(file), self._limits

        def take(kind: Kind, content: bytes) -> None:
            if kind is Kind.COLUMNS:
                if len(content) > LONGEST_HEAD:
                    raise TooLarge("The names and types of these columns are too long. Take fewer.")
                columns.extend(Column(str(name), str(type_), bool(made)) for name, type_, made in json.loads(content))
            write(kind, content)

        most = {"rows": limits.kept_rows, "plain": limits.kept_plain}
        query = Query(sql, "kept", limits.exporting, limits.kept_bytes, params or {}, tables or {}, most)
        end = self._answer(query, take, stop, max_age)
        return Kept(tuple(columns), int(end["rows"]), bool(end["truncated"]), float(end["milliseconds"]))

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

    def _answer(self, query: Query, take: Take, stop: threading.Event | None, max_age: float) -> dict[str, Any]:
        with turn(self._pool, stop):
            try:
                return self._ask(query, take, stop, max_age)
            except SnapshotSpoilt as error:
                _log.warning("the snapshot cannot be read and is written anew: %s", error)
                self._snapshot.discard()
            try:
                return self._ask(query, take, stop, max_age)
            except SnapshotSpoilt as error:
                _log.error("the snapshot cannot be read: %s", error)
                raise Unavailable("The history cannot be read for queries now. Try again in a moment.") from error

    def _ask(self, query: Query, take: Take, stop: threading.Event | None, max_age: float) -> dict[str, Any]:
        with self._snapshot.open(max_age) as files:
            return ask(self._pool, query, _source(files), take, stop)


class Rows:
    """Takes the frames of an answer in rows."""

    def __init__(self) -> None:
        self._columns, self._rows = list[tuple[str, str]](), list[list[Any]]()

    def take(self, kind: Kind, content: bytes) -> None:
        """Takes one of them."""
        if kind is Kind.COLUMNS:
            self._columns.extend((name, type_) for name, type_ in json.loads(content))
        elif kind is Kind.ROWS:
            self._rows.extend(json.loads(content))

    def result(self, end: Mapping[str, Any]) -> Result:
        """What they were, when the last one is here."""
        return Result(self._columns, self._rows, end["truncated"], end["milliseconds"])


def into(file: BinaryIO) -> Take:
    """Takes the frames of an answer that is a file."""

    def take(kind: Kind, content: bytes) -> None:
        if kind is Kind.BYTES:
            file.write(content)

    return take


def _source(files: Files) -> Source:
    tables = {name: [SCHEME + file for file in names] for name, names in files.tables.items()}
    names = tuple(file for files_of in files.tables.values() for file in files_of)
    return Source(files.folder, names, setup(tables, files.deleted))
