"""The last results of cells, by the page and as files to take away; a worker reads them, as SQL has written them."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import BinaryIO

from core.analysis.reader import Reader
from core.analysis.sandbox import Result, Sandbox
from core.analysis.tables import RESULT, Table, whole
from core.errors import Conflict, InvalidValue, QueryError
from core.notebook.editing import found
from core.notebook.graph import source_of
from core.notebook.inputs import MOST_CHOICES
from core.notebook.results import ResultFiles
from core.notebook.values import JSON, CellKind, Notebook
from core.store.notebooks import StoredNotebooks

_NONE = "This cell has no result. Run it first."


class ResultTables:
    """The results of notebooks, as tables."""

    def __init__(self, store: StoredNotebooks, files: ResultFiles, reader: Reader, sandbox: Sandbox) -> None:
        self._store, self._files, self._reader, self._sandbox = store, files, reader, sandbox

    def rows(
        self, notebook: Notebook, cell_id: str, offset: int, limit: int, sort: tuple[str, bool] | None = None
    ) -> Result:
        """Rows from `offset` on, sorted by a column (whether the largest come first).

        Raises:
            NotFound, Conflict, InvalidValue: there is no such cell; it has no result; there is no such column.
            QueryError, TooLarge, TooMany, Unavailable: it cannot be read now.
        """
        table = self._table(notebook, cell_id)
        if sort and sort[0] not in (column.name for column in table.columns):
            raise InvalidValue(f"There is no column “{sort[0]}” to sort by.")
        try:
            return self._reader.rows(table, max(0, offset), max(0, limit), sort)
        except QueryError:
            newer = self._table(notebook, cell_id)
            if newer == table:
                raise
        return self.rows(notebook, cell_id, offset, limit, sort)  # It was run anew in between.

    def choices(self, notebook: Notebook, cell_id: str) -> list[JSON]:
        """What an input offers that chooses from the rows of a cell: the values of the first column, each once.

        Raises:
            NotFound, Conflict: there is no such input; what it chooses from has no result.
            QueryError, TooLarge, TooMany, Unavailable: it cannot be read now.
        """
        rows = self.rows(notebook, cell_id, 0, MOST_CHOICES).rows
        return list(dict.fromkeys(row[0] for row in rows if isinstance(row[0], str | int | float)))

    def file(self, notebook: Notebook, cell_id: str, format: str) -> BinaryIO:
        """All of it as `csv` or `parquet`, open; in Parquet what that cannot hold is text.

        Raises:
            NotFound, Conflict, InvalidValue: there is no such cell, result or format.
            QueryError, TooLarge, TooMany, Unavailable: it cannot be written now.
        """
        if format not in ("csv", "parquet"):
            raise InvalidValue("A result can be had as csv or parquet.")
        table = self._table(notebook, cell_id)
        if format == "parquet":
            try:
                return table.path.open("rb")
            except OSError as error:
                raise Conflict(_NONE) from error
        file = TemporaryFile()  # noqa: SIM115 - it is closed by who asked for it.
        try:
            self._sandbox.export(whole(), None, file, tables={RESULT: table})
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def _table(self, notebook: Notebook, cell_id: str) -> Table:
        cell = found(notebook, cell_id)
        if cell.kind is not CellKind.SQL:
            cell = source_of(notebook, cell)[1] or cell
        result = self._store.results(notebook.id).get(cell.id)
        if result is None or not result.bytes:
            raise Conflict(_NONE)
        return self._files.table(notebook.id, result)
