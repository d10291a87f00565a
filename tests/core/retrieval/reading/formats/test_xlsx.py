"""Workbooks: rows under the names of their sheets."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from core.errors import DocumentError
from core.retrieval.reading.outline import Block
from core.retrieval.reading.read import read
from tests.core.retrieval.reading.formats.build import ENTITIES, patched, rows, saved, texts, with_cells, workbook

SHEET = "xl/worksheets/sheet1.xml"
HERE = b'<row r="1"><c r="A1" t="inlineStr"><is><t>here</t></is></c></row>'
FAR = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>'


def test_every_row_names_its_columns_under_its_sheet() -> None:
    """A sheet without cells is left out."""
    book = openpyxl.Workbook()
    book.active.title = "People"
    book.active.append(["Name", "Town"])
    book.active.append(["Anna", "Kirkhaven"])
    book.create_sheet("Empty")
    boats = book.create_sheet("Boats")
    boats.append(["Grey Heron", 1968])
    assert read("a.xlsx", saved(book)).blocks == (
        Block("Name: Anna · Town: Kirkhaven", "People", None, "row"),
        Block("Grey Heron | 1968", "Boats", None, "row"),
    )


def test_values_are_shown_as_people_know_them() -> None:
    """Days without midnight, shares in percent, whole numbers without a point."""
    book = openpyxl.Workbook()
    values = [date(2024, 5, 1), datetime(2024, 5, 1, 9, 30), time(7, 5), timedelta(minutes=90), 3.0, 0.1 + 0.2, True]
    book.active.append([*values, 0.125])
    book.active["H1"].number_format = "0.0%"
    shown = "2024-05-01 | 2024-05-01 09:30 | 07:05:00 | 1.5 h | 3 | 0.3 | TRUE | 12.5%"
    assert texts(read("a.xlsx", saved(book))) == [shown]


def test_a_formula_shows_the_value_saved_with_it() -> None:
    """Not the formula."""
    cells = b'<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'
    assert texts(read("a.xlsx", with_cells(workbook(["x"]), cells))) == ["2"]


def test_a_title_above_and_a_second_table_below_are_told_apart() -> None:
    """Empty rows and columns before and between them are no cells."""
    data = workbook(
        [], [None, "Fares 2024"], [], [None, "Who", "Crowns"], [None, "Child", 5], [], [None, "Dogs ride too"]
    )
    assert rows(read("a.xlsx", data)) == [
        ("People", "Fares 2024"),
        ("People", "Who: Child · Crowns: 5"),
        ("People", "Who: Dogs ride too"),
    ]


def test_a_sheet_that_claims_to_be_endless_is_read_for_what_is_in_it() -> None:
    """A million rows by sixteen thousand columns, with a cell in either corner."""
    data = patched(
        with_cells(workbook(["x"]), HERE + FAR),
        SHEET,
        lambda xml: xml.replace(b'<dimension ref="A1"/>', b'<dimension ref="A1:XFD1048576"/>'),
    )
    assert texts(read("a.xlsx", data)) == ["here"]


def test_entities_do_not_grow() -> None:
    """A few lines that would be gigabytes."""
    data = patched(
        with_cells(workbook(["x"]), HERE.replace(b"here", b"&a9;")),
        SHEET,
        lambda xml: ENTITIES + xml.partition(b"?>")[2] if xml.startswith(b"<?") else ENTITIES + xml,
    )
    with pytest.raises(DocumentError, match="damaged"):
        read("a.xlsx", data)


def test_an_empty_workbook_holds_no_text() -> None:
    """The names of its sheets are none."""
    with pytest.raises(DocumentError, match="No text"):
        read("a.xlsx", workbook())
