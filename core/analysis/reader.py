"""Kept results, read a page at a time, and queries, looked at for the tables they name: in workers that are kept free.

They have no snapshot to read, and nothing long runs in them: who turns a page waits for no query.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.analysis.asking import Query, Source, ask, turn
from core.analysis.pool import Pool
from core.analysis.sandbox import Limits, Result, Rows
from core.analysis.tables import RESULT, Table, page
from core.errors import QueryError

_WORKERS = 2
_SECONDS = 10.0
_PARSING = 5.0


@dataclass(frozen=True, slots=True)
class Names:
    """The tables that a query names and does not make itself, and its parameters, as they are written."""

    tables: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


class Reader:
    """Two workers for what is short; callable from any thread. They start when needed."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._pool = Pool(_WORKERS, 2 * self._limits.waiting, self._limits.patience)

    def names(self, sql: str) -> Names:
        """What a query names; nothing if it cannot be parsed, as it will say itself when it is run.

        Raises:
            TooMany, Unavailable: it cannot be looked at now.
        """
        try:
            with turn(self._pool, None):
                end = ask(self._pool, Query(sql, "names", _PARSING, 4 * len(sql)), Source(), lambda *_: None)
        except QueryError:
            return Names()
        return Names(tuple(map(str, end["tables"])), tuple(map(str, end["parameters"])))

    def rows(self, table: Table, offset: int, limit: int, sort: tuple[str, bool] | None = None) -> Result:
        """Some rows from `offset` on, sorted by a column (whether the largest come first); `truncated` as in `Sandbox`.

        Raises:
            QueryError: the file is gone or cannot be read, or it takes too long.
            TooLarge: a single row is too large.
            TooMany, Unavailable: it cannot be read now.
        """
        taken, params = Rows(), {"limit": min(limit, self._limits.rows), "offset": offset}
        most = {"rows": self._limits.rows}
        query = Query(page(sort), "rows", _SECONDS, self._limits.bytes, params, {RESULT: table}, most)
        with turn(self._pool, None):
            return taken.result(ask(self._pool, query, Source(), taken.take))

    def close(self) -> None:
        """Ends the workers."""
        self._pool.close()
