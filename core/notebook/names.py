"""What a cell may be called: a name that SQL takes as it is, alone in its notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.analysis.views import VIEWS
from core.errors import InvalidValue
from core.notebook.values import CellKind, NewCell

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 63
_WORDS = """
all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate
collation column concurrently constraint create cross default deferrable desc describe distinct do else end except
false fetch for foreign freeze from full glob group having ilike in initially inner intersect into is isnull join
lambda lateral leading left like limit natural not notnull null offset on only or order outer overlaps pivot
pivot_longer pivot_wider placing positional primary qualify references returning right select semi show similar some
summarize symmetric table tablesample then to trailing true union unique unpack unpivot using variadic verbose when
where window with
"""
RESERVED = frozenset(_WORDS.split())
"""What DuckDB takes for a word of its language where a table could stand."""
_VIEWS = frozenset(view.name for view in VIEWS)
_NEEDED = {CellKind.SQL: "query", CellKind.INPUT: "input"}


def check(name: str, taken: Iterable[str]) -> None:
    """Lets a name pass that a cell can have beside those that are `taken`.

    Raises:
        InvalidValue: it is none, or is taken; the message says by what.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise InvalidValue(
            f"“{name[:_LONGEST]}” cannot name a cell. Use the letters a to z, digits and _, beginning with a letter, "
            f"{_LONGEST} at most."
        )
    if name.lower() in RESERVED:
        raise InvalidValue(f"“{name}” is a word of SQL. Give the cell another name, such as {name}_1.")
    if name.lower() in _VIEWS:
        raise InvalidValue(f"“{name}” is a table of the history already. Give the cell another name.")
    if name.lower() in {other.lower() for other in taken}:
        raise InvalidValue(f"Another cell is called “{name}” already. Give this one another name.")


def named(cell: NewCell, taken: Iterable[str]) -> str:
    """The name of a cell, made up if it needs one and has none.

    Raises:
        InvalidValue: as `check` does.
    """
    others = {other.lower() for other in taken}
    if cell.name:
        check(cell.name, others)
        return cell.name
    if cell.kind not in _NEEDED:
        return ""
    number = 1
    while f"{_NEEDED[cell.kind]}_{number}" in others:
        number += 1
    return f"{_NEEDED[cell.kind]}_{number}"
