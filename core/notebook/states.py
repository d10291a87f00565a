"""How far each cell has come: told from what is kept and what runs, so that a crash leaves nothing to mend."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from core.notebook.graph import Graph, source_of
from core.notebook.inputs import parameter
from core.notebook.values import Cell, CellKind, CellResult, CellState, CellStatus

_WAITS = {
    CellStatus.FAILED: "It waits for “{name}”, which failed.",
    CellStatus.STALE: "It waits for “{name}”, which has to run first.",
    CellStatus.IDLE: "It waits for “{name}”, which was not run yet.",
}


class States:
    """The states of the cells of one notebook; `moving` are those that wait or run now."""

    def __init__(
        self, graph: Graph, results: Mapping[str, CellResult], moving: Mapping[str, CellStatus] | None = None
    ) -> None:
        self._graph, self._results, self._moving = graph, results, moving or {}
        self._known = dict[str, CellState]()

    def all(self) -> dict[str, CellState]:
        """Each cell's, by its id."""
        found = {cell.id: self.of(cell) for cell in self._graph.ordered()}
        return {cell.id: found[cell.id] for cell in self._graph.notebook.cells}

    def of(self, cell: Cell) -> CellState:
        """One cell's."""
        if cell.id not in self._known:
            self._known[cell.id] = self._state(cell)
        return self._known[cell.id]

    def circle(self, cell: Cell) -> str | None:
        """The sentence of a cell that reads itself."""
        names = self._graph.circle(cell.id)
        return f"The cells go in a circle: {' → '.join(names)}. Let one of them read something else." if names else None

    def waits_for(self, cell: Cell) -> CellStatus | None:
        """The status of the first cell that it reads and that has no result of now; None if it can run."""
        return next((status for _, status in self._missing(cell)), None)

    def made_of(self, cell: Cell) -> str:
        """A digest of all that the cell's result is made of, as it is now."""
        needs = self._graph.needs(cell.id)
        runs = {name: self._run_of(need) for name, need in needs.tables.items()}
        content = [cell.text, {name: _told(parameter(need)) for name, need in needs.inputs.items()}, runs]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _missing(self, cell: Cell) -> Iterator[tuple[Cell, CellStatus]]:
        for need in self._graph.needs(cell.id).tables.values():
            status = CellStatus.FAILED if self.circle(need) else self.of(need).status
            if status in _WAITS:
                yield need, status

    def _run_of(self, cell: Cell) -> str | None:
        result = self._results.get(cell.id)
        return result.run_id if result else None

    def _state(self, cell: Cell) -> CellState:
        if cell.kind is not CellKind.SQL:
            return self._of_source(cell)
        status, error = self._status(cell)
        return _state(status, error, self._results.get(cell.id))

    def _of_source(self, cell: Cell) -> CellState:
        name, source = source_of(self._graph.notebook, cell)
        if name and source is None:
            what = "draw" if cell.kind is CellKind.CHART else "choose from"
            return CellState(CellStatus.FAILED, f"There is no SQL cell “{name}”. Pick another one to {what}.")
        return self.of(source) if source else CellState()

    def _status(self, cell: Cell) -> tuple[CellStatus, str | None]:
        if cell.id in self._moving:
            return self._moving[cell.id], None
        if circle := self.circle(cell):
            return CellStatus.FAILED, circle
        result = self._results.get(cell.id)
        for need, status in self._missing(cell):
            if result or status is not CellStatus.IDLE:
                return CellStatus.STALE, _WAITS[status].format(name=need.name)
        if not result:
            return CellStatus.IDLE, None
        if result.made_of != self.made_of(cell):
            return CellStatus.STALE, self._misses(cell, result)
        return (CellStatus.FAILED, result.error) if result.error else (CellStatus.DONE, None)

    def _misses(self, cell: Cell, result: CellResult) -> str | None:
        """The sentence of a cell whose table was renamed or removed since it was run."""
        before = {name.lower() for name in result.tables}
        gone = [name for name in self._graph.needs(cell.id).unknown if name.lower() in before]
        return f"There is no cell “{gone[0]}” any more. Name another one, or bring it back." if gone else None


def _state(status: CellStatus, error: str | None, result: CellResult | None) -> CellState:
    if result is None:
        return CellState(status, error)
    return CellState(
        status,
        error,
        tuple((name, type_) for name, type_, _ in result.columns),
        result.rows,
        result.truncated,
        result.note,
        result.milliseconds,
        result.ran_at,
    )


def _told(value: Any) -> Any:
    return {"date": value.isoformat()} if isinstance(value, date) else value
