"""What the editor of a query completes: tables, parameters, and the columns of the tables that the query names."""

from __future__ import annotations

import re

from core.analysis.views import VIEWS
from core.notebook.values import Cell, CellKind
from pages._notebook.state import Look

_WORD = re.compile(r"\w+")
_VIEWS = {view.name: view for view in VIEWS}


def words(cell: Cell, now: Look) -> list[tuple[str, str]]:
    """Each word with what it is, the nearest first."""
    named = {word.lower() for word in _WORD.findall(cell.text)}
    inputs = [one for one in now.notebook.cells if one.kind is CellKind.INPUT]
    found = {f"${one.name}": str(one.settings.get("label") or "input") for one in inputs}
    for other in now.tables.values():
        if other.id == cell.id:
            continue
        found[other.name] = "result of a cell"
        if other.name.lower() in named:
            found |= {name: type_.lower() for name, type_ in now.state(other).columns}
    for name, view in _VIEWS.items():
        if name in named:
            found |= {column: about for column, about in view.columns.items() if column not in found}
    found |= {name: view.description for name, view in _VIEWS.items() if name not in found}
    return list(found.items())
