"""Books: chapters in reading order."""

from __future__ import annotations

import pytest

from core.errors import DocumentError
from core.retrieval.reading.outline import Block, Text
from core.retrieval.reading.read import read
from tests.core.retrieval.reading.formats.build import ENTITIES, zipped

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
OPF = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>The keepers</dc:title></metadata>
<manifest><item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="c" href="cover.png" media-type="image/png"/>
<item id="gone" href="gone.xhtml" media-type="text/html"/></manifest>
<spine><itemref idref="c"/><itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/></spine></package>"""
BOOK: dict[str, bytes | str] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": OPF,
    "OEBPS/two b.xhtml": "<html><body><h1>Later</h1><p>Second.</p></body></html>",
    "OEBPS/text/one.xhtml": "<?xml version='1.0'?><html><body><h1>Début</h1><p>First.</p></body></html>",
}


def test_chapters_come_in_the_order_of_the_spine() -> None:
    """Under their headings; the title is the book's."""
    assert read("a.epub", zipped(BOOK)) == Text("The keepers", (Block("First.", "Début"), Block("Second.", "Later")))


NAV = '<html><body><nav><ol><li><a href="text/plain.xhtml#a">The storm</a></ol></nav></body></html>'
NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The storm</text></navLabel>'
    '<content src="text/plain.xhtml"/></navPoint></navMap></ncx>'
)


@pytest.mark.parametrize(
    ("item", "contents"),
    [
        ('href="toc" media-type="application/xhtml+xml" properties="nav"', NAV),
        ('href="toc" media-type="application/x-dtbncx+xml"', NCX),
    ],
)
def test_a_chapter_without_a_heading_has_its_name_in_the_contents(item: str, contents: str) -> None:
    """In old books and new."""
    page = '<item id="p" href="text/plain.xhtml" media-type="application/xhtml+xml"/>'
    opf = OPF.replace("<manifest>", f'<manifest><item id="toc" {item}/>{page}').replace(
        "</spine>", '<itemref idref="p"/></spine>'
    )
    files = {**BOOK, "OEBPS/book.opf": opf, "OEBPS/toc": contents, "OEBPS/text/plain.xhtml": "<p>It blew.</p>"}
    assert read("a.epub", zipped(files)).blocks[-1] == Block("It blew.", "The storm")


def test_a_protected_book_is_refused() -> None:
    """It cannot be read without its key."""
    locked = (
        '<encryption xmlns:e="urn:x"><e:CipherData><e:CipherReference URI="OEBPS/two%20b.xhtml"/></e:CipherData>'
        "</encryption>"
    )
    with pytest.raises(DocumentError, match="protected"):
        read("a.epub", zipped({**BOOK, "META-INF/encryption.xml": locked}))


@pytest.mark.parametrize(
    "files",
    [
        {**BOOK, "META-INF/container.xml": "<container/>"},
        {**BOOK, "OEBPS/book.opf": "<package"},
        {**BOOK, "OEBPS/book.opf": ENTITIES + b"<package>&a9;</package>"},
        {"META-INF/container.xml": CONTAINER},
    ],
)
def test_a_broken_book_is_refused(files: dict[str, bytes | str]) -> None:
    """With what to do about it."""
    with pytest.raises(DocumentError, match=r"save it as \.epub"):
        read("a.epub", zipped(files))
