"""What a notebook is made of: cells as they are written, and how far each has come; without I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

JSON = str | int | float | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]
"""A value as JSON carries it."""


class CellKind(StrEnum):
    """What a cell is."""

    MARKDOWN = "markdown"
    SQL = "sql"
    CHART = "chart"
    INPUT = "input"


class InputType(StrEnum):
    """What an input takes; a date's value is `YYYY-MM-DD`, a choice's is one of its `choices`.

    A choice from the rows of a cell may be none of them, as they change; it may also be nothing.
    """

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


class CellStatus(StrEnum):
    """How far a cell has come.

    `idle`: there is nothing to run (Markdown, inputs), or it was never run; `stale`: its text, or something that it
    stands on, is not what its last result was made of, or it waits for another cell, which its error names; `queued`,
    `running`; `done`; `failed`: its error says why.
    """

    IDLE = "idle"
    STALE = "stale"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def moving(self) -> bool:
        """Whether it is about to change by itself."""
        return self in (CellStatus.QUEUED, CellStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class NewCell:
    """A cell that has no place yet; see `Cell`."""

    kind: CellKind
    name: str = ""
    text: str = ""
    settings: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    `name`: of a SQL cell the table that other cells read, of an input the `$parameter`; others may have none. `text`:
    Markdown, SQL, or a chart's Vega-Lite specification as JSON. `settings`: of an input `type` (see `InputType`),
    `label`, `value` and `choices`, or `source`, the name of the SQL cell whose first column it chooses from; of a chart
    `source`, the name of the SQL cell that it draws.
    """

    id: str
    kind: CellKind
    name: str
    text: str
    settings: Mapping[str, JSON]

    @property
    def new(self) -> NewCell:
        """The same cell without its place, for a copy."""
        return NewCell(self.kind, self.name, self.text, self.settings)


@dataclass(frozen=True, slots=True)
class NewNotebook:
    """A notebook that is not kept yet: ready-made, or read from a file."""

    title: str
    cells: tuple[NewCell, ...]


@dataclass(frozen=True, slots=True)
class NotebookSummary:
    """A notebook in a list; `cells` counts them."""

    id: str
    title: str
    cells: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook with its cells in their order; `updated_at` is when something in it was last edited."""

    id: str
    title: str
    cells: tuple[Cell, ...]
    created_at: datetime
    updated_at: datetime

    def cell(self, cell_id: str) -> Cell | None:
        """The cell with that id."""
        return next((cell for cell in self.cells if cell.id == cell_id), None)

    def named(self, name: str) -> Cell | None:
        """The cell of that name; capitals do not count, as in SQL."""
        return next((cell for cell in self.cells if name and cell.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a SQL cell gave when it was run last: a file, or an error.

    `run_id` names the file; `made_of` is a digest of all that it was made of, `tables` the names of the cells among
    that, of inputs with a `$`; `columns` are as in `core.analysis.tables.Column`.
    """

    cell_id: str
    run_id: str
    made_of: str
    ran_at: datetime
    tables: tuple[str, ...] = ()
    columns: tuple[tuple[str, str, bool], ...] = ()
    rows: int = 0
    bytes: int = 0
    truncated: bool = False
    note: str | None = None
    error: str | None = None
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class CellState:
    """How far a cell has come, and what its last result holds, which stays while it is run anew.

    `error`: why it failed, or which cell it waits for. `columns`: names and DuckDB's types, as in
    `core.analysis.sandbox.Result`; `rows` counts those that are kept; `truncated`: there were more, or a result that
    it stands on had more; `note` says so in a sentence. A chart has the state of the cell that it draws,
    an input of the one that it chooses from.
    """

    status: CellStatus = CellStatus.IDLE
    error: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    truncated: bool = False
    note: str | None = None
    milliseconds: float | None = None
    ran_at: datetime | None = None

    @property
    def has_table(self) -> bool:
        """Whether there are rows to show, be they of now or of the last run."""
        return bool(self.columns)
