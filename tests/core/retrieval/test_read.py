"""Files of every kind become blocks, and files that cannot are refused with a sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pypdfium2 as pdfium
import pytest

from core.errors import DocumentError, ThroughlineError, TooLarge, Unsupported
from core.retrieval import read as reading
from core.retrieval.formats.pdf import paragraphs
from core.retrieval.outline import Block, Text
from core.retrieval.read import check, media_type, read
from tests.core.retrieval.conftest import SAMPLES


def sample(name: str) -> Text:
    return read(name, (SAMPLES / name).read_bytes())


def texts(text: Text) -> list[str]:
    return [block.text for block in text.blocks]


def word(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as entry:
        for _ in range(201):
            entry.write(bytes(1024 * 1024))
    return file.getvalue()


def blank_pdf() -> bytes:
    document = pdfium.PdfDocument.new()
    document.new_page(200, 200)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_markdown_keeps_its_structure() -> None:
    """Headings become paths without the title, markup goes, lists, tables and code stay in order."""
    text = read(
        "a.md",
        b"# Title\r\n\r\nSome *bold*\r\nwords.\r\n\r\n## One\r\n\r\n- a `c`\r\n- b\r\n\r\n### Two\r\n\r\n"
        b"| x | y |\r\n|---|---|\r\n| 1 | 2 |\r\n\r\n```py\r\nif a:\r\n    b\r\n```\r\n"
        b"\r\n## Bare\r\n\r\n## Three\r\n\r\nz\r\n",
    )
    assert text == Text(
        "Title",
        (
            Block("Some bold words."),
            Block("a c", "One"),
            Block("b", "One"),
            Block("x | y", "One › Two"),
            Block("1 | 2", "One › Two"),
            Block("if a:\n    b", "One › Two"),
            Block("Bare"),
            Block("z", "Three"),
        ),
    )


def test_front_matter_names_a_markdown_file() -> None:
    """Its title counts, the rest of it is no text."""
    text = read("a.md", b'---\ntitle: "A name"\ntags: [x]\n---\nWords.\n')
    assert text == Text("A name", (Block("Words."),))


def test_html_gives_words_without_machinery() -> None:
    """Navigation, scripts, styles and footers are dropped; blocks, tables and line breaks divide."""
    text = sample("bakery.html")
    assert text.title == "The Tide and Crumb bakery"
    assert Block("Seaweed loaf | 6", "Prices") in text.blocks
    assert {block.heading for block in text.blocks} == {None, "Opening hours", "The seaweed loaf", "Prices"}
    assert not any(word in text.content for word in ("Home", "console", "font-family", "<", "4 Rope Street"))


def test_html_in_another_encoding_is_read() -> None:
    """What the page declares is believed."""
    page = '<meta charset="iso-8859-2"><p>Łódź<br>and more<p>two <b>w</b>ords'
    assert texts(read("a.htm", page.encode("iso-8859-2"))) == ["Łódź\nand more", "two words"]


def test_deeply_nested_html_is_read() -> None:
    """Nesting deeper than Python's own stack exhausts nothing."""
    assert "deep" in read("a.html", b"<div>" * 5_000 + b"deep").content


def test_word_files_keep_headings_and_tables() -> None:
    """The title style names the document; a row is a block."""
    text = sample("harbour-rules.docx")
    assert text.title == "Rules of the harbour"
    assert Block("8 to 12 metres | 16 crowns", "Mooring fees") in text.blocks


def test_pdf_keeps_pages() -> None:
    """Every block knows its page, and the title is the file's."""
    text = sample("lighthouse.pdf")
    assert text.title == "The lighthouse on Gull Point"
    assert {block.page for block in text.blocks} == {1, 2, 3}
    assert next(block.page for block in text.blocks if "Josef Lund" in block.text) == 3


def test_pdf_lines_become_paragraphs() -> None:
    """Lines are joined, a hyphen at a line's end is mended, a short last line and a heading divide."""
    page = (
        "The heading\r\nThis is a long line of a paragraph that goes on and is inter-\r\n"
        "rupted by the end of the line.\r\nAnother paragraph that begins with a line as long as this\r\nends."
    )
    assert paragraphs(page) == [
        "The heading",
        "This is a long line of a paragraph that goes on and is interrupted by the end of the line.",
        "Another paragraph that begins with a line as long as this ends.",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_plain_text_is_decoded(encoding: str) -> None:
    """With a byte order mark or without, Unicode or Windows-1252."""
    assert texts(read("a.txt", "Grüße, naïve café.\n\nTwo".encode(encoding))) == ["Grüße, naïve café.", "Two"]


def test_a_short_first_line_is_the_title_of_plain_text() -> None:
    """It stands alone and ends no sentence."""
    assert sample("ferry.txt").title == "The ferry Grey Heron: times and fares"
    assert read("a.txt", b"A sentence.\n\nAnother.").title is None


@pytest.mark.parametrize(
    ("name", "data", "error", "says"),
    [
        ("a.exe", b"MZ", Unsupported, "PDF"),
        ("noending", b"words", Unsupported, "ending"),
        ("a.txt", b"", DocumentError, "empty"),
        ("a.md", b" \n\t ", DocumentError, "empty"),
        ("a.txt", bytes(range(256)) * 40, DocumentError, "UTF-8"),
        ("a.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", DocumentError, "UTF-8"),
        ("a.html", b"<html><script>x</script></html>", DocumentError, "No text"),
        ("a.pdf", b"words", DocumentError, "no PDF"),
        ("a.pdf", b"%PDF-1.7 and then nothing", DocumentError, "damaged"),
        ("a.pdf", blank_pdf(), DocumentError, "OCR"),
        ("a.docx", b"PK\x03\x04 broken", DocumentError, "save it as .docx"),
        ("a.docx", b"\xd0\xcf\x11\xe0 old", DocumentError, "encrypted"),
        ("a.docx", word(), DocumentError, "No text"),
        ("a.docx", word("x" * 100)[:-200], DocumentError, "save it as .docx"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    name: str, data: bytes, error: type[ThroughlineError], says: str
) -> None:
    """The message says what to do about it."""
    with pytest.raises(error, match=says) as caught:
        read(name, data)
    assert caught.value.message.endswith(".")


def test_an_encrypted_pdf_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    """A password is named as the reason."""
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(DocumentError, match="password"):
        read("a.pdf", (tmp_path / "a.pdf").read_bytes())


def test_a_zip_bomb_is_refused_unopened() -> None:
    """What would unpack to more than 200 MB is not unpacked."""
    with pytest.raises(TooLarge, match="200 MB"):
        read("a.docx", zip_bomb())


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit it is taken, above it is not."""
    monkeypatch.setattr(reading, "SIZE_LIMIT", 10)
    assert check("a.txt", b"x" * 10) == "text/plain"
    with pytest.raises(TooLarge, match="50 MB"):
        check("a.txt", b"x" * 11)


def test_endings_are_compared_without_case() -> None:
    """A.PDF is a PDF."""
    assert media_type("A.PDF") == "application/pdf"
