"""A page of a PDF as a picture with a quote marked in it, by pypdfium2 and Pillow."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops

from core.errors import DocumentError

_WIDTH = 1000
_HEIGHT = 3000
_YELLOW = (255, 238, 120)
_MARGIN = 2
_SHORTEST = 12  # Characters of a sentence that is worth marking where the whole quote is not found.
# Neither white space nor the hyphens at the ends of lines are the same in the page and in what was read from it.
_IGNORED = re.compile(r"[\s\x00-\x1f\u00ad\u200b\ufeff\ufffe\uffff\-\u2010\u2011]")


def draw(data: bytes, number: int, quote: str) -> bytes:
    """A PNG of page `number` (from 1), some 1,000 pixels wide; what is found of `quote` has a yellow ground.

    Raises:
        DocumentError: there is no such page, or the file is damaged.
    """
    try:
        with closing(pdfium.PdfDocument(data)) as document:
            if not 1 <= number <= len(document):
                raise DocumentError(f"This PDF has no page {number}.")
            return _drawn(document[number - 1], quote)
    except (pdfium.PdfiumError, ValueError) as error:
        raise DocumentError("This page cannot be drawn: the PDF is damaged.") from error


def _drawn(page: pdfium.PdfPage, quote: str) -> bytes:
    width, height = page.get_size()
    bitmap = page.render(scale=min(_WIDTH / max(width, 1), _HEIGHT / max(height, 1)))
    image = bitmap.to_pil().convert("RGB")
    to_bitmap = bitmap.get_posconv(page).to_bitmap
    for left, bottom, right, top in _rectangles(page.get_textpage(), quote):
        corners = to_bitmap(left, top), to_bitmap(right, bottom)
        xs, ys = (sorted(values) for values in zip(*corners, strict=True))
        box = (
            max(xs[0] - _MARGIN, 0),
            max(ys[0] - _MARGIN, 0),
            min(xs[1] + _MARGIN, image.width),
            min(ys[1] + _MARGIN, image.height),
        )
        if box[0] < box[2] and box[1] < box[3]:
            part = image.crop(box)
            image.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _YELLOW)), box[:2])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _rectangles(text_page: pdfium.PdfTextPage, quote: str) -> Iterator[tuple[float, float, float, float]]:
    """Where the quote stands, in the page's own coordinates: left, bottom, right, top of every line of it."""
    count = text_page.count_chars()
    characters = [chr(pdfium_c.FPDFText_GetUnicode(text_page, i)) for i in range(count)]
    for start, end in spans(characters, quote):
        for i in range(text_page.count_rects(start, end - start)):
            yield text_page.get_rect(i)


def spans(characters: list[str], quote: str) -> list[tuple[int, int]]:
    """Where the quote stands in the characters of a page, or else those of its lines and sentences that do."""
    places = [i for i, character in enumerate(characters) if not _IGNORED.match(character)]
    page = "".join(characters[i] for i in places)

    def found(text: str) -> list[tuple[int, int]]:
        wanted = _IGNORED.sub("", text)
        at = page.find(wanted) if wanted else -1
        return [(places[at], places[at + len(wanted) - 1] + 1)] if at >= 0 else []

    if whole := found(quote):
        return whole
    parts = re.split(r"\n+|(?<=[.!?])\s+", quote)
    return [span for part in parts if len(part) >= _SHORTEST for span in found(part)]
