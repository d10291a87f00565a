"""Word documents become blocks under headings."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from docx.document import Document

from core.errors import DocumentError, TooLarge
from core.retrieval.reading.outline import Block
from core.retrieval.reading.read import read
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.reading.formats.build import ENTITIES, patched, rows, saved, texts, zipped

FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"


def changed(document: Document, old: bytes, new: bytes) -> bytes:
    data = saved(document)
    return patched(data, "word/document.xml", lambda xml: xml.replace(old, new))


def words(*paragraphs: str) -> Document:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return document


def test_headings_and_tables_are_kept() -> None:
    """The title style names the document; a row names its columns."""
    text = read("harbour-rules.docx", (SAMPLES / "harbour-rules.docx").read_bytes())
    assert text.title == "Rules of the harbour"
    row = "Length of the boat: 8 to 12 metres · Mooring fee for a night: 16 crowns"
    assert Block(row, "Mooring fees", None, "row") in text.blocks


def test_styles_made_from_headings_are_headings() -> None:
    """As are those with an outline level."""
    document = docx.Document()
    style = document.styles.add_style("Clause", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Duties", style="Clause")
    document.add_paragraph("Feed the cats.")
    assert rows(read("a.docx", saved(document))) == [("Duties", "Feed the cats.")]


def test_what_is_wrapped_in_controls_and_changes_is_read() -> None:
    """Tracked insertions count, deletions do not; content controls are looked into."""
    document = words("first", "second", "third")
    data = changed(document, b"<w:r><w:t>second</w:t></w:r>", b"<w:ins><w:r><w:t>new</w:t></w:r></w:ins>"
                   b"<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
                   b"<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>")  # fmt: skip
    data = patched(
        data,
        "word/document.xml",
        lambda xml: xml.replace(
            b"<w:p><w:r><w:t>third</w:t></w:r></w:p>",
            b"<w:sdt><w:sdtContent><w:p><w:r><w:t>third</w:t><w:tab/><w:t>x</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        ),
    )
    assert texts(read("a.docx", data)) == ["first", "new", "third x"]


def test_merged_cells_and_bold_headers() -> None:
    """A bold first row names the columns; a cell that spans rows is said in each."""
    document = docx.Document()
    table = document.add_table(3, 2)
    for i, text in enumerate(["Who", "What", "Anna", "sings", "", "dances"]):
        table.cell(i // 2, i % 2).paragraphs[0].add_run(text).bold = i < 2
    table.cell(1, 0).merge(table.cell(2, 0))
    assert texts(read("a.docx", saved(document))) == ["Who: Anna · What: sings", "Who: Anna · What: dances"]


def test_a_frame_is_no_table() -> None:
    """What stands in a single column is read as text, with the table in it."""
    document = docx.Document()
    frame = document.add_table(1, 1).cell(0, 0)
    frame.paragraphs[0].text = "Note"
    inner = frame.add_table(2, 2)
    for i, text in enumerate(["Fish", "Price", "Herring", "12"]):
        inner.cell(i // 2, i % 2).text = text
    assert texts(read("a.docx", saved(document))) == ["Note", "Fish: Herring · Price: 12"]


def test_footnotes_follow_their_paragraph() -> None:
    """Where a reader would look them up."""
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="2"><w:p>'
        "<w:r><w:t>By Ada Holm.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    reference = b'claim</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
    data = changed(words("claim", "next"), b"claim</w:t></w:r>", reference)
    relation = f'<Relationship Id="rId99" Type="{FOOTNOTES}" Target="footnotes.xml"/></Relationships>'.encode()
    data = patched(data, "word/_rels/document.xml.rels", lambda xml: xml.replace(b"</Relationships>", relation))
    assert texts(read("a.docx", _with(data, "word/footnotes.xml", notes))) == ["claim", "By Ada Holm.", "next"]


def test_entities_are_not_resolved() -> None:
    """A few lines that would grow to gigabytes cost nothing."""
    data = patched(
        saved(words("hello")),
        "word/document.xml",
        lambda xml: ENTITIES + xml.partition(b"?>")[2].replace(b"hello", b"&a9;"),
    )
    with pytest.raises(DocumentError):
        read("a.docx", data)


def test_a_zip_bomb_is_refused_unopened() -> None:
    """What would unpack to more than 200 MB is not unpacked."""
    with pytest.raises(TooLarge, match="200 MB"):
        read("a.docx", zipped({"word/document.xml": bytes(201 * 1024 * 1024)}))


def _with(data: bytes, name: str, text: str) -> bytes:
    """An archive with one file more, of a kind that is declared."""
    part = f'<Override PartName="/{name}" ContentType="application/xml"/></Types>'.encode()
    file = io.BytesIO(patched(data, "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", part)))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, text)
    return file.getvalue()
