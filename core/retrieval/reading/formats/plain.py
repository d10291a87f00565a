"""Plain text: bytes to characters, and paragraphs at blank lines."""

from __future__ import annotations

import codecs
import re

from core.errors import DocumentError
from core.retrieval.reading.formats.encodings import guess
from core.retrieval.reading.outline import Outline, Text

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # Before UTF-16: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = "This file does not hold text, whatever its name says. Save it as UTF-8 text and add it again."


def decode(data: bytes, declared: str | None = None) -> str:
    """The characters of `data`: by its byte order mark, as declared, as UTF-8 or UTF-16, else as its letters tell.

    Raises:
        DocumentError: this is no text.
    """
    for candidate in _encodings(data, declared):
        try:
            text = data.decode(candidate)
        except (ValueError, LookupError):  # What is declared may name a codec that is none of text.
            continue
        return _checked(text)
    return _checked(data.decode(guess(data), "replace"))


def read_plain(data: bytes) -> Text:
    """Paragraphs of plain text; a short first line that stands alone is the title.

    Raises:
        DocumentError: this is no text.
    """
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").strip()
    outline = Outline()
    title = re.match(r"(.{1,80}(?<![.,;]))\n\s*\n", text)
    if title:
        outline.title(title.group(1))
    for paragraph in re.split(r"\n\s*\n", text[title.end() :] if title else text):
        outline.add(paragraph)
    return outline.finish()


def _encodings(data: bytes, declared: str | None) -> list[str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return [encoding]
    likely = [declared] if declared else []
    sample = data[:4096]
    # Latin text in UTF-16 has a zero in every other byte.
    if sample[1::2].count(0) > len(sample) // 4:
        likely.append("utf-16-le")
    if sample[::2].count(0) > len(sample) // 4:
        likely.append("utf-16-be")
    return [*likely, "utf-8"]


def _checked(text: str) -> str:
    sample = text[:65536]
    odd = sum(1 for c in sample if (c < " " and c not in "\t\n\r\f\x1b") or "\x7f" <= c <= "\x9f" or c == "\ufffd")
    if "\x00" in sample or odd > len(sample) * 0.02:
        raise DocumentError(_NOT_TEXT)
    return text
