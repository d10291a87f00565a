"""Files as their programs save them, built with the libraries that read them, and broken on purpose."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl

from core.retrieval.reading.outline import Text
from core.retrieval.reading.read import read

ENTITIES = b'<!DOCTYPE a [<!ENTITY a0 "lol">%s]>' % b"".join(
    b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10)
)
"""Declares `&a9;`, which is three thousand million characters long."""


def saved(document: Any) -> bytes:
    """The bytes of a document of python-docx, python-pptx or openpyxl."""
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def zipped(files: dict[str, bytes | str]) -> bytes:
    """A zip archive of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def patched(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """An archive in which one file was changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    assert name in files
    return zipped({**files, name: change(files[name])})


def workbook(*rows: Sequence[object], name: str = "People") -> bytes:
    """A workbook with one sheet."""
    book = openpyxl.Workbook()
    book.active.title = name
    for row in rows:
        book.active.append(row)
    return saved(book)


def with_cells(data: bytes, cells: bytes) -> bytes:
    """A workbook whose first sheet holds these rows, in Excel's own XML."""
    return patched(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(
            rb"<sheetData>.*</sheetData>", b"<sheetData>" + cells + b"</sheetData>", xml, flags=re.DOTALL
        ),
    )


def written(*pages: tuple[str | tuple[str, int], ...], bookmarks: tuple[tuple[str, int], ...] = ()) -> bytes:
    """A PDF with these lines on its pages, some with a size, and bookmarks to pages that are counted from 1."""
    count = len(pages)
    objects = [
        f"<</Type/Catalog/Pages 2 0 R/Outlines {4 + 2 * count} 0 R>>",
        f"<</Type/Pages/Count {count}/Kids[{' '.join(f'{4 + 2 * i} 0 R' for i in range(count))}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for i, lines in enumerate(pages):
        sized = [(line, 12) if isinstance(line, str) else line for line in lines]
        stream = "BT 50 700 Td 16 TL " + " ".join(f"/F {size} Tf ({line}) Tj T*" for line, size in sized) + " ET"
        font = f"/Resources<</Font<</F 3 0 R>>>>/Contents {5 + 2 * i} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]{font}>>")
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    first, last = 5 + 2 * count, 4 + 2 * count + len(bookmarks)
    objects.append(f"<</Type/Outlines/First {first} 0 R/Last {last} 0 R>>" if bookmarks else "<<>>")
    for i, (name, page) in enumerate(bookmarks):
        following = f"/Next {first + i + 1} 0 R" if i + 1 < len(bookmarks) else ""
        objects.append(f"<</Title({name})/Parent {first - 1} 0 R{following}/Dest[{2 + 2 * page} 0 R/Fit]>>")
    data, places = b"%PDF-1.4\n", []
    for i, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{i} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\n"
    return data + f"{end}startxref\n{len(data)}\n%%EOF".encode()


def texts(text: Text) -> list[str]:
    """The texts of the blocks."""
    return [block.text for block in text.blocks]


def rows(text: Text) -> list[tuple[str | None, str]]:
    """The headings and texts of the blocks."""
    return [(block.heading, block.text) for block in text.blocks]


def read_text(name: str, text: str) -> Text:
    """What reading a file that holds `text` gives."""
    return read(name, text.encode())
