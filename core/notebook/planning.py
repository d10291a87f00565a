"""What has to run: what was asked for, all that reads it, and what it needs that has no result of now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.notebook.graph import Graph
from core.notebook.values import Cell, CellKind, CellState, CellStatus

_UNMADE = (CellStatus.IDLE, CellStatus.STALE)


def to_run(graph: Graph, states: Mapping[str, CellState], cell_ids: Iterable[str], itself: bool = True) -> list[str]:
    """The ids of the SQL cells to run, for those with `cell_ids`; or only for what reads those, without `itself`."""
    asked = set(cell_ids)
    again = graph.downstream(asked) - (set() if itself else asked)
    first = {cell_id for cell_id in graph.upstream(again) - again if states[cell_id].status in _UNMADE}
    return [cell.id for cell in graph.ordered() if cell.kind is CellKind.SQL and cell.id in first | again]


def makes_other(before: Cell, after: Cell) -> bool:
    """Whether an edit changes what the results of a cell, or of those that read it, are made of."""
    if after.kind is CellKind.SQL:
        return before.text != after.text
    keys = {CellKind.INPUT: ("type", "value"), CellKind.CHART: ("source",)}.get(after.kind, ())
    return any(before.settings.get(key) != after.settings.get(key) for key in keys)
