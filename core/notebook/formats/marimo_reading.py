"""Files of marimo's, read: those that are ours exactly, also when marimo has saved them in its own way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any

from core.errors import Unsupported
from core.notebook.formats.code import as_text, cell_of_call, left_as_text
from core.notebook.formats.python import Statement, statements
from core.notebook.formats.values import Imported, check_cells, check_code, check_version, settings_of
from core.notebook.values import CellKind, NewCell

NOTE = "# throughline: "
"""What a comment begins with that says what the code of a cell does not."""
_KINDS = {kind.value: kind for kind in CellKind}
_BEGUN = re.compile(r"(?:async )?def ")
_RETURNED = re.compile(r"return\b")


def read(text: str) -> Imported:
    """The notebook in a file of marimo's: what runs here as it is, other code as text.

    Raises:
        Unsupported: it is none.
        TooLarge: it is longer, or has more cells, than is taken.
    """
    check_code(len(text))
    head, *groups = _groups(text)
    check_cells(len(groups))
    if not any("marimo" in statement.code for statement in head):
        raise Unsupported("This is no notebook: a Python file is taken if marimo wrote it.")
    about = _noted(head)
    if about:
        check_version(about.get("version"))
    cells, foreign = list[NewCell](), 0
    for group in groups:
        note, body = _noted(group), _body(group)
        if body and not note.get("setup"):
            cell = _own(note, body) if note else _foreign(body)
            foreign += cell is None
            cells.append(cell or as_text(_source(text, body)))
    return Imported(str(about.get("title") or ""), tuple(cells), left_as_text(foreign))


def _groups(text: str) -> list[list[Statement]]:
    """The statements before the first cell, and those of each cell."""
    groups: list[list[Statement]] = [[]]
    for statement in statements(text):
        at_left = text[max(0, statement.start - 1) : statement.start] in ("", "\n")
        if at_left and statement.code.startswith("if __name__"):
            break
        if at_left and statement.code.startswith(("@app.", "with app.setup", "app._unparsable_cell")):
            groups.append([])
        groups[-1].append(statement)
    return groups


def _noted(group: Sequence[Statement]) -> dict[str, Any]:
    """What our own comment says of a cell."""
    comments = (comment for statement in group for comment in statement.comments if comment.startswith(NOTE))
    try:
        value = json.loads(next(comments, "{}").removeprefix(NOTE))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _body(group: Sequence[Statement]) -> Sequence[Statement]:
    """What a cell does; of what is no cell, all of it."""
    if group[0].code.startswith("with "):
        return group[1:]
    if not group[0].code.startswith("@app.cell"):
        return group
    first = next((place for place, each in enumerate(group) if _BEGUN.match(each.code)), 0)
    return [*group[first + 1 : -1], *(last for last in group[first + 1 :][-1:] if not _RETURNED.match(last.code))]


def _source(text: str, body: Sequence[Statement]) -> str:
    start = text.rfind("\n", 0, body[0].start) + 1
    return dedent(text[start : body[-1].end])


def _own(note: Mapping[str, Any], body: Sequence[Statement]) -> NewCell | None:
    kind, call = _KINDS.get(str(note.get("kind"))), body[0].call
    name, settings = str(note.get("name") or ""), settings_of(note.get("settings"))
    if kind is CellKind.INPUT:
        return NewCell(kind, name, str(note.get("text") or ""), settings)
    if kind is None or call is None or not call.texts:
        return None
    return NewCell(kind, name, call.texts[-1], settings)


def _foreign(body: Sequence[Statement]) -> NewCell | None:
    call = body[0].call if len(body) == 1 else None
    return cell_of_call(call) if call else None
