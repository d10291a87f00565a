"""What tests of notebooks share: a small history, and notebooks over it whose cells are named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.analysis.sandbox import Limits
from core.notebook.notebooks import Notebooks
from core.notebook.values import JSON, Cell, CellKind, CellState, NewCell, Notebook
from tests.core.analysis.support import History, fill, history
from tests.support.server import wait_for

PATIENCE = 60.0
FOR_EVER = "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7"


def sql(name: str, text: str) -> NewCell:
    """A SQL cell."""
    return NewCell(CellKind.SQL, name, text)


def field(name: str, type_: str, value: JSON, **settings: JSON) -> NewCell:
    """An input."""
    return NewCell(CellKind.INPUT, name, settings={"type": type_, "value": value, **settings})


def chart(source: str) -> NewCell:
    """A chart."""
    return NewCell(CellKind.CHART, text="{}", settings={"source": source})


class Desk:
    """Notebooks that a test edits and runs; cells go by their names."""

    def __init__(self, opened: History, folder: Path) -> None:
        self.history, self.folder = opened, folder
        self.notebooks = Notebooks(opened.database, opened.sandbox, folder)

    def made(self, *cells: NewCell, run: bool = True) -> Notebook:
        """A notebook, run to its end."""
        notebook = self.notebooks.create("Test", cells)
        if run:
            self.notebooks.run(notebook.id)
            self.settle(notebook)
        return notebook

    def cell(self, notebook: Notebook, name: str) -> Cell:
        """A cell as it is now."""
        found = self.notebooks.get(notebook.id).named(name)
        assert found is not None
        return found

    def states(self, notebook: Notebook) -> dict[str, CellState]:
        """The states of the cells that have a name."""
        states = self.notebooks.states(notebook.id)
        return {cell.name: states[cell.id] for cell in self.notebooks.get(notebook.id).cells if cell.name}

    def statuses(self, notebook: Notebook) -> dict[str, str]:
        """How far the SQL cells are."""
        kinds = {cell.name: cell.kind for cell in self.notebooks.get(notebook.id).cells}
        return {name: state.status.value for name, state in self.states(notebook).items() if kinds[name] == "sql"}

    def change(self, notebook: Notebook, name: str, /, **changes: Any) -> None:
        """Changes a cell, and waits for all that this runs."""
        self.notebooks.change_cell(notebook.id, self.cell(notebook, name).id, **changes)
        self.settle(notebook)

    def settle(self, notebook: Notebook) -> None:
        """Waits until nothing runs."""
        wait_for(
            lambda: not any(state.status.moving for state in self.notebooks.states(notebook.id).values()),
            PATIENCE,
            "something still runs",
        )

    def ran(self, notebook: Notebook) -> dict[str, Any]:
        """When each cell was run last."""
        return {name: state.ran_at for name, state in self.states(notebook).items() if state.ran_at}

    def rows(self, notebook: Notebook, name: str, **page: Any) -> list[list[Any]]:
        """Rows of a cell's result."""
        return self.notebooks.table(notebook.id, self.cell(notebook, name).id, **page).rows

    def files(self) -> list[str]:
        """The files that are kept."""
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())

    def close(self) -> None:
        """Ends what runs."""
        self.notebooks.close()


@contextmanager
def desk(folder: Path, limits: Limits | None = None) -> Iterator[Desk]:
    """Notebooks over a history of three answers."""
    with history(folder, limits) as opened:
        fill(opened)
        at = Desk(opened, folder / "notebooks")
        try:
            yield at
        finally:
            at.close()
