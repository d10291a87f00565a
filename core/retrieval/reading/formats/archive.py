"""What Word, PowerPoint, Excel and EPUB files are inside: zip archives, checked before anything unpacks them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import DocumentError, ThroughlineError, TooLarge

_UNPACKED_LIMIT = 200 * 1024 * 1024
_ENTRY_LIMIT = 20_000
_INSIDE = {".docx": "word/", ".pptx": "ppt/", ".xlsx": "xl/", ".epub": "META-INF/container.xml"}


def check_archive(data: bytes, suffix: str) -> None:
    """Makes sure that a file is of the kind that goes with `suffix` and does not unpack to more than is taken.

    Raises:
        DocumentError: it is damaged, encrypted or of another kind.
        TooLarge: it unpacks to more than 200 MB.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # An OLE file: encrypted, or of an old kind under a new name.
        raise DocumentError(f"This file is encrypted or in an old format. Save it as a plain {suffix} file.")
    with broken(suffix), zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > _UNPACKED_LIMIT or len(entries) > _ENTRY_LIMIT:
        raise TooLarge("This file unpacks to more than 200 MB. Remove its pictures or split it.")
    for kind, inside in _INSIDE.items():
        if kind != suffix and any(e.filename.startswith(inside) for e in entries) and not _is(entries, suffix):
            raise DocumentError(f"This file is named {suffix} but is a {kind} file. Rename it and add it again.")


def _is(entries: list[zipfile.ZipInfo], suffix: str) -> bool:
    return any(entry.filename.startswith(_INSIDE[suffix]) for entry in entries)


@contextmanager
def broken(suffix: str) -> Iterator[None]:
    """Says of anything that goes wrong inside that the file is damaged; a lack of memory is told as such.

    Raises:
        DocumentError: something went wrong.
    """
    try:
        yield
    except (ThroughlineError, MemoryError):
        raise
    except Exception as error:  # The libraries let the errors of zipfile, lxml and their own lookups through.
        if "memory" in str(error).lower():  # lxml's way of saying so.
            raise MemoryError from error
        raise DocumentError(
            f"This {suffix} file is damaged and cannot be read. Open it in the program that made it, save it as "
            f"{suffix} and add it again."
        ) from error
