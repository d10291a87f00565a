"""PDF: the text of every page under the bookmarks that lead to it, or else the headings on it, by pypdfium2."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from itertools import islice

import pypdfium2 as pdfium

from core.errors import DocumentError, TooLarge
from core.retrieval.reading.formats.pdf_headings import Heading, headings
from core.retrieval.reading.formats.pdf_lines import Line, lines_of
from core.retrieval.reading.outline import Outline, Text

_PAGE_LIMIT = 5000
_BOOKMARK_LIMIT = 5000
_DEPTH = 4  # Of bookmarks that count as headings.
_TOP = 2  # The level of the outermost: a PDF names itself elsewhere.
_NUMBER = 8  # Characters of the number of a page, with the signs around it.
_FEW = 4  # Pages of which no line can be told to come again.
_HEADER = 3  # Lines of a header or footer.
_OFTEN = 0.3  # Of the pages: left and right ones may differ, and chapters begin without.

Bookmarks = dict[int, list[tuple[int, str]]]


def read_pdf(data: bytes) -> Text:
    """The paragraphs of a PDF with their pages.

    Raises:
        DocumentError: it is damaged or encrypted, or its pages are pictures.
        TooLarge: it has more pages, or holds more text, than is taken.
    """
    try:
        with closing(pdfium.PdfDocument(data)) as document:
            return _read(document)
    except pdfium.PdfiumError as error:
        raise _why(error) from error


def _read(document: pdfium.PdfDocument) -> Text:
    if len(document) > _PAGE_LIMIT:
        raise TooLarge(f"This PDF has more than {_PAGE_LIMIT:,} pages. Split it and add the parts.")
    outline = Outline()
    bookmarks = _bookmarks(document)
    pages = [lines_of(document, number, sized=not bookmarks) for number in range(len(document))]
    pages = _without_repeated(pages)
    large = {} if bookmarks else headings(pages)
    for number, lines in enumerate(pages):
        named = _named(lines, number + 1, bookmarks[number], outline) if number in bookmarks else large.get(number, [])
        _add([line.text for line in lines], number + 1, named, outline)
    text = outline.finish(document.get_metadata_value("Title"))
    if len(document) and not text.blocks:
        raise DocumentError("This PDF holds pictures of pages, not text. Run text recognition (OCR) on it first.")
    return text


def _without_repeated(pages: list[list[Line]]) -> list[list[Line]]:
    """The lines without headers and footers: first and last ones that come again on many pages, numbers of pages."""
    for _ in range(_HEADER if len(pages) >= _FEW else 0):
        pages = _without_outermost(pages)
    return pages


def _without_outermost(pages: list[list[Line]]) -> list[list[Line]]:
    ends = Counter(
        sign for at, lines in enumerate(pages) for sign in {_sign(line, at) for line in (*lines[:1], *lines[-1:])}
    )
    repeated = {sign for sign, count in ends.items() if count > max(2, len(pages) * _OFTEN)}
    return [
        [line for i, line in enumerate(lines) if 0 < i < len(lines) - 1 or _sign(line, at) not in repeated]
        for at, lines in enumerate(pages)
    ]


def _sign(line: Line, page: int) -> str:
    """What stays the same where a line comes again: its letters, or how far its number is from that of the page."""
    number = re.search(r"\d+", line.text)
    return _letters(line.text) or (str(int(number.group()) - page) if number else "")


def _bookmarks(document: pdfium.PdfDocument) -> Bookmarks:
    """The levels and names of the bookmarks that lead to each page, which is counted from 0."""
    found: Bookmarks = defaultdict(list)
    for bookmark in islice(document.get_toc(max_depth=_DEPTH), _BOOKMARK_LIMIT):
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        name = bookmark.get_title()
        if page is not None and _letters(name):
            found[page].append((bookmark.level, name))
    return found


def _named(lines: Sequence[Line], page: int, bookmarks: list[tuple[int, str]], outline: Outline) -> list[Heading]:
    """The lines that are bookmarks; other bookmarks stand above the page."""
    places = {_letters(line.text): i for i, line in reversed(list(enumerate(lines)))}
    found = {}
    for level, name in bookmarks:
        if (at := places.get(_letters(name))) is not None:
            found[at] = Heading(level + _TOP, at, at + 1)
        else:
            outline.heading(level + _TOP, name, page)
    return [found[at] for at in sorted(found)]


def _add(lines: Sequence[str], page: int, named: Sequence[Heading], outline: Outline) -> None:
    """Adds the paragraphs of a page under their headings."""
    start = 0
    for level, begin, end in (*named, Heading(0, len(lines), len(lines))):
        for paragraph in paragraphs("\n".join(lines[start:begin])):
            outline.add(paragraph, page)
        if level:
            outline.heading(level, " ".join(lines[begin:end]), page)
        start = end


def _letters(text: str) -> str:
    """A line without what differs between its places: spaces, signs and numbers; a long number is itself."""
    return re.sub(r"[\W\d_]", "", text).casefold() or (text if len(text) > _NUMBER else "")


def paragraphs(text: str) -> list[str]:
    """A page's lines as paragraphs: a short line that ends a sentence, or looks like a heading, ends one."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    longest = max((len(line) for line in lines), default=0)
    found: list[str] = []
    current = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        heading = not current and len(line) < 0.6 * longest and line[-1:].isalnum() and following[:1].isupper()
        if re.search(r"[^\W\d_]-$", current) and line[:1].islower():
            current = current[:-1] + line
        else:
            current = f"{current} {line}".strip()
        if not line or heading or (len(line) < 0.75 * longest and re.search(r"[.!?:][\"”’)]?$", line)):
            found.append(current)
            current = ""
    return [paragraph for paragraph in [*found, current] if paragraph]


def _why(error: pdfium.PdfiumError) -> DocumentError:
    if "password" in str(error).lower():
        return DocumentError("This PDF is protected by a password. Save a copy without the password and add that.")
    return DocumentError("This PDF is damaged and cannot be read. Open it elsewhere, save it anew and add it again.")
