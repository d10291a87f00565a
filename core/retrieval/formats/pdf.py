"""PDF: the text of every page, by pypdfium2."""

from __future__ import annotations

import re
import threading

import pypdfium2 as pdfium

from core.errors import DocumentError, TooLarge
from core.retrieval.outline import Outline, Text

_PAGE_LIMIT = 5000
_one_at_a_time = threading.Lock()  # PDFium may be called by one thread at a time.


def read_pdf(data: bytes) -> Text:
    """The paragraphs of a PDF with their pages.

    Raises:
        DocumentError: it is damaged or encrypted, or its pages are pictures.
        TooLarge: it has more pages than are taken.
    """
    with _one_at_a_time:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            raise _why(error) from error
        try:
            return _read(document)
        except pdfium.PdfiumError as error:
            raise _why(error) from error
        finally:
            document.close()


def _read(document: pdfium.PdfDocument) -> Text:
    if len(document) > _PAGE_LIMIT:
        raise TooLarge(f"This PDF has more than {_PAGE_LIMIT:,} pages. Split it and add the parts.")
    outline = Outline()
    for number in range(len(document)):
        for paragraph in paragraphs(_page(document, number)):
            outline.add(paragraph, number + 1)
    text = outline.finish(document.get_metadata_value("Title"))
    if len(document) and not text.blocks:
        raise DocumentError("This PDF holds pictures of pages, not text. Run text recognition (OCR) on it first.")
    return text


def _page(document: pdfium.PdfDocument, number: int) -> str:
    page = document[number]
    text_page = page.get_textpage()
    try:
        return str(text_page.get_text_range())
    finally:
        text_page.close()
        page.close()


def paragraphs(text: str) -> list[str]:
    """A page's lines as paragraphs: a short line that ends a sentence, or looks like a heading, ends one."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\ufffe", "-\n").split("\n")]
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
