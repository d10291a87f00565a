"""Notebooks as SQL files: exact there and back, and readable by others."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings

from core.errors import Unsupported
from core.notebook.formats.sql import read, write
from core.notebook.formats.statements import statements
from core.notebook.values import CellKind, NewCell, NewNotebook, Notebook
from tests.core.notebook.formats.support import HOSTILE, news, notebooks, usual


@settings(max_examples=150, deadline=None)
@given(notebooks())
def test_a_file_gives_back_every_cell(given: Notebook) -> None:
    """Kind, name, text and settings, to the last blank, whatever stands in them."""
    found = read(write(NewNotebook(given.title, news(given))).encode().decode())
    assert (found.title, found.cells) == (given.title, news(given))


def test_a_file_reads_like_sql() -> None:
    """What is not SQL stands in comments, and each query ends with a semicolon."""
    given = usual()
    text = write(NewNotebook(given.title, news(given)))
    assert text.startswith('-- %% notebook {"title": "Tides", "version": 1}\n\n-- %% markdown\n/*\n# Tides\n\nHow')
    assert '-- %% input since {"type": "date", "label": "From", "value": null}\n' in text
    assert "-- %% sql by_day\nselect day, n from days where day >= $since::date\n;\n" in text
    assert '-- %% chart drawn {"source": "by_day"}\n/*\n{\n  "mark": "bar"' in text


@pytest.mark.parametrize("text", [HOSTILE, "*/ select 1; /*", "\n-- %% sql x\n", "/* /* */"])
def test_markdown_stays_a_comment(text: str) -> None:
    """Nothing that a cell says becomes a statement of the file."""
    cells = (NewCell(CellKind.MARKDOWN, text=text), NewCell(CellKind.SQL, "one", "select 1"))
    with duckdb.connect() as connection:
        assert [str(part.type) for part in connection.extract_statements(write(NewNotebook("T", cells)))] == [
            "StatementType.SELECT"
        ]


def test_a_foreign_file_is_a_cell_for_each_statement() -> None:
    """With the comments before it; a semicolon in text, names and comments ends nothing."""
    found = read("-- all;\nselect ';' as \"a;b\"; /* ; */ select $$;$$\n;\n\n-- the end")
    assert [cell.text for cell in found.cells] == ["-- all;\nselect ';' as \"a;b\"", "/* ; */ select $$;$$"]
    assert {cell.kind for cell in found.cells} == {CellKind.SQL}
    assert list(statements("select 'no end; ")) == ["select 'no end;"]


def test_a_file_may_be_written_by_hand() -> None:
    """With other spacing, with line comments, as other tools mark cells, and with another system's line ends."""
    text = (
        "--%%   sql  one\n\nselect 1\n\n-- %% [markdown]\n-- # Hi\n-- there\n\n"
        "-- %%\nselect 2;\n\n-- %% markdown\n/* Short */"
    )
    cells = (
        NewCell(CellKind.SQL, "one", "select 1"),
        NewCell(CellKind.MARKDOWN, text="# Hi\nthere"),
        NewCell(CellKind.SQL, text="select 2;"),
        NewCell(CellKind.MARKDOWN, text="Short"),
    )
    assert read(text).cells == cells
    assert read(text.replace("\n", "\r\n")).cells == cells


def test_what_follows_the_mark_may_be_a_title() -> None:
    """It stays with the query, as a comment."""
    assert read("-- %% Daily numbers\nselect 1").cells == (NewCell(CellKind.SQL, text="-- Daily numbers\nselect 1"),)


@pytest.mark.parametrize(
    "text", ["-- %% sql a {no", "select 1\n-- %% input a {} {} {} {}", "-- %% sql a [" + "[" * 100_000]
)
def test_a_damaged_file_says_where(text: str) -> None:
    """By the number of the line."""
    with pytest.raises(Unsupported, match=r"Line \d of this file"):
        read(text)


def test_a_file_of_a_newer_version_is_not_guessed_at() -> None:
    """It says what to do."""
    with pytest.raises(Unsupported, match="newer version"):
        read('-- %% notebook {"title": "T", "version": 2}')
