"""Excel workbooks: every sheet a heading, every row a block that names its columns, by openpyxl."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any

import openpyxl

from core.retrieval.reading.formats.archive import broken, check_archive
from core.retrieval.reading.formats.tables import add_table
from core.retrieval.reading.outline import Outline, Text

_COLUMNS = 1024


def read_xlsx(data: bytes) -> Text:
    """The rows of a workbook under the names of their sheets; of a formula, the value that was saved with it.

    Raises:
        DocumentError: it is damaged, encrypted or not a workbook.
        TooLarge: it unpacks to more, or holds more text, than is taken.
    """
    check_archive(data, ".xlsx")
    outline = Outline()
    with broken(".xlsx"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of every feature it would lose on saving.
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            rows = _rows(sheet)
            if (first := next(rows, None)) is not None:
                outline.heading(2, sheet.title)
                add_table(outline, chain([first], rows), header="expected")
        title = book.properties.title
        book.close()
    return outline.finish(title)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The rows that hold something, and one empty row for every gap between them."""
    sheet.reset_dimensions()  # What a sheet says of its size may be a million rows of nothing, or too little.
    gap = any_before = False
    for cells in sheet.iter_rows():
        row = [_shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in cells[:_COLUMNS]]
        if any(row):
            yield from [[]] if gap and any_before else []
            yield row
            any_before = True
        gap = not any(row)


def _shown(value: object, number_format: str) -> str:
    """A value much as Excel shows it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return f"{100 * value:.10g}%" if "%" in number_format else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value) if not isinstance(value, timedelta) else f"{value.total_seconds() / 3600:.4g} h"
