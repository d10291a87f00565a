"""Tables of HTML: which hold data and not the page's layout, and their cells as a grid."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from core.retrieval.reading.formats.tables import Header

_STRUCTURE = "h1, h2, h3, h4, h5, h6, pre, article, section, form"
_COLUMNS = 256
_CELL_LIMIT = 2000


def is_table(table: LexborNode) -> bool:
    """Whether a table holds data: small cells in several columns, and no structure of their own."""
    if table.attributes.get("role") in ("presentation", "none") or table.css_first(_STRUCTURE) is not None:
        return False
    if len(table.css("table")) > 1:
        return False
    rows = table.css("tr")
    widths = [len(_cells(row)) for row in rows]
    if max(widths, default=0) < 2:
        return False
    return all(len(cell.text()) <= _CELL_LIMIT for row in rows for cell in _cells(row))


def rows_of(table: LexborNode) -> tuple[list[list[str]], Header]:
    """The cells of a table, those that span several columns or rows repeated, and what its first row is."""
    rows: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}
    caption = table.css_first("caption")
    if caption is not None:
        rows.append([_words(caption)])
    header: Header = "guessed"
    for tr in table.css("tr"):
        cells = list(_cells(tr))
        if not cells:
            continue
        if all(cell.tag == "th" for cell in cells) and not any(len(row) > 1 for row in rows):
            header = "given"
        row = _row(cells, below)
        lone = len(cells) == 2 and cells[0].tag == "th" and cells[1].tag == "td" and header != "given"
        rows.append([f"{row[0].rstrip(':')}: {row[-1]}"] if lone else row)
    return rows, header


def _row(cells: list[LexborNode], below: dict[int, tuple[str, int]]) -> list[str]:
    row: list[str] = []
    waiting = iter(cells)
    while len(row) < _COLUMNS:
        if len(row) in below:
            text, left = below.pop(len(row))
            if left > 1:
                below[len(row)] = text, left - 1
            row.append(text)
            continue
        cell = next(waiting, None)
        if cell is None:
            break
        for _ in range(min(_span(cell, "colspan"), _COLUMNS - len(row))):
            if (down := _span(cell, "rowspan")) > 1:
                below[len(row)] = _words(cell), down - 1
            row.append(_words(cell))
    return row


def _cells(row: LexborNode) -> list[LexborNode]:
    return [child for child in row.iter() if child.tag in ("td", "th")]


def _span(cell: LexborNode, name: str) -> int:
    told = cell.attributes.get(name) or ""
    return int(told) if re.fullmatch(r"[1-9]\d{0,3}", told) else 1


def _words(cell: LexborNode) -> str:
    return re.sub(r"\s+", " ", cell.text(separator=" ")).strip()
