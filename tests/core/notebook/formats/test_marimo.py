"""Notebooks for marimo: valid Python, exact on their way back, also when marimo has saved them in its own way."""

from __future__ import annotations

from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from pandas import DataFrame

from core.errors import Unsupported
from core.notebook.formats.marimo import write
from core.notebook.formats.marimo_reading import read
from core.notebook.values import CellKind, NewCell, Notebook
from tests.core.notebook.formats.support import HOSTILE, news, notebook, notebooks, usual

# As marimo 0.25 writes it.
_SAVED = '''import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import marimo as mo


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # Tides

      indented
    """)
    return


@app.cell
def _(mo, slider):
    days = mo.sql(
        f"""
        SELECT * FROM t
        WHERE n > {slider.value}
        """,
        output=False
    )
    return (days,)


@app.cell
def _():
    def double(x):
        return 2 * x

    double(3)
    return (double,)


@app.function
def twice(x):
    return 2 * x


if __name__ == "__main__":
    app.run()
'''


@settings(max_examples=80, deadline=None)
@given(notebooks())
def test_a_file_compiles_and_gives_back_every_cell(given: Notebook) -> None:
    """Whatever its cells hold: quotes, braces, decorators, our own comments."""
    text = write(given)
    compile(text, "notebook.py", "exec")
    found = read(text)
    assert (found.title, found.cells, found.notes) == (given.title, news(given), ())


def test_cells_stand_on_each_other_as_marimo_has_it() -> None:
    """A result is a variable, an input a widget whose value is filled in."""
    text = write(usual())
    assert 'since = mo.ui.text(value="", label="From")' in text
    assert "where day >= {literal(since.value or None)}::date" in text
    assert "def _(con, mo, literal, since):" in text
    assert 'by_day = mo.sql(\n        f"""\nselect' in text
    assert "def _(chart, by_day):" in text


@pytest.mark.parametrize(
    ("settings", "widget"),
    [
        ({"type": "date", "label": "L", "value": "2026-01-02"}, 'mo.ui.date(value="2026-01-02", label="L")'),
        ({"type": "number", "label": "L", "value": 0.5}, 'mo.ui.number(value=0.5, label="L")'),
        (
            {"type": "choice", "value": "b", "choices": ["a", "b"]},
            'mo.ui.dropdown(options=["a", "b"], value="b", label="")',
        ),
        ({"type": "choice", "value": "c", "choices": []}, 'mo.ui.dropdown(options=[], value=None, label="")'),
    ],
)
def test_an_input_is_a_widget_of_its_type(settings: dict[str, object], widget: str) -> None:
    """With its label and its value."""
    assert f"x = {widget}\n" in write(notebook(NewCell(CellKind.INPUT, "x", settings=settings)))  # type: ignore[arg-type]


def test_a_choice_offers_what_a_query_gives() -> None:
    """Its cell stands on that query's, and its own function gives each value once, with the one that was chosen."""
    settings = {"type": "choice", "label": "Model", "source": "models", "value": "gone"}
    text = write(
        notebook(NewCell(CellKind.SQL, "models", "select x from t"), NewCell(CellKind.INPUT, "x", settings=settings))
    )
    assert "def _(con, mo):" in text and "def _(choice, models):" in text
    assert '    x = choice(models, "gone", "Model")\n    x\n    return (x,)' in text
    offered = dict[str, object]()
    dropdown = SimpleNamespace(dropdown=lambda choices, **_: offered.update(choices))
    names: dict[str, Any] = {"mo": SimpleNamespace(ui=dropdown)}
    exec(dedent(text[text.index("    def choice") : text.index("    return (altair")]), names)
    names["choice"](DataFrame({"model": ["b", None, "a", "b"]}), "gone", "Model")
    assert offered == {"b": "b", "a": "a", "gone": "gone"}


def test_what_marimo_saved_is_taken_as_well_as_can_be() -> None:
    """Its Markdown and queries, without their indentation; other code as text, and it is said."""
    found = read(_SAVED)
    assert found.cells == (
        NewCell(CellKind.MARKDOWN, text="```python\n    import marimo as mo\n```".replace("    ", "")),
        NewCell(CellKind.MARKDOWN, text="# Tides\n\n  indented"),
        NewCell(CellKind.SQL, "days", "SELECT * FROM t\nWHERE n > $slider"),
        NewCell(CellKind.MARKDOWN, text="```python\ndef double(x):\n    return 2 * x\n\ndouble(3)\n```"),
        NewCell(CellKind.MARKDOWN, text="```python\n@app.function\ndef twice(x):\n    return 2 * x\n```"),
    )
    assert found.notes == ("3 cells of code are kept as text, as only SQL runs here.",)


@pytest.mark.parametrize("text", ["", "import os\n", "print('hi')", HOSTILE])
def test_other_python_is_refused(text: str) -> None:
    """As it is no notebook."""
    with pytest.raises(Unsupported):
        read(text)
