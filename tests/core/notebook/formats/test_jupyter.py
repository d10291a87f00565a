"""Notebooks for Jupyter: valid, run there on an exported file, exact on their way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from hypothesis import given, settings

from core.errors import Unsupported
from core.notebook.formats.jupyter import write
from core.notebook.formats.jupyter_reading import read
from core.notebook.values import CellKind, NewCell, Notebook
from tests.core.notebook.formats.support import HOSTILE, news, notebook, notebooks, shown, usual


def sources(text: str) -> list[str]:
    """The code of the cells."""
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def foreign(*cells: dict[str, Any], **metadata: Any) -> str:
    """A notebook that somebody else wrote."""
    whole = [{"metadata": {}, **cell} for cell in cells]
    return json.dumps({"cells": whole, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})


@settings(max_examples=60, deadline=None)
@given(notebooks())
def test_a_file_is_valid_and_gives_back_every_cell(given: Notebook) -> None:
    """By Jupyter's own schema; kind, name, text and settings to the last blank."""
    text = write(given, {})
    nbformat.validate(json.loads(text))
    found = read(text)
    assert (found.title, found.cells, found.notes) == (given.title, news(given), ())


def test_results_stand_below_their_cells() -> None:
    """Rows as a table, a chart as a picture, and why a cell failed; all of it valid and escaped."""
    given = notebook(*news(usual()), NewCell(CellKind.SQL, "wrong", "select"))
    rows = shown(["<b>Mon</b>", 1], ["Tue", 2])
    text = write(given, {"c2": rows, "c3": rows, "c4": shown(error="No <such> column.")})
    nbformat.validate(json.loads(text))
    table, picture, error = (output for cell in json.loads(text)["cells"] for output in cell.get("outputs", []))
    assert "&lt;b&gt;Mon&lt;/b&gt;" in "".join(table["data"]["text/html"])
    assert "".join(picture["data"]["image/svg+xml"]).startswith("<svg")
    assert error["evalue"] == "No <such> column." and "&lt;such&gt;" in error["traceback"][0]


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB's own way with pandas.
def test_the_code_runs_on_an_exported_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs are parameters, and a cell is a table for the cells below it."""
    with duckdb.connect(str(tmp_path / "conversations.duckdb")) as connection:
        connection.execute("create table days as select date '2025-12-31' + n::integer as day, n from range(1, 4) r(n)")
    monkeypatch.chdir(tmp_path)
    since, *cells = news(usual())[1:]
    since = NewCell(since.kind, since.name, settings={**since.settings, "value": "2026-01-02"})
    more = NewCell(CellKind.SQL, "total", "select sum(n)::integer as n, '\\d{x}' as odd from by_day")
    space: dict[str, Any] = {}
    for source in sources(write(notebook(since, *cells, more), {})):
        if "chart(" not in source or "def chart" in source:
            exec(source, space)
    assert space["con"].execute("from total").fetchall() == [(5, "\\d{x}")]
    assert len(space["chart"]("by_day", cells[1].text).to_dict()["data"]) == 1
    space["con"].close()


def test_what_was_changed_in_jupyter_is_taken() -> None:
    """The code as it stands there now, not as it was exported."""
    whole = json.loads(write(usual(), {}))
    changes = {"c1": 'inputs["since"] = "2026-01-03"  # From', "c2": 'sql("by_week", "select 1")', "c0": "# Ebb"}
    for cell in whole["cells"]:
        cell["source"] = changes.get(cell["id"], cell["source"])
    markdown, given, query, _ = read(json.dumps(whole)).cells
    assert (markdown.text, query.name, query.text) == ("# Ebb", "by_week", "select 1")
    assert given.settings == {"type": "date", "label": "From", "value": "2026-01-03"}


def test_a_foreign_notebook_is_taken_as_well_as_can_be() -> None:
    """Queries become cells, prose stays, other code is kept as text, and it is said."""
    found = read(
        foreign(
            {"cell_type": "markdown", "source": ["# Ti", "des"]},
            {"cell_type": "code", "source": "%%sql days <<\nselect 1"},
            {"cell_type": "code", "source": 'df = duckdb.sql("""\n    select 2\n    """).df()'},
            {"cell_type": "code", "source": "import os\nos.remove('x')  # ```"},
            {"cell_type": "code", "source": ""},
        )
    )
    assert found.cells == (
        NewCell(CellKind.MARKDOWN, text="# Tides"),
        NewCell(CellKind.SQL, "days", "select 1"),
        NewCell(CellKind.SQL, "df", "select 2"),
        NewCell(CellKind.MARKDOWN, text="```python\nimport os\nos.remove('x')  # ```\n```"),
    )
    assert found.notes == ("1 cell of code is kept as text, as only SQL runs here.",)
    spoken = read(foreign({"cell_type": "code", "source": "select 3"}, language_info={"name": "sql"}))
    assert spoken.cells == (NewCell(CellKind.SQL, text="select 3"),)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"worksheets": []}', "[" * 100_000, HOSTILE])
def test_what_is_no_notebook_is_refused(text: str) -> None:
    """In a sentence."""
    with pytest.raises(Unsupported):
        read(text)


def test_cells_of_any_shape_do_no_harm() -> None:
    """What is damaged is left out or read as text."""
    found = read(
        json.dumps({"cells": [3, None, {"source": 3}, {"cell_type": "code", "source": [1, None]}, {"metadata": 7}]})
    )
    assert all(cell.kind is CellKind.MARKDOWN for cell in found.cells)
