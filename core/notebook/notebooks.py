"""Notebooks as a person uses them: made, edited, run, read. Callable from any thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from core.analysis.reader import Reader
from core.analysis.sandbox import Result, Sandbox
from core.errors import NotFound
from core.ids import new_id
from core.notebook import editing
from core.notebook.planning import makes_other, to_run
from core.notebook.results import ResultFiles
from core.notebook.running import Runner
from core.notebook.states import States
from core.notebook.tables import ResultTables
from core.notebook.values import (
    JSON,
    Cell,
    CellKind,
    CellState,
    NewCell,
    Notebook,
    NotebookSummary,
)
from core.notebook.working import Known, Worker
from core.store.database import Database
from core.store.notebooks import StoredNotebooks


class Notebooks:
    """The notebooks of one database, and what runs in them, whoever watches; results are files in `folder`."""

    def __init__(self, database: Database, sandbox: Sandbox, folder: Path, reader: Reader | None = None) -> None:
        self._store, self._reader = StoredNotebooks(database), reader or Reader()
        self._files, self._known = ResultFiles(folder), Known(self._reader)
        self._store.forget(self._files.sweep(self._store.files()))
        self._tables = ResultTables(self._store, self._files, self._reader, sandbox)
        worker = Worker(self._store, sandbox, self._files, self._known)
        self._runner = Runner(worker.run)
        self._planning = Lock()

    def list(self) -> list[NotebookSummary]:
        """Every notebook, the one edited last first."""
        return self._store.summaries()

    def create(self, title: str, cells: Sequence[NewCell] = ()) -> Notebook:
        """Keeps a new notebook; nothing in it runs yet. A SQL cell or input without a name is given one.

        Raises:
            InvalidValue: a cell cannot be kept as it is: its name is taken, or is none, or a setting is wrong.
            TooLarge: there are more cells, or longer ones, than are taken.
        """
        notebook = editing.made(title, cells, self._store.now())
        self._store.add(notebook)
        return notebook

    def get(self, notebook_id: str) -> Notebook:
        """A notebook with its cells.

        Raises:
            NotFound: there is none.
        """
        notebook = self._store.get(notebook_id)
        if notebook is None:
            raise NotFound("notebook", notebook_id)
        return notebook

    def rename(self, notebook_id: str, title: str) -> None:
        """Gives it another title.

        Raises:
            NotFound, InvalidValue: there is none; the title is empty.
        """
        self._store.edit(notebook_id, lambda notebook: replace(notebook, title=editing.titled(title)))
        self._runner.touch(notebook_id)

    def remove(self, notebook_id: str) -> None:
        """Removes it, with its results, and ends what runs in it; one that is gone already is no error."""
        if self._store.remove(notebook_id):  # An id that is none must name no folder.
            self._runner.stop(notebook_id)
            self._files.remove_all(notebook_id)

    def copy(self, notebook_id: str) -> Notebook:
        """A new notebook with the same cells, without results.

        Raises:
            NotFound: there is none.
        """
        notebook = self.get(notebook_id)
        return self.create(f"{notebook.title} (copy)", [cell.new for cell in notebook.cells])

    def add_cell(
        self,
        notebook_id: str,
        kind: CellKind,
        *,
        name: str = "",
        text: str = "",
        settings: Mapping[str, JSON] | None = None,
        place: int | None = None,
    ) -> Cell:
        """Adds a cell at `place` (0 the first; None the end), and runs those that waited for its name.

        Raises:
            NotFound, InvalidValue, TooLarge: as `create` and `get` do.
        """
        cell_id, new = new_id(), NewCell(kind, name, text, settings or {})
        _, after = self._store.edit(notebook_id, lambda notebook: editing.added(notebook, new, cell_id, place))
        self._run(after, [cell_id], itself=False)
        return editing.found(after, cell_id)

    def change_cell(
        self,
        notebook_id: str,
        cell_id: str,
        *,
        name: str | None = None,
        text: str | None = None,
        settings: Mapping[str, JSON] | None = None,
        run: bool = True,
    ) -> Cell:
        """Changes what is given, and those keys of `settings` that are given; the rest stays as others left it.

        If that changes what a result is made of, it runs the cell and what depends on it, unless `run` is False.

        Raises:
            NotFound, InvalidValue, TooLarge: as `create` and `get` do; nothing is changed then.
        """
        before, after = self._store.edit(
            notebook_id, lambda notebook: editing.changed(notebook, cell_id, name, text, settings)
        )
        old, new = editing.found(before, cell_id), editing.found(after, cell_id)
        self._runner.touch(notebook_id)
        if run and (makes_other(old, new) or old.name != new.name):
            self._run(after, [cell_id], itself=makes_other(old, new))
        return new

    def move_cell(self, notebook_id: str, cell_id: str, place: int) -> None:
        """Moves a cell to `place`, 0 the first; nothing runs, as the order does not matter.

        Raises:
            NotFound: there is no such notebook or cell.
        """
        self._store.edit(notebook_id, lambda notebook: editing.moved(notebook, cell_id, place))
        self._runner.touch(notebook_id)

    def remove_cell(self, notebook_id: str, cell_id: str) -> None:
        """Removes a cell with its result; what depended on it says so. One that is gone already is no error."""
        result = self._store.results(notebook_id).get(cell_id)
        self._store.edit(notebook_id, lambda notebook: editing.without(notebook, cell_id))
        self._runner.stop(notebook_id, [cell_id])
        if result:
            self._files.remove([(notebook_id, cell_id, result.run_id)])

    def run(self, notebook_id: str, cell_ids: Sequence[str] | None = None) -> None:
        """Runs cells (None: all), what depends on them, and what they need that has no result of now; back at once.

        A run of cells that run already begins them anew.

        Raises:
            NotFound: there is no such notebook.
        """
        notebook = self.get(notebook_id)
        self._run(notebook, [cell.id for cell in notebook.cells] if cell_ids is None else cell_ids)

    def stop(self, notebook_id: str, cell_ids: Sequence[str] | None = None) -> None:
        """Ends what runs and waits in a notebook, or only those cells and what waits for them.

        What was not finished stays as it was before.
        """
        self._runner.stop(notebook_id, None if cell_ids is None else self._runner.behind(cell_ids))

    def revision(self, notebook_id: str) -> int:
        """Grows with every edit and every change of a state: who compares it knows when to look again."""
        return self._runner.revision(notebook_id)

    def states(self, notebook_id: str) -> dict[str, CellState]:
        """How far each cell has come, by its id.

        Raises:
            NotFound: there is no such notebook.
        """
        notebook = self.get(notebook_id)
        graph = self._known.graph(notebook)
        moving = self._runner.moving(notebook_id)  # Before the results: what ends in between is looked at again.
        return States(graph, self._store.results(notebook_id), moving).all()

    def table(
        self,
        notebook_id: str,
        cell_id: str,
        offset: int = 0,
        limit: int = 100,
        sort: tuple[str, bool] | None = None,
    ) -> Result:
        """Rows of a cell's last result from `offset` on, sorted by a column (its name, whether descending).

        Of a chart: of the cell that it draws.

        Raises:
            NotFound: there is no such cell.
            Conflict: it has no result.
            InvalidValue: there is no such column.
            QueryError, TooMany, Unavailable: the result cannot be read now.
        """
        return self._tables.rows(self.get(notebook_id), cell_id, offset, limit, sort)

    def choices(self, notebook_id: str, cell_id: str) -> Sequence[JSON]:
        """What an input offers that chooses from the rows of a cell: the values of its first column, each once.

        Raises:
            NotFound, Conflict, QueryError, TooMany, Unavailable: as `table` does.
        """
        return self._tables.choices(self.get(notebook_id), cell_id)

    def download(self, notebook_id: str, cell_id: str, format: str = "csv") -> BinaryIO:
        """A cell's whole last result as `csv` or `parquet`: an open file, which is gone when it is closed.

        Raises:
            NotFound, Conflict, QueryError, TooMany, Unavailable: as `table` does.
            TooLarge: as CSV it is larger than is taken.
        """
        return self._tables.file(self.get(notebook_id), cell_id, format)

    def begin_close(self) -> None:
        """Calls off what runs, and begins nothing more."""
        self._runner.begin_close()

    def close(self) -> None:
        """Waits until nothing runs: call it before the database is closed."""
        self._runner.close()
        self._reader.close()

    def _run(self, notebook: Notebook, cell_ids: Iterable[str], itself: bool = True) -> None:
        self._known.graph(notebook)  # What takes time is known then.
        with self._planning:  # One after the other, and each by what is there now, so that no two wait for each other.
            graph = self._known.graph(self._store.get(notebook.id) or notebook)
            states = States(graph, self._store.results(notebook.id), self._runner.moving(notebook.id)).all()
            self._runner.start(graph, to_run(graph, states, cell_ids, itself))
