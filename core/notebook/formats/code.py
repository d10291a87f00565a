"""What cells of Python become here: queries, Markdown and charts are known again, other code is kept as text."""

from __future__ import annotations

import re

from core.notebook.formats.python import Call, statements
from core.notebook.values import CellKind, NewCell

FILE = "conversations.duckdb"
"""The file that a notebook opens elsewhere: `GET /api/export?format=duckdb`, whose tables have the names used here."""
_QUERIES = re.compile(r"(?:\w+\.)*(?:sql|query|execute|read_sql|read_sql_query)")
_FENCE = re.compile(r"^`{3,}", re.MULTILINE)


def cell_of(source: str) -> NewCell | None:
    """The cell that a cell of Python stands for; None if it does anything but ask, draw or tell."""
    found = [statement.call for statement in statements(source)]
    return cell_of_call(found[0]) if len(found) == 1 and found[0] else None


def cell_of_call(call: Call) -> NewCell | None:
    """The cell that a call stands for."""
    texts = call.texts
    if call.function == "mo.md" and len(texts) == 1:
        return NewCell(CellKind.MARKDOWN, text=texts[0])
    if call.function == "chart" and len(texts) == 2:
        return NewCell(CellKind.CHART, text=texts[1], settings={"source": texts[0]})
    if call.function == "sql" and len(texts) == 2:
        return NewCell(CellKind.SQL, texts[0], texts[1])
    if _QUERIES.fullmatch(call.function) and len(texts) == 1:
        return NewCell(CellKind.SQL, call.result, texts[0])
    return None


def as_text(source: str, language: str = "python") -> NewCell:
    """Code that cannot run here, to be read."""
    fence = max(["``", *_FENCE.findall(source)], key=len) + "`"
    return NewCell(CellKind.MARKDOWN, text=f"{fence}{language}\n{source}\n{fence}")


def left_as_text(count: int) -> tuple[str, ...]:
    """What is said when so many cells of code were taken as text."""
    if not count:
        return ()
    cells = "1 cell of code is" if count == 1 else f"{count:,} cells of code are"
    return (f"{cells} kept as text, as only SQL runs here.",)
