"""Writes the files of a snapshot: what is new, what has changed, and without what was purged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from core.ids import new_id
from core.store.snapshot_manifest import Grown, Manifest, Part, Written
from core.store.snapshot_tables import DELETED, GROWING, SMALL, Growing

STEP = 20_000
"""Rows of a table that one transaction writes, and of a file that is not merged into a larger one."""
MOST_SMALL = 12
_NOTHING = -1


class Parts:
    """Brings the files of one folder up to a manifest, and the manifest up to the database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def advance(self, cursor: DuckDBPyConnection, manifest: Manifest) -> bool:
        """Writes what one transaction has that the manifest lacks; whether there is more than one step took.

        The tables that others name come last in a step of several, so that what is named is there.
        """
        more = False
        for table in GROWING:
            grown = manifest.grown.setdefault(table.name, Grown())
            self._check(cursor, table, grown)
            more |= self._append(cursor, table, grown)
        for small in SMALL:
            fingerprint = " ".join(map(str, _row(cursor, small.fingerprint)))
            written = manifest.small.get(small.name)
            if written is None or written.fingerprint != fingerprint:
                manifest.small[small.name] = Written(fingerprint, self._copy(cursor, small.name, small.rows))
        manifest.deleted = [row[0] for row in cursor.execute(DELETED).fetchall()]
        return more

    def merge(self, cursor: DuckDBPyConnection, manifest: Manifest) -> None:
        """Makes one file of the newest small ones where they have become many."""
        for grown in manifest.grown.values():
            for name, parts in grown.parts.items():
                small = list(takewhile(lambda part: part.rows < STEP, reversed(parts)))[::-1]
                if len(small) > MOST_SMALL:
                    merged = self._copy(cursor, name, f"select * from {self._read(small)}")
                    grown.parts[name] = [*parts[: -len(small)], merged]

    def _append(self, cursor: DuckDBPyConnection, table: Growing, grown: Grown) -> bool:
        total = int(_row(cursor, f"select count(*) from {table.source}")[0])
        rows = min(total, grown.rows + STEP)
        if rows == grown.rows and grown.parts:
            return False
        bounds = _place(cursor, table, grown.rows), _place(cursor, table, rows)
        for name, sql in ((table.name, table.rows), *table.beside):
            part = self._copy(cursor, name, _between(sql, *bounds))
            parts = grown.parts.setdefault(name, [])
            if part.rows or not parts:
                parts.append(part)
            else:
                (self._folder / part.file).unlink()
        grown.rows, grown.anchor = rows, _anchor(cursor, table, rows)
        return rows < total

    def _check(self, cursor: DuckDBPyConnection, table: Growing, grown: Grown) -> None:
        """Sees that the rows which are written are still the first of the table, and mends it where some were purged.

        Whatever is removed before it, or is put back, another row than the `anchor` then stands in its place.
        """
        if _anchor(cursor, table, grown.rows) == grown.anchor:
            return
        removed = 0
        for name, parts in grown.parts.items():
            kept = [self._without_purged(cursor, name, part) for part in parts]
            if name == table.name:
                removed = sum(part.rows for part in parts) - sum(part.rows for part in kept)
            grown.parts[name] = [part for part in kept if part.rows] or kept[-1:]
        grown.rows -= removed
        grown.anchor = self._last(cursor, table, grown.parts.get(table.name, []))
        if _anchor(cursor, table, grown.rows) != grown.anchor:
            grown.rows, grown.anchor, grown.parts = 0, "", {}

    def _without_purged(self, cursor: DuckDBPyConnection, name: str, part: Part) -> Part:
        lives = "conversation_id in (select id from conversations)"
        source = self._read([part])
        left = int(_row(cursor, f"select count(*) from {source} where {lives}")[0])
        return part if left == part.rows else self._copy(cursor, name, f"select * from {source} where {lives}")

    def _last(self, cursor: DuckDBPyConnection, table: Growing, parts: Sequence[Part]) -> str:
        full = [part for part in parts if part.rows]
        if not full:
            return ""
        sql = f"select {table.kept_key} from {self._read(full[-1:])} limit 1 offset {full[-1].rows - 1}"
        return str(_row(cursor, sql)[0])

    def _copy(self, cursor: DuckDBPyConnection, name: str, rows: str) -> Part:
        """Writes a file under a name that nobody reads yet; the manifest alone makes it one of the snapshot's."""
        path = self._folder / f"{name}-{new_id()}.parquet"
        written = _row(cursor, f"copy ({rows}) to {_text(path)} (format parquet, compression zstd)")
        return Part(path.name, int(written[0]), path.stat().st_size)

    def _read(self, parts: Sequence[Part]) -> str:
        return f"read_parquet([{', '.join(_text(self._folder / part.file) for part in parts)}])"


def _anchor(cursor: DuckDBPyConnection, table: Growing, rows: int) -> str:
    """The key of the last of the first `rows` rows; empty if there are not so many."""
    place = _place(cursor, table, rows)
    found = cursor.execute(f"select {table.key} from {table.source} where rowid = ?", [place]).fetchall()
    return str(found[0][0]) if found else ""


def _place(cursor: DuckDBPyConnection, table: Growing, rows: int) -> int:
    """The row id of the last of the first `rows` rows: ids only grow, but a checkpoint after a purge renumbers."""
    if not rows:
        return _NOTHING
    found = cursor.execute(f"select rowid from {table.source} limit 1 offset ?", [rows - 1]).fetchall()
    return int(found[0][0]) if found else _NOTHING


def _between(sql: str, low: int, high: int) -> str:
    return sql.replace("$LOW", str(low)).replace("$HIGH", str(high))


def _row(cursor: DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = cursor.execute(sql).fetchall()[0]
    return row


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
