"""Word documents: paragraphs, headings and tables in order, by python-docx."""

from __future__ import annotations

import io
import re
import zipfile

import docx
from docx.document import Document as DocxDocument
from docx.table import Table
from docx.text.paragraph import Paragraph

from core.errors import DocumentError, TooLarge
from core.retrieval.outline import Outline, Text

_UNPACKED_LIMIT = 200 * 1024 * 1024
_BROKEN = "This Word document cannot be read. Open it in Word or LibreOffice, save it as .docx and add it again."


def read_docx(data: bytes) -> Text:
    """The blocks of a Word document under its headings.

    Raises:
        DocumentError: it is damaged, encrypted or not a Word document.
        TooLarge: it unpacks to more than is taken.
    """
    _check_size(data)
    try:
        document = docx.Document(io.BytesIO(data))
        outline = Outline()
        _walk(document, outline)
        title = document.core_properties.title
    except Exception as error:  # python-docx lets the errors of zipfile, lxml and its own lookups through.
        raise DocumentError(_BROKEN) from error
    return outline.finish(title if title and title != "Word Document" else None)


def _check_size(data: bytes) -> None:
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # An OLE file: an encrypted .docx, or an old .doc under a new name.
        raise DocumentError("This Word document is encrypted or in the old .doc format. Save it as a plain .docx file.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DocumentError(_BROKEN) from error
    if unpacked > _UNPACKED_LIMIT:
        raise TooLarge("This Word document unpacks to more than 200 MB. Remove its pictures or split it.")


def _walk(document: DocxDocument, outline: Outline) -> None:
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            _table(item, outline)
        else:
            _paragraph(item, outline)


def _paragraph(paragraph: Paragraph, outline: Outline) -> None:
    name = paragraph.style.name if paragraph.style is not None else None
    level = re.fullmatch(r"heading (\d)", (name or "").lower())
    if level:
        outline.heading(int(level.group(1)), paragraph.text)
    elif name == "Title":
        outline.title(paragraph.text)
    else:
        outline.add(paragraph.text)


def _table(table: Table, outline: Outline) -> None:
    for row in table.rows:
        cells = [cell.text.strip() for cell in row.cells]
        # A merged cell is given once for every column it spans.
        outline.add(" | ".join(text for i, text in enumerate(cells) if text and (i == 0 or text != cells[i - 1])))
