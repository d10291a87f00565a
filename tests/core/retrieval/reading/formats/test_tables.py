"""Rows of tables say what their columns are."""

from __future__ import annotations

import pytest

from core.retrieval.reading.formats.tables import Header, add_table, named
from core.retrieval.reading.outline import Block, Outline


def table(*rows: list[str], header: Header = "guessed") -> list[str]:
    outline = Outline()
    add_table(outline, rows, header=header)
    return [block.text for block in outline.finish().blocks]


def test_a_row_names_its_columns() -> None:
    """So that it is understood alone; empty cells are left out."""
    assert table(["Name", "Town", "Age"], ["Anna", "Kirkhaven", "41"], ["Bert", "", "7"]) == [
        "Name: Anna · Town: Kirkhaven · Age: 41",
        "Name: Bert · Age: 7",
    ]


def test_rows_are_told_apart_from_text() -> None:
    """Splitting keeps them together."""
    outline = Outline()
    add_table(outline, [["a", "b"], ["1", "2"]], 3, "given")
    assert outline.finish().blocks == (Block("a: 1 · b: 2", None, 3, "row"),)


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["1", "2", "3"], ["4", "5", "6"]], "expected"),
        ([["Name", "Anna"], ["Town", "Kirkhaven"]], "guessed"),
        ([["Name", "Name"], ["1", "2"]], "expected"),
        ([["x" * 100, "b", "c"], ["1", "2", "3"]], "expected"),
        ([["a", "", "", ""], ["1", "2", "3", "4"]], "guessed"),
    ],
)
def test_a_first_row_that_names_nothing_is_a_row(rows: list[list[str]], header: Header) -> None:
    """Numbers, pairs of words, names that come twice or are whole sentences are no names of columns."""
    assert not any(":" in row for row in table(*rows, header=header)[-1:])


def test_a_table_of_pairs_needs_numbers_or_a_promise_to_have_a_header() -> None:
    """Two columns of words may be names and values; CSV is expected to begin with names."""
    assert table(["Fish", "Price"], ["Herring", "12 crowns"]) == ["Fish: Herring · Price: 12 crowns"]
    assert table(["Question", "Answer"], ["Why?", "No."], header="expected") == ["Question: Why? · Answer: No."]


def test_a_lone_header_is_not_lost() -> None:
    """Without rows it is one."""
    assert table(["Name", "Town"], header="given") == ["Name | Town"]


def test_captions_and_further_tables_are_seen() -> None:
    """A single cell above a table is text; after an empty row other names may follow, or more rows."""
    rows = [
        ["Fares", ""],
        ["Who", "Crowns"],
        ["Child", "5"],
        ["", ""],
        ["Dog", "2"],
        [],
        ["When", "Knots"],
        ["Noon", "4"],
    ]
    assert table(*rows) == ["Fares", "Who: Child · Crowns: 5", "Who: Dog · Crowns: 2", "When: Noon · Knots: 4"]


def test_cells_beyond_the_header_have_no_name() -> None:
    """They are kept all the same; a colon is not doubled."""
    assert named(["1", "2", "3"], ["a:", "b"]) == "a: 1 · b: 2 · 3"
