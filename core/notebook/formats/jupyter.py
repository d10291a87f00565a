"""Notebooks for Jupyter: Python that runs the same SQL on an exported DuckDB file, with the results of the last run.

https://nbformat.readthedocs.io/en/latest/format_description.html, version 4.5
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from core.errors import Unsupported
from core.notebook.formats.code import FILE, as_text, cell_of, left_as_text
from core.notebook.formats.drawing import drawn
from core.notebook.formats.html import table
from core.notebook.formats.python import literal_of, quoted, unquoted, value_of
from core.notebook.formats.values import VERSION, Imported, Shown, check_cells, check_code, check_version, settings_of
from core.notebook.values import JSON, Cell, CellKind, NewCell, Notebook

_OURS = "throughline"
_ABOUT = f"""This notebook comes from Throughline. To run it here:

1. Export the history as a DuckDB file (*Export* in Throughline, or `GET /api/export?format=duckdb`), and put it beside
   this notebook as `{FILE}`. Its tables have the names that the queries use: `turns`, `answers`, …
2. Install what it needs: `pip install duckdb pandas altair`"""
_SETUP = f"""import json

import altair
import duckdb

con = duckdb.connect("{FILE}", read_only=True)
con.execute("set TimeZone = 'UTC'")
altair.data_transformers.disable_max_rows()
inputs = {{}}


def sql(name, query):
    \"\"\"Runs a query, and keeps its result as the table `name` for the cells below.\"\"\"
    wanted = {{key: inputs[key] for key in con.extract_statements(query)[0].named_parameters}}
    rows = con.execute(query, wanted).df()
    con.register(name, rows)
    return rows


def chart(source, spec):
    \"\"\"Draws the table `source`.\"\"\"
    drawn = altair.Chart.from_dict({{**json.loads(spec), "data": {{"name": source}}}})
    drawn.data = con.table(source).df()
    return drawn"""
_INPUT = re.compile(r"inputs\[(?P<name>\"[^\n]*?\")\] = (?P<value>\"(?:\\.|[^\"\\\n])*\"|[^#\n]*)(?:#[^\n]*)?\n?")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PYTHON = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_NAMED = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAGIC = re.compile(r"%%sql\b(?:[ \t]+(?P<name>\w+)[ \t]*<<)?[^\n]*(?:\n|\Z)")
_OLD = "This notebook is of an old format. Open it in Jupyter, save it there, and import it then."


def write(notebook: Notebook, results: Mapping[str, Shown]) -> str:
    """A notebook of version 4.5."""
    charts = [cell for cell in notebook.cells if cell.kind is CellKind.CHART]
    pictures = drawn([(cell.text, results.get(cell.id, Shown())) for cell in charts])
    images = {cell.id: picture for cell, picture in zip(charts, pictures, strict=True)}
    cells = [_markdown("about", _ABOUT, {"setup": True}), _code("setup", _SETUP, {"setup": True}, [])]
    for number, cell in enumerate(notebook.cells):
        name = cell.id if _NAMED.fullmatch(cell.id) else f"cell-{number}"
        cells.append(_written(name, cell, results.get(cell.id, Shown()), images.get(cell.id)))
    metadata = {**_PYTHON, _OURS: {"version": VERSION, "title": notebook.title}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


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
    ours = _object(metadata.get(_OURS))
    if ours:
        check_version(ours.get("version"))
    language = str(_object(metadata.get("language_info")).get("name") or "python")
    check_cells(len(value["cells"]))
    check_code(sum(len(_text(cell)) for cell in value["cells"]))
    read_cells = [_read(_object(cell), language) for cell in value["cells"]]
    cells = [cell for cell, _ in read_cells if cell is not None]
    notes = left_as_text(sum(foreign for _, foreign in read_cells))
    return Imported(str(ours.get("title") or metadata.get("title") or ""), tuple(cells), notes)


def _written(id_: str, cell: Cell, shown: Shown, image: str | None) -> dict[str, Any]:
    about = {"kind": cell.kind.value, "name": cell.name, "settings": dict(cell.settings)}
    if cell.kind is CellKind.MARKDOWN:
        return _markdown(id_, cell.text, about)
    if cell.kind is CellKind.INPUT:
        return _code(id_, _input(cell), about | {"text": cell.text}, [])
    if cell.kind is CellKind.CHART:
        source = f"chart({literal_of(_source(cell.settings))}, {quoted(cell.text)})"
        picture = {"image/svg+xml": _lines(image), "text/plain": ["A chart"]} if image else {}
        return _code(id_, source, about, [_result(picture)] if picture else [])
    return _code(id_, f"sql({literal_of(cell.name)}, {quoted(cell.text)})", about, list(_outputs(shown)))


def _input(cell: Cell) -> str:
    label = " ".join(str(cell.settings.get("label") or "").split())
    value = literal_of(cell.settings.get("value"))
    return f"inputs[{literal_of(cell.name)}] = {value}" + (f"  # {label}" if label else "")


def _outputs(shown: Shown) -> Iterator[dict[str, Any]]:
    if shown.error:
        yield {"output_type": "error", "ename": "Error", "evalue": shown.error, "traceback": [escape(shown.error)]}
    elif shown.columns:
        yield _result({"text/html": _lines(table(shown)), "text/plain": [f"{shown.count:,} rows"]})


def _result(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"output_type": "execute_result", "execution_count": None, "data": dict(data), "metadata": {}}


def _markdown(id_: str, text: str, about: Mapping[str, Any]) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id_, "metadata": {_OURS: dict(about)}, "source": _lines(text)}


def _code(id_: str, source: str, about: Mapping[str, Any], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": id_, "metadata": {_OURS: dict(about)}, "source": _lines(source)}
    return cell | {"execution_count": None, "outputs": outputs}


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _read(cell: Mapping[str, Any], language: str) -> tuple[NewCell | None, bool]:
    """A cell, if it is one, and whether it is code that cannot run here."""
    ours = _object(_object(cell.get("metadata")).get(_OURS))
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
        changed = {} if source == _source(settings) else {"source": source}
        return NewCell(cell.kind, str(ours.get("name") or ""), cell.text, {**settings, **changed})
    return cell and NewCell(cell.kind, cell.name, cell.text, settings)


def _given(literal: str, settings: Mapping[str, JSON]) -> JSON:
    """The value that somebody has written; the one before where it is none that an input takes."""
    try:
        value = value_of(literal)
    except ValueError:
        return settings.get("value")
    return value if value is None or isinstance(value, str | int | float) else settings.get("value")


def _source(settings: Mapping[str, JSON]) -> str:
    return str(settings.get("source") or "")


def _foreign(text: str, language: str) -> NewCell | None:
    if language.lower() == "sql":
        return NewCell(CellKind.SQL, text=text)
    if magic := _MAGIC.match(text):
        return NewCell(CellKind.SQL, magic["name"] or "", text[magic.end() :])
    return cell_of(text)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
