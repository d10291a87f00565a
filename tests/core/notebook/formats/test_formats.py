"""Exports and imports by their file: what is taken, what it is called, what is refused."""

from __future__ import annotations

import pytest

from core.errors import InvalidValue, TooLarge, Unsupported
from core.notebook.formats import FORMATS, SIZE_LIMIT, Format, export, import_
from core.notebook.formats.results import results_of
from core.notebook.values import CellKind, NewCell
from tests.core.notebook.formats.support import SPEC, news, notebook, usual
from tests.core.notebook.support import Desk, field, sql


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_format_comes_back_by_its_name(format_: Format) -> None:
    """An editor's mark at the beginning and capitals in the name do not matter."""
    data = export(usual(), format_.name)
    found = import_(f"a.b{format_.suffix.upper()}", b"\xef\xbb\xbf" + data)
    assert (found.title, found.cells, found.notes) == ("Tides", news(usual()), ())


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_notebook_that_ran_is_exported_with_its_results_and_made_again(at: Desk, format_: Format) -> None:
    """From its cells in the database to a file, and back to cells in the database that give the same."""
    cells = [
        field("model", "text", "fake/echo"),
        sql("asked", "select question, model from turns where model = $model order by asked_at"),
        NewCell(
            CellKind.CHART, "drawn", SPEC.replace("day", "question").replace('"n"', '"model"'), {"source": "asked"}
        ),
        sql("wrong", "select nothing"),
    ]
    made = at.made(*cells)
    results = results_of(at.notebooks, made)
    kept = {cell.name: results.get(cell.id) for cell in made.cells}
    assert kept["asked"] and kept["asked"].rows[0] == ("How do tides work?", "fake/echo")
    assert kept["drawn"] and kept["drawn"].rows == kept["asked"].rows
    assert kept["wrong"] and "nothing" in (kept["wrong"].error or "")
    found = import_(f"x{format_.suffix}", export(made, format_.name, results))
    again = at.made(*found.cells)
    assert again.title == "Test" and [cell.new for cell in again.cells] == [cell.new for cell in made.cells]
    assert at.rows(again, "asked") == at.rows(made, "asked")


def test_a_file_is_called_as_it_is_when_it_says_no_title() -> None:
    """A plain SQL file, for one."""
    found = import_("C:/my queries.sql", b"select 1")
    assert (found.title, found.cells) == ("my queries", (NewCell(CellKind.SQL, text="select 1"),))


def test_names_that_cannot_be_are_left_out_and_named() -> None:
    """The cells get others; which these were is said."""
    data = b'-- %% sql a\nselect 1\n-- %% sql A\nselect 2\n-- %% sql turns\nselect 3\n-- %% sql "<b>"\nselect 4'
    found = import_("x.sql", data)
    assert [cell.name for cell in found.cells] == ["a", "", "", ""]
    assert found.notes == (
        "These names cannot be used here, or twice, so their cells have others: “A”, “turns”, “<b>”.",
    )


@pytest.mark.parametrize("name", ["x", "x.txt", "x.exe", "", ".sql.zip"])
def test_other_files_are_refused(name: str) -> None:
    """With the kinds that are taken."""
    with pytest.raises(Unsupported, match=r"\.sql, \.ipynb or \.py"):
        import_(name, b"select 1")


@pytest.mark.parametrize("data", [b"", b"-- nothing", b"\xff\xfe\x00"])
def test_an_empty_or_unreadable_file_is_refused(data: bytes) -> None:
    """In a sentence that says what to do."""
    with pytest.raises(Unsupported):
        import_("x.sql", data)


def test_a_file_that_is_too_large_is_refused() -> None:
    """Before it is read."""
    with pytest.raises(TooLarge, match="over 32 MB"):
        import_("x.sql", b" " * (SIZE_LIMIT + 1))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.sql", b"-- %% sql\n" * 2_000),
        ("x.sql", b"select 1;" * 2_000),
        ("x.py", b"import marimo\n" + b"@app.cell\ndef _(): pass\n" * 2_000),
        ("x.ipynb", b'{"cells": [' + b"{}," * 2_000 + b"{}]}"),
        ("x.sql", b"--" * (5 << 20)),
        ("x.ipynb", b'{"cells": [{"cell_type": "code", "source": "' + b"x" * (9 << 20) + b'"}]}'),
    ],
)
def test_a_file_of_endless_cells_or_code_is_refused(name: str, data: bytes) -> None:
    """However small it is otherwise."""
    with pytest.raises(TooLarge, match="Make several of it"):
        import_(name, data)


def test_an_unknown_format_is_refused() -> None:
    """With the formats that there are."""
    with pytest.raises(InvalidValue, match="sql, html, jupyter, marimo"):
        export(notebook(), "pdf")
