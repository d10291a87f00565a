"""Tables of a Word document as rows of cells."""

from __future__ import annotations

from docx.oxml.xmlchemy import BaseOxmlElement

from core.retrieval.reading.formats.docx_text import W, text_of, within
from core.retrieval.reading.formats.tables import Header

_COLUMNS = 256


def rows_of(table: BaseOxmlElement) -> list[list[str]]:
    """The cells of every row; what is merged stands once in its row, and again in every row it spans."""
    rows: list[list[str]] = []
    for tr in within(table, "tr"):
        row: list[str] = []
        for cell in within(tr, "tc"):
            merge = cell.xpath("./w:tcPr/w:vMerge")
            if merge and merge[0].get(W + "val", "continue") == "continue" and rows and len(row) < len(rows[-1]):
                row.append(rows[-1][len(row)])
            else:
                row.append(text_of(cell))
            span = cell.xpath("./w:tcPr/w:gridSpan/@w:val")
            if span and span[0].isdigit():
                row += [""] * min(int(span[0]) - 1, _COLUMNS - len(row))
        rows.append(row)
    return rows


def header_of(table: BaseOxmlElement) -> Header:
    """Whether the first row names the columns: marked as such, or all of it bold."""
    first = next(within(table, "tr"), None)
    if first is None:
        return "guessed"
    if first.xpath("./w:trPr/w:tblHeader"):
        return "given"
    runs = [run for run in first.iter(W + "r") if any(t.text for t in run.iter(W + "t"))]
    return "given" if runs and all(run.xpath("./w:rPr/w:b") for run in runs) else "guessed"
