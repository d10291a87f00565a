"""The results of a notebook's last run, as far as a file shows them."""

from __future__ import annotations

from core.notebook.charts import ROWS as DRAWN
from core.notebook.formats.values import Shown
from core.notebook.notebooks import Notebooks
from core.notebook.values import Cell, CellKind, CellState, Notebook

ROWS = 500
"""How many rows of a result a file shows at most."""


def results_of(notebooks: Notebooks, notebook: Notebook) -> dict[str, Shown]:
    """What the file of an export shows of each cell, by its id.

    Raises:
        QueryError, TooMany, Unavailable: a result cannot be read now.
    """
    states = notebooks.states(notebook.id)
    return {
        cell.id: _shown(notebooks, notebook.id, cell, states[cell.id])
        for cell in notebook.cells
        if cell.kind in (CellKind.SQL, CellKind.CHART) and cell.id in states
    }


def _shown(notebooks: Notebooks, notebook_id: str, cell: Cell, state: CellState) -> Shown:
    told = Shown(error=state.error, note=state.note, ran_at=state.ran_at)
    if not state.has_table:
        return told
    result = notebooks.table(notebook_id, cell.id, limit=DRAWN if cell.kind is CellKind.CHART else ROWS)
    rows = tuple(tuple(row) for row in result.rows)
    return Shown(tuple(result.columns), rows, state.rows, state.error, state.note, state.ran_at)
