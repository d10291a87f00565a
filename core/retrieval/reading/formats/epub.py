"""EPUB books: their chapters in reading order, by the HTML reader."""

from __future__ import annotations

import io
import posixpath
import zipfile
from urllib.parse import unquote
from xml.etree import ElementTree

from selectolax.lexbor import LexborHTMLParser

from core.errors import DocumentError
from core.retrieval.reading.formats.archive import broken, check_archive
from core.retrieval.reading.formats.html import add_html
from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.outline import Outline, Text

_PAGES = ("application/xhtml+xml", "text/html")


def read_epub(data: bytes) -> Text:
    """The blocks of a book under the headings of its chapters.

    Raises:
        DocumentError: it is damaged, protected, or not a book.
        TooLarge: it unpacks to more, or holds more text, than is taken.
    """
    check_archive(data, ".epub")
    outline = Outline()
    with broken(".epub"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        container = _xml(archive, "META-INF/container.xml")
        package = next(element.get("full-path", "") for element in container.iter() if _name(element) == "rootfile")
        opf = _xml(archive, package)
        folder = posixpath.dirname(package)
        locked, chapters = _locked(archive), _chapters(archive, opf, folder)
        for path in _spine(opf, folder):
            if path in locked:
                raise DocumentError("This book is protected against copying. Add a copy without protection.")
            if path in archive.NameToInfo:
                _page(LexborHTMLParser(decode(archive.read(path))), chapters.get(path), outline)
        title = next((element.text for element in opf.iter() if _name(element) == "title"), None)
    return outline.finish(title)


def _spine(opf: ElementTree.Element, folder: str) -> list[str]:
    """The pages of the book in reading order, as paths in the archive."""
    items = {element.get("id"): element for element in opf.iter() if _name(element) == "item"}
    order = (items.get(element.get("idref")) for element in opf.iter() if _name(element) == "itemref")
    pages = [item for item in order if item is not None and item.get("media-type") in _PAGES]
    return [_path(folder, item.get("href", "")) for item in pages]


def _chapters(archive: zipfile.ZipFile, opf: ElementTree.Element, folder: str) -> dict[str, str]:
    """The names that the table of contents gives to pages, by their paths in the archive."""
    found: dict[str, str] = {}
    for item in (element for element in opf.iter() if _name(element) == "item"):
        path = _path(folder, item.get("href", ""))
        if path not in archive.NameToInfo:
            continue
        if "nav" in item.get("properties", "").split():
            links = LexborHTMLParser(decode(archive.read(path))).css("nav a[href]")
            names = [(link.attributes["href"] or "", link.text()) for link in links]
        elif item.get("media-type") == "application/x-dtbncx+xml":
            names = _points(_xml(archive, path))
        else:
            continue
        for address, name in names:
            found.setdefault(_path(posixpath.dirname(path), address.partition("#")[0]), name)
    return found


def _points(ncx: ElementTree.Element) -> list[tuple[str, str]]:
    points = (element for element in ncx.iter() if _name(element) == "navPoint")
    return [
        (
            next((e.get("src", "") for e in point if _name(e) == "content"), ""),
            next(("".join(e.itertext()).strip() for e in point if _name(e) == "navLabel"), ""),
        )
        for point in points
    ]


def _page(tree: LexborHTMLParser, name: str | None, outline: Outline) -> None:
    """Adds a page of the book; where it has no heading of its own, it stands under its name in the contents."""
    if name and tree.css_first("h1, h2, h3") is None:
        outline.heading(1, name)
    add_html(tree, outline)


def _path(folder: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(address)))


def _locked(archive: zipfile.ZipFile) -> set[str]:
    if "META-INF/encryption.xml" not in archive.NameToInfo:
        return set()
    listed = _xml(archive, "META-INF/encryption.xml")
    return {unquote(e.get("URI", "")) for e in listed.iter() if _name(e) == "CipherReference"}


def _xml(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    data = archive.read(path)
    if b"<!ENTITY" in data:  # None of these files needs one, and entities can be made to grow without end.
        raise ValueError("entities")
    return ElementTree.fromstring(data)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
