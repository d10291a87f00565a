"""The lines of a PDF's pages, with how large they are set, by pypdfium2."""

from __future__ import annotations

import ctypes
import math
import re
from contextlib import closing
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_LINE = re.compile(r"(?P<text>[^\n\ufffe]*)(?P<end>\n|\ufffe|\Z)")
DOTS = " …"
"""What the dots of a table of contents become."""
_DOTS = re.compile(r"(?: ?\.){5,}")


class Line(NamedTuple):
    """A line of a page; `size` is that of its letters in points, 0 where it is not known."""

    text: str
    size: float = 0.0


def lines_of(document: pdfium.PdfDocument, number: int, *, sized: bool = True) -> list[Line]:
    """The lines of page `number` (from 0) from the first to the last that holds something, empty ones between."""
    with closing(document[number]) as page, closing(page.get_textpage()) as text_page:
        matches = _LINE.finditer(str(text_page.get_text_range()))
        found = [Line(_text(match), _least(text_page, match) if sized else 0.0) for match in matches]
    filled = [i for i, line in enumerate(found) if line.text]
    return found[filled[0] : filled[-1] + 1] if filled else []


def _text(match: re.Match[str]) -> str:
    hyphen = "-" if match["end"] == "\ufffe" else ""  # At which a word was divided.
    return _DOTS.sub(DOTS, match["text"] + hyphen).strip()


def _least(text_page: pdfium.PdfTextPage, match: re.Match[str]) -> float:
    """The smaller size of the first and the last letter: an initial is no heading."""
    places = [match.start() + i for i, character in enumerate(match["text"]) if character.isalnum()]
    return min((_size(text_page, place, match.string[place]) for place in (*places[:1], *places[-1:])), default=0.0)


def _size(text_page: pdfium.PdfTextPage, place: int, character: str) -> float:
    """The size of a letter, by its place in the text of its page."""
    index = pdfium_c.FPDFText_GetCharIndexFromTextIndex(text_page, place)
    if index < 0 or pdfium_c.FPDFText_GetUnicode(text_page, index) != ord(character):
        return 0.0
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        return 0.0
    size: float = pdfium_c.FPDFText_GetFontSize(text_page, index) * math.hypot(matrix.c, matrix.d)
    return round(size, 1)
