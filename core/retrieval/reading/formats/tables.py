"""Tables: every row becomes a block that names its columns, so that it is found and understood alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from core.retrieval.reading.outline import Outline

Header = Literal["given", "expected", "guessed"]
"""Whether the first row names the columns: it does; it does if it looks so; it does only if the rows differ from it."""

_NAME_LIMIT = 80
_NO_NAME = re.compile(r"[-+(]?\s?[$€£¥]?\s?\.?\d|https?:|true$|false$", re.IGNORECASE)


def add_table(
    outline: Outline, rows: Iterable[Sequence[str]], page: int | None = None, header: Header = "guessed"
) -> None:
    """Adds the rows of a table, such as `Name: Anna · Town: Kirkhaven`.

    Empty rows divide it into several; a single cell above a table is its caption.
    """
    names: Sequence[str] = ()
    fresh = True
    for row, following in _pairs(_tidied(row) for row in rows):
        filled = sum(map(bool, row))
        if not filled:
            fresh = True
            header = "guessed" if names else header  # A gap inside a table is likelier than another header.
        elif fresh and filled == 1 and sum(map(bool, following)) > 1 and (row[0] or header != "given"):
            outline.add("".join(row), page)
        elif fresh and _names_columns(row, following, header):
            names, fresh = row, False
        else:
            fresh = False
            outline.row(named(row, names), page)


def named(row: Sequence[str], names: Sequence[str]) -> str:
    """The cells of a row with the names of their columns, the empty ones left out."""
    cells = []
    for i, cell in enumerate(row):
        name = names[i].rstrip(" :") if i < len(names) else ""
        if cell:
            cells.append(f"{name}: {cell}" if name else cell)
    return (" · " if any(names) else " | ").join(cells)


def _tidied(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.split()) for cell in row)


def _pairs(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every row with the one after it, which is empty for the last."""
    held: tuple[str, ...] | None = None
    for row in rows:
        if held is not None:
            yield held, row
        held = row
    if held is not None:
        yield held, ()


def _names_columns(row: tuple[str, ...], following: tuple[str, ...], header: Header) -> bool:
    names = [cell for cell in row if cell]
    if not any(following):
        return False
    if header == "given":
        return True
    if len(names) < 2 or len(set(names)) < len(names) or 2 * len(names) <= sum(map(bool, following)):
        return False
    if any(len(name) > _NAME_LIMIT or _NO_NAME.match(name) for name in names):
        return False
    return header == "expected" or len(names) > 2 or any(_NO_NAME.match(cell) for cell in following)
