"""Pages of a PDF are drawn with the quote marked."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdfium2 as pdfium
import pytest
from PIL import Image

from core.errors import DocumentError
from core.retrieval.reading.formats.pdf_page import draw, spans
from core.retrieval.reading.page_image import PageImages, page_image
from core.retrieval.reading.read import read
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.reading.formats.build import written

LIGHTHOUSE = (SAMPLES / "lighthouse.pdf").read_bytes()


@pytest.fixture
def images() -> Iterator[PageImages]:
    opened = PageImages()
    yield opened
    opened.close()


def marked(png: bytes) -> tuple[int, int, int, int] | None:
    """The box around all that is yellow: left, top, right, bottom."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    red, _, blue = image.split()
    yellow = Image.composite(
        blue.point(lambda v: 255 if v < 200 else 0),
        Image.new("L", image.size),
        red.point(lambda v: 255 if v > 230 else 0),
    )
    return yellow.getbbox()


def test_every_passage_is_found_on_its_page() -> None:
    """As it was read: lines joined and hyphens mended."""
    for block in read("lighthouse.pdf", LIGHTHOUSE).blocks:
        assert block.page is not None
        assert marked(draw(LIGHTHOUSE, block.page, block.text)) is not None, block.text


def test_the_mark_is_where_the_words_are() -> None:
    """A line in the upper half is marked there, and only there."""
    data = written(("First line here.", "Second line here.", "Third line here."))
    first, third = (marked(draw(data, 1, text)) for text in ("First line here.", "Third line here."))
    both = marked(draw(data, 1, "First line here. Second line here. Third line here."))
    assert first is not None and third is not None and both is not None
    assert first[3] < third[1] < 400
    assert (both[1], both[3]) == (first[1], third[3])


def test_the_picture_is_a_thousand_pixels_wide() -> None:
    """Unless that would make it very tall; a page of any size can be drawn."""
    assert Image.open(io.BytesIO(draw(LIGHTHOUSE, 1, ""))).width == pytest.approx(1000, abs=1)
    document = pdfium.PdfDocument.new()
    document.new_page(1, 14_400)
    file = io.BytesIO()
    document.save(file)
    assert Image.open(io.BytesIO(draw(file.getvalue(), 1, "x"))).height <= 3001


def test_without_a_match_the_page_is_plain() -> None:
    """As it is without a quote."""
    assert marked(draw(LIGHTHOUSE, 1, "")) is None
    assert draw(LIGHTHOUSE, 1, "Nothing of the kind stands there.") == draw(LIGHTHOUSE, 1, "")


def test_white_space_and_hyphens_do_not_matter() -> None:
    """Where the whole is not found, its sentences are looked for."""
    page = list("The lamp was re-\r\nplaced in 1891. It  burned oil.")
    assert spans(page, "The lamp was replaced in 1891.") == [(0, 33)]
    assert spans(page, "Not here at all. It burned oil.") == [("".join(page).index("It"), len(page))]
    assert spans(page, "- \n") == []


def test_pages_are_drawn_in_a_process(images: PageImages) -> None:
    """The same as here; a broken file or a wrong page gets a sentence, and the next is drawn."""
    with pytest.raises(DocumentError, match="no page 9"):
        images.draw(LIGHTHOUSE, 9, "")
    with pytest.raises(DocumentError, match="damaged"):
        images.draw(b"%PDF-1.7 and then nothing", 1, "")
    assert images.draw(LIGHTHOUSE, 3, "Josef Lund") == draw(LIGHTHOUSE, 3, "Josef Lund")


def test_one_call_is_enough() -> None:
    """The process is looked after."""
    assert marked(page_image(LIGHTHOUSE, 3, "Josef Lund")) is not None
