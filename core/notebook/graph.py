"""What stands on what in a notebook: which cell reads which, in which order they run, and where they go in a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.analysis.reader import Names
from core.notebook.values import Cell, CellKind, InputType, Notebook


@dataclass(frozen=True, slots=True)
class Needs:
    """What one cell reads: SQL cells by their names, inputs by the names that it writes; and names of none."""

    tables: Mapping[str, Cell] = field(default_factory=dict)
    inputs: Mapping[str, Cell] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def missing_inputs(self) -> list[str]:
        """The parameters that no input is called by, with their `$`."""
        return [name for name in self.unknown if name.startswith("$")]

    def cells(self) -> Iterator[Cell]:
        """All of them."""
        yield from self.tables.values()
        yield from self.inputs.values()


class Graph:
    """The cells of one notebook; `names` says what a query names."""

    def __init__(self, notebook: Notebook, names: Callable[[str], Names]) -> None:
        self.notebook = notebook
        self._needs = {cell.id: _needs(notebook, cell, names) for cell in notebook.cells}
        self._circles = dict[str, tuple[str, ...]]()
        self._needed_by: dict[str, list[str]] = {cell.id: [] for cell in notebook.cells}
        for cell_id, needs in self._needs.items():
            for cell in needs.cells():
                self._needed_by[cell.id].append(cell_id)

    def needs(self, cell_id: str) -> Needs:
        """What a cell reads itself."""
        return self._needs.get(cell_id, Needs())

    def downstream(self, cell_ids: Iterable[str]) -> set[str]:
        """Those cells and all that read them, directly or not."""
        return _reached(cell_ids, lambda cell_id: self._needed_by.get(cell_id, ()))

    def upstream(self, cell_ids: Iterable[str]) -> set[str]:
        """Those cells and all that they read, directly or not."""
        return _reached(cell_ids, lambda cell_id: [cell.id for cell in self.needs(cell_id).cells()])

    def ordered(self) -> list[Cell]:
        """All cells, each behind those that it reads; where they go in a circle, as they stand."""
        order = [cell for cell in self.notebook.cells if self.circle(cell.id)]
        while len(order) < len(self.notebook.cells):
            done = {cell.id for cell in order}
            left = [cell for cell in self.notebook.cells if cell.id not in done]
            order += [cell for cell in left if all(need.id in done for need in self.needs(cell.id).cells())]
        return order

    def circle(self, cell_id: str) -> tuple[str, ...]:
        """The names on the shortest way from a cell through what it reads back to itself; empty if there is none."""
        if cell_id not in self._circles:
            self._circles[cell_id] = self._circle(cell_id)
        return self._circles[cell_id]

    def _circle(self, cell_id: str) -> tuple[str, ...]:
        came_from = dict[str, str]()
        waiting = deque([cell_id])
        while waiting:
            here = waiting.popleft()
            for there in self.needs(here).tables.values():
                if there.id == cell_id:
                    return self._way(cell_id, here, came_from)
                if there.id not in came_from:
                    came_from[there.id] = here
                    waiting.append(there.id)
        return ()

    def _way(self, cell_id: str, last: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
        way = [cell_id]
        while last != cell_id:
            way.append(last)
            last = came_from[last]
        names = {cell.id: cell.name for cell in self.notebook.cells}
        return tuple(names[each] for each in [cell_id, *reversed(way)])


def _reached(cell_ids: Iterable[str], next_: Callable[[str], Iterable[str]]) -> set[str]:
    seen, waiting = set[str](), deque(cell_ids)
    while waiting:
        here = waiting.popleft()
        if here not in seen:
            seen.add(here)
            waiting.extend(next_(here))
    return seen


def _needs(notebook: Notebook, cell: Cell, names: Callable[[str], Names]) -> Needs:
    if cell.kind is CellKind.CHART:
        source, drawn = source_of(notebook, cell)
        return Needs({drawn.name: drawn}) if drawn else Needs(unknown=(source,) if source else ())
    if cell.kind is not CellKind.SQL:
        return Needs()
    named = names(cell.text)
    tables = {name: _sql_cell(notebook, name) for name in named.tables}
    inputs = {name: notebook.named(name) for name in named.parameters}
    return Needs(
        {found.name: found for found in tables.values() if found},
        {name: found for name, found in inputs.items() if found and found.kind is CellKind.INPUT},
        (
            *(name for name, found in tables.items() if not found),
            *(f"${name}" for name, found in inputs.items() if not found or found.kind is not CellKind.INPUT),
        ),
    )


def source_of(notebook: Notebook, cell: Cell) -> tuple[str, Cell | None]:
    """The name of the SQL cell that a chart draws or an input chooses from, and that cell if it is there.

    A chart needs it; an input does not, as what was chosen stays what it is.
    """
    wanted = cell.kind is CellKind.CHART or cell.settings.get("type") == InputType.CHOICE
    name = str(cell.settings.get("source") or "") if wanted else ""
    return name, _sql_cell(notebook, name)


def _sql_cell(notebook: Notebook, name: str) -> Cell | None:
    cell = notebook.named(name)
    return cell if cell and cell.kind is CellKind.SQL else None
