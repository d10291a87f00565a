"""Notebooks, their cells, and what is known of the results; the tables themselves are files."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from core.errors import NotFound
from core.notebook.values import Cell, CellKind, CellResult, Notebook, NotebookSummary
from core.store.database import Database

_RESULT = (
    "cell_id, run_id, made_of, ran_at, tables, columns, rows, bytes, truncated, note, error, milliseconds "
    "from cell_results"
)
# Those that were made longest ago, as far as the newer ones leave no room for them.
_OVER = (
    "bytes > 0 and run_id in (select run_id from "
    "(select run_id, sum(bytes) over (order by ran_at desc) as together from cell_results) where together > ?)"
)

File = tuple[str, str, str]
"""The ids of notebook, cell and run that name the file of a result."""


class StoredNotebooks:
    """The notebooks of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        """The time to store."""
        return self._database.clock.now()

    def summaries(self) -> list[NotebookSummary]:
        """Every notebook, the one edited last first."""
        rows = self._database.fetch(
            "select n.id, n.title, (select count(*) from cells where notebook_id = n.id), n.created_at, n.updated_at "
            "from notebooks n order by n.updated_at desc, n.id desc"
        )
        return [NotebookSummary(*row) for row in rows]

    def get(self, notebook_id: str) -> Notebook | None:
        """A notebook with its cells."""
        with self._database.snapshot() as cursor:
            return _read(cursor, notebook_id)

    def add(self, notebook: Notebook) -> None:
        """Saves a new one."""

        def job(cursor: DuckDBPyConnection) -> None:
            row = [notebook.id, notebook.title, notebook.created_at, notebook.updated_at]
            cursor.execute("insert into notebooks values (?, ?, ?, ?)", row)
            for place, cell in enumerate(notebook.cells):
                _insert(cursor, notebook.id, place, cell)

        self._database.write(job)

    def edit(self, notebook_id: str, change: Callable[[Notebook], Notebook]) -> tuple[Notebook, Notebook]:
        """Saves what `change` makes of the notebook as it is then, and gives both; it may be called more than once.

        The results of cells that are gone are forgotten.

        Raises:
            NotFound: there is none.
            ThroughlineError: whatever `change` raises; nothing is saved then.
        """
        now = self.now()

        def job(cursor: DuckDBPyConnection) -> tuple[Notebook, Notebook]:
            before = _read(cursor, notebook_id)
            if before is None:
                raise NotFound("notebook", notebook_id)
            after = replace(change(before), updated_at=now)
            _save(cursor, before, after)
            return before, after

        edited: tuple[Notebook, Notebook] = self._database.write(job)
        return edited

    def remove(self, notebook_id: str) -> bool:
        """Removes a notebook and all that is known of it; whether there was one."""

        def job(cursor: DuckDBPyConnection) -> bool:
            there = cursor.execute("delete from notebooks where id = ? returning id", [notebook_id]).fetchall()
            for table in ("cells", "cell_results"):
                cursor.execute(f"delete from {table} where notebook_id = ?", [notebook_id])
            return bool(there)

        removed: bool = self._database.write(job)
        return removed

    def results(self, notebook_id: str) -> dict[str, CellResult]:
        """The last result of each cell that has one."""
        rows = self._database.fetch(f"select {_RESULT} where notebook_id = ?", [notebook_id])
        return {row[0]: _result(row) for row in rows}

    def save_result(
        self, notebook_id: str, result: CellResult, most: int, wanted: Callable[[], bool] = lambda: True
    ) -> list[File]:
        """Saves a result in place of an older one, unless the cell is gone by then, or it is no longer `wanted`.

        Then the results that were made longest ago are forgotten, until all have `most` bytes together. Gives the files
        that nothing names any more, its own if it was not saved.
        """

        def job(cursor: DuckDBPyConnection) -> list[File]:
            here = [notebook_id, result.cell_id]
            lives = "select 1 from cells where notebook_id = ? and id = ?"
            if not wanted() or not cursor.execute(lives, here).fetchall():
                return [(notebook_id, result.cell_id, result.run_id)]
            older = _forget(cursor, "notebook_id = ? and cell_id = ?", here)
            cursor.execute(f"insert into cell_results values ({', '.join('?' * 13)})", _row(notebook_id, result))
            return older + _forget(cursor, _OVER, [most])

        unnamed: list[File] = self._database.write(job)
        return unnamed

    def files(self) -> dict[File, int]:
        """The file of every result that has one, and its bytes."""
        rows = self._database.fetch("select notebook_id, cell_id, run_id, bytes from cell_results where bytes > 0")
        return {(row[0], row[1], row[2]): row[3] for row in rows}

    def forget(self, files: Collection[File]) -> None:
        """Forgets results whose files are lost."""
        runs = [run_id for _, _, run_id in files]
        if runs:
            self._database.write(lambda cursor: _forget(cursor, "run_id in (select unnest($1))", [runs]))


def _read(cursor: DuckDBPyConnection, notebook_id: str) -> Notebook | None:
    sql = "select id, title, created_at, updated_at from notebooks where id = ?"
    rows = cursor.execute(sql, [notebook_id]).fetchall()
    if not rows:
        return None
    id_, title, created_at, updated_at = rows[0]
    sql = "select id, kind, name, text, settings from cells where notebook_id = ? order by place, id"
    cells = cursor.execute(sql, [notebook_id]).fetchall()
    found = tuple(Cell(row[0], CellKind(row[1]), row[2], row[3], json.loads(row[4])) for row in cells)
    return Notebook(id_, title, found, created_at, updated_at)


def _save(cursor: DuckDBPyConnection, before: Notebook, after: Notebook) -> None:
    old = {cell.id: (place, cell) for place, cell in enumerate(before.cells)}
    new = {cell.id: (place, cell) for place, cell in enumerate(after.cells)}
    for cell_id in old.keys() - new.keys():
        cursor.execute("delete from cell_results where cell_id = ?", [cell_id])
    for cell_id in [id_ for id_ in old if new.get(id_) != old[id_]]:
        cursor.execute("delete from cells where id = ?", [cell_id])
    for cell_id, (place, cell) in new.items():
        if old.get(cell_id) != (place, cell):
            _insert(cursor, after.id, place, cell)
    cursor.execute(
        "update notebooks set title = ?, updated_at = ? where id = ?", [after.title, after.updated_at, after.id]
    )


def _insert(cursor: DuckDBPyConnection, notebook_id: str, place: int, cell: Cell) -> None:
    row = [cell.id, notebook_id, place, cell.kind.value, cell.name, cell.text, json.dumps(cell.settings)]
    cursor.execute("insert into cells values (?, ?, ?, ?, ?, ?, ?)", row)


def _forget(cursor: DuckDBPyConnection, where: str, parameters: list[Any]) -> list[File]:
    sql = f"delete from cell_results where {where} returning notebook_id, cell_id, run_id"
    return [(row[0], row[1], row[2]) for row in cursor.execute(sql, parameters).fetchall()]


def _row(notebook_id: str, result: CellResult) -> list[Any]:
    return [
        result.cell_id,
        notebook_id,
        result.run_id,
        result.made_of,
        result.ran_at,
        list(result.tables),
        json.dumps(result.columns),
        result.rows,
        result.bytes,
        result.truncated,
        result.note,
        result.error,
        result.milliseconds,
    ]


def _result(row: tuple[Any, ...]) -> CellResult:
    values = list(row)
    values[4] = tuple(values[4])
    values[5] = tuple((name, type_, made) for name, type_, made in json.loads(values[5]))
    return CellResult(*values)
