"""Files of every kind are read by their names, and files that cannot be are refused with a sentence."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import docx
import pytest

from core.errors import DocumentError, ThroughlineError, TooLarge, Unsupported
from core.retrieval.reading import read as reading
from core.retrieval.reading.kinds import INSTEAD, READERS
from core.retrieval.reading.read import MEDIA_TYPES, check, media_type, read
from tests.core.retrieval.reading.formats.build import saved, workbook, written, zipped

ROOT = Path(__file__).parents[4]


def word(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return saved(document)


@pytest.mark.parametrize("kind", sorted(set(MEDIA_TYPES.values())))
def test_every_kind_has_its_reader(kind: str) -> None:
    """The table names functions that are there."""
    module, function = READERS[kind]
    assert callable(getattr(import_module(f"core.retrieval.reading.formats.{module}"), function))


def test_a_kind_is_told_by_the_name() -> None:
    """Endings are compared without case; some files have a name instead."""
    assert media_type("A.PDF") == "application/pdf"
    assert media_type("LICENSE") == media_type("a.tar.log") == "text/plain"
    assert media_type("Makefile") == "text/x-makefile"


def test_markdown_loads_no_other_parser() -> None:
    """What reads plain files starts quickly and stays small."""
    work = (
        "import sys\nfrom core.retrieval.reading.read import read\nread('a.md', b'# A')\n"
        "print([n for n in ('openpyxl', 'docx', 'pptx', 'lxml', 'selectolax', 'pypdfium2', 'PIL') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", work], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "data", "error", "says"),
    [
        ("a.exe", b"MZ", Unsupported, "PDF"),
        ("noending", b"words", Unsupported, "ending"),
        (".env", b"KEY=1", Unsupported, "ending"),
        ("a.doc", b"\xd0\xcf\x11\xe0", Unsupported, "Save it as .docx"),
        ("a.txt", b"", DocumentError, "empty"),
        ("a.md", b" \n\t ", DocumentError, "empty"),
        ("a.txt", bytes(range(256)) * 40, DocumentError, "UTF-8"),
        ("a.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", DocumentError, "named .md but is a picture"),
        ("a.txt", written(("Words.",)), DocumentError, "named .txt but is a PDF"),
        ("a.csv", workbook(["x"]), DocumentError, "named .csv but is a packed file"),
        ("readme", word("x"), DocumentError, "packed file"),
        ("a.docx", workbook(["x"]), DocumentError, "named .docx but is a .xlsx file"),
        ("a.xlsx", word("x"), DocumentError, "named .xlsx but is a .docx file"),
        ("a.pptx", b"words", DocumentError, "save it as .pptx"),
        ("a.html", b"<html><script>x</script></html>", DocumentError, "No text"),
        ("a.pdf", b"words", DocumentError, "no PDF"),
        ("a.docx", b"PK\x03\x04 broken", DocumentError, "save it as .docx"),
        ("a.docx", b"\xd0\xcf\x11\xe0 old", DocumentError, "encrypted"),
        ("a.docx", word(), DocumentError, "No text"),
        ("a.docx", word("x" * 100)[:-200], DocumentError, "save it as .docx"),
        ("a.xlsx", zipped({"xl/workbook.xml": "<a/>"}), DocumentError, "save it as .xlsx"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    name: str, data: bytes, error: type[ThroughlineError], says: str
) -> None:
    """The message says what to do about it."""
    with pytest.raises(error, match=says) as caught:
        read(name, data)
    assert caught.value.message.endswith(".")


def test_what_is_not_taken_is_told_briefly() -> None:
    """Nobody reads a list of ninety endings; and what to save as is itself taken."""
    with pytest.raises(Unsupported) as caught:
        media_type("a.exe")
    assert len(caught.value.message) < 160
    assert not set(INSTEAD) & set(MEDIA_TYPES)
    assert {ending for told in INSTEAD.values() for ending in told.split(" or ")} <= set(MEDIA_TYPES)


def test_an_encrypted_pdf_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    """A password is named as the reason."""
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(DocumentError, match="password"):
        read("a.pdf", (tmp_path / "a.pdf").read_bytes())


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit it is taken, above it is not."""
    monkeypatch.setattr(reading, "SIZE_LIMIT", 10)
    assert check("a.txt", b"x" * 10) == "text/plain"
    with pytest.raises(TooLarge, match="50 MB"):
        check("a.txt", b"x" * 11)
