"""Reading: the bytes of a file become `Text`, or an error that says what to do about it."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from typing import cast

from core.errors import DocumentError, TooLarge, Unsupported
from core.retrieval.reading.kinds import INSTEAD, MEDIA_TYPES, NAMES, READERS, SIGNATURES
from core.retrieval.reading.outline import Text

__all__ = ["MEDIA_TYPES", "SIZE_LIMIT", "check", "media_type", "read"]

SIZE_LIMIT = 50 * 1024 * 1024
_PACKED = (".docx", ".pptx", ".xlsx", ".xlsm", ".epub")


def media_type(filename: str) -> str:
    """The media type that goes with a file's name.

    Raises:
        Unsupported: files of this kind are not taken.
    """
    path = PurePath(filename)
    suffix = path.suffix.lower()
    if kind := MEDIA_TYPES.get(suffix) or NAMES.get(path.name.lower()):
        return kind
    if suffix in INSTEAD:
        raise Unsupported(f"“{suffix}” files are not taken. Save it as {INSTEAD[suffix]} and add that.")
    files = f"“{suffix}” files are" if suffix else "A file without an ending such as .txt is"
    raise Unsupported(
        f"{files} not taken. Add text, Markdown, web pages, PDF, Word, PowerPoint, Excel, CSV, EPUB, e-mail or code."
    )


def check(filename: str, data: bytes) -> str:
    """The media type of a file that may be read; looks at no more than its name, size and first bytes.

    Raises:
        Unsupported: files of this kind are not taken.
        TooLarge: it is over 50 MB.
        DocumentError: it is empty, or not what its name says.
    """
    kind = media_type(filename)
    if not data or data.isspace():
        raise DocumentError("This file is empty. Add one that holds text.")
    if len(data) > SIZE_LIMIT:
        raise TooLarge("This file is over 50 MB. Split it, or save it without pictures.")
    _check_name(PurePath(filename).suffix.lower(), data)
    return kind


def read(filename: str, data: bytes) -> Text:
    """The text of a file.

    Raises:
        Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
    """
    module, function = READERS[check(filename, data)]
    # Imported only now: a process that reads Markdown alone should not carry the parsers of all the others.
    reader = getattr(import_module(f"core.retrieval.reading.formats.{module}"), function)
    text = cast(Text, reader(data))
    if not text.blocks:
        raise DocumentError("No text was found in this file. Add one that holds text.")
    return text


def _check_name(suffix: str, data: bytes) -> None:
    if suffix == ".pdf":
        if b"%PDF-" not in data[:1024]:
            raise DocumentError("This file is named .pdf but is no PDF. Give it its right ending and add it again.")
        return
    for signature, what, endings in SIGNATURES:
        if data.startswith(signature) and suffix not in endings:
            raise DocumentError(
                f"This file is named {suffix or 'like text'} but is {what}. Give it its right ending and add it again."
            )
    if suffix in _PACKED and not data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise DocumentError(
            f"This file is named {suffix} but is none: it is damaged or of another kind. Open it in the program that "
            f"made it, save it as {suffix} and add it again."
        )
