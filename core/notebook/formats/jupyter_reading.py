"""Files of Jupyter's, read: those that are ours as their code stands now, others as well as can be."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from core.errors import Unsupported
from core.notebook.formats.code import as_text, cell_of, left_as_text
from core.notebook.formats.python import literal_of, unquoted, value_of
from core.notebook.formats.values import Imported, check_cells, check_code, check_version, settings_of
from core.notebook.values import JSON, CellKind, NewCell

OURS = "throughline"
"""Where the metadata says what the code of a cell does not."""
_INPUT = re.compile(r"inputs\[(?P<name>\"[^\n]*?\")\] = (?P<value>\"(?:\\.|[^\"\\\n])*\"|[^#\n]*)(?:#[^\n]*)?\n?")
_MAGIC = re.compile(r"%%sql\b(?:[ \t]+(?P<name>\w+)[ \t]*<<)?[^\n]*(?:\n|\Z)")
_OLD = "This notebook is of an old format. Open it in Jupyter, save it there, and import it then."


def read(text: str) -> Imported:
    """The notebook in a file of Jupyter's: what runs here as it is, other code as text.

    Raises:
        Unsupported: it is none, or an old one.
        TooLarge: it has more code or more cells than is taken.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unsupported("This is no notebook of Jupyter: it is not JSON.") from error
    if not isinstance(value, dict) or not isinstance(value.get("cells"), list):
        raise Unsupported(_OLD if isinstance(value, dict) and "worksheets" in value else "This is no notebook.")
    metadata = _object(value.get("metadata"))
    ours = _object(metadata.get(OURS))
    if ours:
        check_version(ours.get("version"))
    language = str(_object(metadata.get("language_info")).get("name") or "python")
    check_cells(len(value["cells"]))
    check_code(sum(len(_text(cell)) for cell in value["cells"]))
    read_cells = [_read(_object(cell), language) for cell in value["cells"]]
    cells = [cell for cell, _ in read_cells if cell is not None]
    notes = left_as_text(sum(foreign for _, foreign in read_cells))
    return Imported(str(ours.get("title") or metadata.get("title") or ""), tuple(cells), notes)


def _read(cell: Mapping[str, Any], language: str) -> tuple[NewCell | None, bool]:
    """A cell, if it is one, and whether it is code that cannot run here."""
    ours = _object(_object(cell.get("metadata")).get(OURS))
    text = _text(cell)
    if ours.get("setup") or (not ours and not text.strip()):
        return None, False
    if cell.get("cell_type") != "code":
        return NewCell(CellKind.MARKDOWN, str(ours.get("name") or ""), text, settings_of(ours.get("settings"))), False
    found = _own(text, ours) if ours else _foreign(text, language)
    return (found, False) if found else (as_text(text, language), True)


def _text(cell: object) -> str:
    source = _object(cell).get("source")
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _own(text: str, ours: Mapping[str, Any]) -> NewCell | None:
    """A cell of ours as it stands in the code now, which somebody may have changed."""
    settings = settings_of(ours.get("settings"))
    if given := _INPUT.fullmatch(text):
        if given["value"].strip() != literal_of(settings.get("value")):
            settings = {**settings, "value": _given(given["value"], settings)}
        return NewCell(CellKind.INPUT, unquoted(given["name"]), str(ours.get("text") or ""), settings)
    cell = cell_of(text)
    if cell and cell.kind is CellKind.CHART:
        source = cell.settings["source"]
        changed = {} if source == source_of(settings) else {"source": source}
        return NewCell(cell.kind, str(ours.get("name") or ""), cell.text, {**settings, **changed})
    return cell and NewCell(cell.kind, cell.name, cell.text, settings)


def _given(literal: str, settings: Mapping[str, JSON]) -> JSON:
    """The value that somebody has written; the one before where it is none that an input takes."""
    try:
        value = value_of(literal)
    except ValueError:
        return settings.get("value")
    return value if value is None or isinstance(value, str | int | float) else settings.get("value")


def source_of(settings: Mapping[str, JSON]) -> str:
    """The name of the query that a chart draws."""
    return str(settings.get("source") or "")


def _foreign(text: str, language: str) -> NewCell | None:
    if language.lower() == "sql":
        return NewCell(CellKind.SQL, text=text)
    if magic := _MAGIC.match(text):
        return NewCell(CellKind.SQL, magic["name"] or "", text[magic.end() :])
    return cell_of(text)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
