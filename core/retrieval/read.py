"""Reading: the bytes of a file become `Text`, or an error that says what to do about it."""

from __future__ import annotations

from pathlib import PurePath

from core.errors import DocumentError, TooLarge, Unsupported
from core.retrieval.formats.docx import read_docx
from core.retrieval.formats.html import read_html
from core.retrieval.formats.markdown import read_markdown
from core.retrieval.formats.pdf import read_pdf
from core.retrieval.formats.plain import decode, read_plain
from core.retrieval.outline import Text

SIZE_LIMIT = 50 * 1024 * 1024
MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def media_type(filename: str) -> str:
    """The media type that goes with a file's name.

    Raises:
        Unsupported: files of this kind are not taken.
    """
    suffix = PurePath(filename).suffix.lower()
    if suffix not in MEDIA_TYPES:
        kind = f"“{suffix}” files are" if suffix else "A file without an ending such as .txt is"
        raise Unsupported(f"{kind} not taken. Add a Markdown, text, HTML, PDF or Word (.docx) file.")
    return MEDIA_TYPES[suffix]


def check(filename: str, data: bytes) -> str:
    """The media type of a file that may be read; looks at no more than its name, size and first bytes.

    Raises:
        Unsupported: files of this kind are not taken.
        TooLarge: it is over 50 MB.
        DocumentError: it is empty, or not what its name says.
    """
    kind = media_type(filename)
    if not data.strip():
        raise DocumentError("This file is empty. Add one that holds text.")
    if len(data) > SIZE_LIMIT:
        raise TooLarge("This file is over 50 MB. Split it, or save it without pictures.")
    if kind.endswith("pdf") and b"%PDF-" not in data[:1024]:
        raise DocumentError("This file is named .pdf but is no PDF. Give it its right ending and add it again.")
    return kind


def read(filename: str, data: bytes) -> Text:
    """The text of a file.

    Raises:
        Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
    """
    kind = check(filename, data)
    text = _read(kind, data)
    if not text.blocks:
        raise DocumentError("No text was found in this file. Add one that holds text.")
    return text


def _read(kind: str, data: bytes) -> Text:
    if kind == "application/pdf":
        return read_pdf(data)
    if kind == "text/html":
        return read_html(data)
    if kind == "text/markdown":
        return read_markdown(decode(data))
    return read_plain(decode(data)) if kind == "text/plain" else read_docx(data)
