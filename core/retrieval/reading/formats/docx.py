"""Word documents: paragraphs, headings, tables and notes in order, by python-docx."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import docx
from docx.document import Document as DocxDocument
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from core.retrieval.reading.formats.archive import broken, check_archive
from core.retrieval.reading.formats.docx_table import header_of, rows_of
from core.retrieval.reading.formats.docx_text import W, paragraph_text, text_of, within
from core.retrieval.reading.formats.tables import add_table
from core.retrieval.reading.outline import Outline, Text

_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # What a newer element says again.
_TITLE = 0


def read_docx(data: bytes) -> Text:
    """The blocks of a Word document under its headings; what was deleted under track changes is left out.

    Raises:
        DocumentError: it is damaged, encrypted or not a Word document.
        TooLarge: it unpacks to more, or holds more text, than is taken.
    """
    check_archive(data, ".docx")
    with broken(".docx"):
        document = docx.Document(io.BytesIO(data))
        outline = Outline()
        _Walk(document, outline).blocks(document.element.body)
        title = document.core_properties.title
    return outline.finish(title if title and title != "Word Document" else None)


class _Walk:
    def __init__(self, document: DocxDocument, outline: Outline) -> None:
        self._outline = outline
        self._levels = dict(_levels(document))
        self._notes = dict(_notes(document))
        for element in list(document.element.body.iter(_FALLBACK, W + "moveFrom", W + "del")):
            if (parent := element.getparent()) is not None:
                parent.remove(element)

    def blocks(self, container: BaseOxmlElement) -> None:
        for element in within(container, "p", "tbl"):
            if element.tag == W + "p":
                self._paragraph(element)
            else:
                self._table(element)

    def _paragraph(self, paragraph: BaseOxmlElement) -> None:
        text = paragraph_text(paragraph)
        level = self._level(paragraph)
        if level is None:
            self._outline.add(text)
        elif level == _TITLE:
            self._outline.title(text)
        else:
            self._outline.heading(level, text)
        for reference in paragraph.iter(W + "footnoteReference", W + "endnoteReference"):
            self._outline.add(self._notes.get((reference.tag, reference.get(W + "id", "")), ""))

    def _level(self, paragraph: BaseOxmlElement) -> int | None:
        told = paragraph.xpath("./w:pPr/w:outlineLvl/@w:val")
        if told and told[0].isdigit() and int(told[0]) < 9:
            return int(told[0]) + 1
        style = paragraph.xpath("./w:pPr/w:pStyle/@w:val")
        return self._levels.get(style[0]) if style else None

    def _table(self, table: BaseOxmlElement) -> None:
        rows = rows_of(table)
        if max(map(len, rows), default=0) > 1:
            add_table(self._outline, rows, header=header_of(table))
        else:  # A frame around something, not a table.
            for cell in within(table, "tc"):
                self.blocks(cell)


def _levels(document: DocxDocument) -> Iterator[tuple[str, int]]:
    """The styles that make headings, by id: their own name or outline level counts, or that of their parents."""
    for style in document.styles:
        ancestor = style
        for _ in range(10):
            name = re.fullmatch(r"heading (\d)|(title)", (ancestor.name or "").lower())
            told = ancestor.element.xpath("./w:pPr/w:outlineLvl/@w:val")
            if name:
                yield style.style_id, int(name.group(1) or _TITLE)
                break
            if told and told[0].isdigit():
                yield from [(style.style_id, int(told[0]) + 1)] if int(told[0]) < 9 else []
                break
            ancestor = getattr(ancestor, "base_style", None)
            if ancestor is None:
                break


def _notes(document: DocxDocument) -> Iterator[tuple[tuple[str, str], str]]:
    """The text of every footnote and endnote, by the tag of its reference and its id."""
    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind not in ("footnotes", "endnotes") or relation.is_external:
            continue
        for note in parse_xml(relation.target_part.blob).iterchildren(qn(f"w:{kind[:-1]}")):
            yield (W + f"{kind[:-1]}Reference", note.get(W + "id", "")), text_of(note)
