"""Notebooks for marimo: a Python file whose cells run the same SQL on an exported DuckDB file.

https://docs.marimo.io/guides/coming_from/jupyter/ says what such a file is: a function for each cell, in which `mo.sql`
is a query and `mo.md` is Markdown.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any

from core.notebook.formats.code import FILE
from core.notebook.formats.marimo_reading import NOTE
from core.notebook.formats.python import literal_of, quoted
from core.notebook.formats.statements import mapped
from core.notebook.formats.values import VERSION
from core.notebook.values import JSON, Cell, CellKind, Notebook

_HEAD = f'''"""To run this notebook, export the history as a DuckDB file (*Export* in Throughline, or
`GET /api/export?format=duckdb`) and put it beside this file as `{FILE}`. Its tables have the names that the queries
use: `turns`, `answers`, …

    pip install marimo duckdb pandas altair sqlglot
    marimo edit notebook.py
"""

import marimo
'''
_SETUP = f"""import json

import altair
import duckdb
import marimo as mo

con = duckdb.connect("{FILE}", read_only=True)
con.execute("set TimeZone = 'UTC'")
altair.data_transformers.disable_max_rows()

def literal(value):
    # A value as SQL writes it.
    if value is None:
        return "null"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"

def chart(rows, spec):
    # Draws a table.
    drawn = altair.Chart.from_dict({{**json.loads(spec), "data": {{"name": "rows"}}}})
    drawn.data = rows
    return drawn

def choice(rows, value, label):
    # Offers the first column of a table.
    offered = {{str(one): one for one in rows[rows.columns[0]] if one is not None and one == one}}
    if value is not None:
        offered.setdefault(str(value), value)
    return mo.ui.dropdown(offered, value=None if value is None else str(value), label=label)"""
_GIVEN = ("altair", "chart", "choice", "con", "duckdb", "json", "literal", "mo")
_TAKEN = frozenset((*_GIVEN, "app", "marimo"))
_WORD = re.compile(r"\w+")
_PLACE = "\0"
_BRACES = re.compile(r"([{}])")


def write(notebook: Notebook) -> str:
    """A file that marimo opens and Python runs."""
    about = f"{NOTE}{json.dumps({'version': VERSION, 'title': notebook.title})}"
    app = f"app = marimo.App(app_title={literal_of(notebook.title)})"
    names = _Names(notebook.cells)
    functions = [_function({"setup": True}, _SETUP, (), _GIVEN), *(_written(cell, names) for cell in notebook.cells)]
    return "\n\n\n".join([f"{about}\n{_HEAD}\n{app}", *functions, 'if __name__ == "__main__":\n    app.run()\n'])


class _Names:
    """What Python calls the results of cells: as they are called here, if Python can."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.queries, self.inputs = dict[str, str](), dict[str, str]()
        for cell in cells:
            if cell.kind in (CellKind.SQL, CellKind.INPUT):
                known = self.queries if cell.kind is CellKind.SQL else self.inputs
                known.setdefault(cell.name, self._free(cell.name))
        self.dates = {cell.name for cell in cells if cell.settings.get("type") == "date"}

    @property
    def all(self) -> set[str]:
        """Every name that is given."""
        return {*self.queries.values(), *self.inputs.values()}

    def read(self, text: str) -> set[str]:
        """The queries that stand in a text."""
        return set(_WORD.findall(text)) & set(self.queries.values())

    def _free(self, name: str) -> str:
        plain = name.isascii() and name.isidentifier() and not name.startswith("_")
        plain = plain and not keyword.iskeyword(name) and name not in _TAKEN
        free = name if plain else "cell_" + re.sub(r"\W", "_", name, flags=re.ASCII)
        while free in self.all:
            free += "_"
        return free


def _written(cell: Cell, names: _Names) -> str:
    note = dict[str, Any](kind=cell.kind.value, name=cell.name, settings=dict(cell.settings))
    if cell.kind is CellKind.MARKDOWN:
        plain = not cell.name and not cell.settings
        return _function({} if plain else note, f"mo.md({_PLACE})", ("mo",), text=quoted(cell.text), hidden=True)
    if cell.kind is CellKind.INPUT:
        name, source = names.inputs[cell.name], names.queries.get(str(cell.settings.get("source")))
        uses = ("choice", source) if source and cell.settings.get("type") == "choice" else ("mo",)
        widget = _choice(cell.settings, source) if source in uses else _widget(cell.settings)
        return _function(note | {"text": cell.text}, f"{name} = {widget}\n{name}", uses, (name,))
    if cell.kind is CellKind.CHART:
        source = names.queries.get(str(cell.settings.get("source")))
        uses = ("chart", source) if source else ("chart",)
        return _function(note, f"chart({source}, {_PLACE})", uses, text=quoted(cell.text))
    name = names.queries[cell.name]
    text = mapped(cell.text, lambda parameter: _filled(parameter, names), lambda sql: _BRACES.sub(r"\1\1", sql))
    filled = {each for each in names.inputs.values() if f"{{literal({each}.value" in text}
    words = (filled | {"literal"} if filled else set()) | names.read(text) - {name}
    code = f"{name} = mo.sql(\n    {_PLACE},\n    engine=con,\n)"
    return _function(note, code, ("con", "mo", *sorted(words)), (name,), quoted(text, "f"))


def _filled(parameter: str, names: _Names) -> str:
    """A `$parameter` as marimo fills it in, if Python can call it so."""
    if names.inputs.get(parameter) != parameter:
        return f"${parameter}"
    return f"{{literal({parameter}.value{' or None' if parameter in names.dates else ''})}}"


def _choice(settings: Mapping[str, JSON], source: str | None) -> str:
    """A choice from the rows of a query."""
    value, label = literal_of(settings.get("value")), literal_of(str(settings.get("label") or ""))
    return f"choice({source}, {value}, {label})"


def _widget(settings: Mapping[str, JSON]) -> str:
    value, type_, label = settings.get("value"), settings.get("type"), literal_of(str(settings.get("label") or ""))
    if type_ == "choice":
        choices = settings.get("choices")
        options = [str(choice) for choice in choices] if isinstance(choices, list | tuple) else []
        chosen = str(value) if str(value) in options else None
        return f"mo.ui.dropdown(options={literal_of(options)}, value={literal_of(chosen)}, label={label})"
    if type_ == "number":
        number = value if isinstance(value, int | float) else None
        return f"mo.ui.number(value={literal_of(number)}, label={label})"
    if type_ == "date" and value:
        return f"mo.ui.date(value={literal_of(str(value))}, label={label})"
    return f"mo.ui.text(value={literal_of('' if value is None else str(value))}, label={label})"


def _function(
    note: Mapping[str, Any],
    code: str,
    uses: Sequence[str],
    gives: Sequence[str] = (),
    text: str = "",
    hidden: bool = False,
) -> str:
    """A cell, in whose code `text` has its place, with its lines as they are."""
    lines = f"{NOTE}{json.dumps(note)}\n{code}" if note else code
    returned = f"return ({', '.join(gives)},)" if gives else "return"
    body = indent(f"{lines}\n{returned}", "    ").replace(_PLACE, text)
    return f"@app.cell{'(hide_code=True)' if hidden else ''}\ndef _({', '.join(uses)}):\n{body}"
