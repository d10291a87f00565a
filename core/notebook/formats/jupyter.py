"""Notebooks for Jupyter: Python that runs the same SQL on an exported DuckDB file, with the results of the last run.

https://nbformat.readthedocs.io/en/latest/format_description.html, version 4.5
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from core.notebook.formats.code import FILE
from core.notebook.formats.drawing import pictures_of
from core.notebook.formats.html import table
from core.notebook.formats.jupyter_reading import OURS, source_of
from core.notebook.formats.python import literal_of, quoted
from core.notebook.formats.values import VERSION, Shown
from core.notebook.values import Cell, CellKind, Notebook

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
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PYTHON = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_NAMED = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def write(notebook: Notebook, results: Mapping[str, Shown]) -> str:
    """A notebook of version 4.5."""
    images = pictures_of(notebook, results)
    cells = [_markdown("about", _ABOUT, {"setup": True}), _code("setup", _SETUP, {"setup": True}, [])]
    for number, cell in enumerate(notebook.cells):
        name = cell.id if _NAMED.fullmatch(cell.id) else f"cell-{number}"
        cells.append(_written(name, cell, results.get(cell.id, Shown()), images.get(cell.id)))
    metadata = {**_PYTHON, OURS: {"version": VERSION, "title": notebook.title}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _written(id_: str, cell: Cell, shown: Shown, image: str | None) -> dict[str, Any]:
    about = {"kind": cell.kind.value, "name": cell.name, "settings": dict(cell.settings)}
    if cell.kind is CellKind.MARKDOWN:
        return _markdown(id_, cell.text, about)
    if cell.kind is CellKind.INPUT:
        return _code(id_, _input(cell), about | {"text": cell.text}, [])
    if cell.kind is CellKind.CHART:
        source = f"chart({literal_of(source_of(cell.settings))}, {quoted(cell.text)})"
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
    return {"cell_type": "markdown", "id": id_, "metadata": {OURS: dict(about)}, "source": _lines(text)}


def _code(id_: str, source: str, about: Mapping[str, Any], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": id_, "metadata": {OURS: dict(about)}, "source": _lines(source)}
    return cell | {"execution_count": None, "outputs": outputs}


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)
