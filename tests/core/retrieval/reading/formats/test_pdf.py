"""PDF: paragraphs with their pages."""

from __future__ import annotations

import pytest

from core.errors import DocumentError
from core.retrieval.reading.formats.pdf import paragraphs
from core.retrieval.reading.outline import Block
from core.retrieval.reading.read import read
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.reading.formats.build import written


def test_pages_are_kept() -> None:
    """Every block knows its page, and the title is the file's."""
    text = read("lighthouse.pdf", (SAMPLES / "lighthouse.pdf").read_bytes())
    assert text.title == "The lighthouse on Gull Point"
    assert {block.page for block in text.blocks} == {1, 2, 3}
    assert next(block.page for block in text.blocks if "Josef Lund" in block.text) == 3


def test_lines_become_paragraphs() -> None:
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


def test_bookmarks_are_headings() -> None:
    """One that is written on its page becomes a heading there, another stands above its page."""
    pages = (
        ("Before.", "The Light", "It burns oil.", "It is red and seen from far away on the sea."),
        ("The keepers left.",),
    )
    text = read("a.pdf", written(*pages, bookmarks=(("The light", 1), ("Keepers", 2))))
    assert text.blocks == (
        Block("Before.", None, 1),
        Block("It burns oil.", "The Light", 1),
        Block("It is red and seen from far away on the sea.", "The Light", 1),
        Block("The keepers left.", "Keepers", 2),
    )


def test_a_bookmark_is_found_among_the_lines_of_a_paragraph() -> None:
    """Whatever number stands before it."""
    page = (
        "A line that is as long as all the others here,",
        "2.1 The light",
        "and it goes on below the heading of this",
    )
    text = read("a.pdf", written(page, bookmarks=(("The light", 1),)))
    assert [(block.heading, block.text) for block in text.blocks] == [(None, page[0]), ("2.1 The light", page[2])]


TEXT = "These are some words of an ordinary size, of which there are many more than of any other."


def test_what_is_set_larger_is_a_heading() -> None:
    """Where there are no bookmarks: the largest is the title, others are headings by their size."""
    first = (("The harbour", 24), TEXT, ("Its", 18), ("lights", 18), TEXT, ("Red", 14), TEXT)
    text = read("a.pdf", written(first, (("Its ferries", 18), TEXT)))
    assert text.title == "The harbour"
    assert [(block.page, block.heading) for block in text.blocks] == [
        (1, None),
        (1, "Its lights"),
        (1, "Its lights › Red"),
        (2, "Its ferries"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        ("A sentence that was set larger to be noticed.", 18),
        ("1 Introduction . . . . . . . . 7", 18),
        ("* 12", 18),
        ("Hardly larger", 13),
        ("Smaller", 8),
    ],
)
def test_what_only_looks_like_a_heading_is_text(line: tuple[str, int]) -> None:
    """A false heading would stand above all that follows."""
    text = read("a.pdf", written((TEXT, line, TEXT)))
    assert {block.heading for block in text.blocks} == {None}


def test_where_much_is_large_nothing_is_a_heading() -> None:
    """As on a poster; and where there are bookmarks they say more."""
    poster = read("a.pdf", written((("All of this", 30), ("is very large", 24), "Few words.")))
    marked = read("a.pdf", written((("Large", 24), TEXT, TEXT), bookmarks=(("The harbour", 1),)))
    assert {block.heading for block in poster.blocks} == {None}
    assert {block.heading for block in marked.blocks} == {"The harbour"}


def test_headers_footers_and_page_numbers_are_left_out() -> None:
    """They come again on most pages; the first line of a page that does not is text."""
    pages = [("The harbour of Elsin", f"Words of page {word}.", str(i)) for i, word in enumerate("abcdef", 1)]
    pages[3] = ("A chapter begins.", "Here.", "4")
    text = read("a.pdf", written(*pages))
    assert [block.text for block in text.blocks if block.page == 2] == ["Words of page b."]
    assert [block.text for block in text.blocks if block.page == 4] == ["A chapter begins. Here."]


def test_of_a_header_of_several_lines_nothing_is_left() -> None:
    """Numbers that are not those of the pages are figures, and stay."""
    pages = [
        ("Harbour board", "Confidential", f"Words {word}.", f"{1000 * i}", str(i)) for i, word in enumerate("abcdef")
    ]
    text = read("a.pdf", written(*pages))
    assert [block.text for block in text.blocks if block.page == 2] == ["Words b. 1000"]


def test_a_page_without_text_asks_for_text_recognition() -> None:
    """It is a picture."""
    with pytest.raises(DocumentError, match="OCR"):
        read("a.pdf", written(()))


@pytest.mark.parametrize(("data", "says"), [(b"words", "no PDF"), (b"%PDF-1.7 and then nothing", "damaged")])
def test_what_is_no_pdf_is_refused(data: bytes, says: str) -> None:
    """Whatever its name says."""
    with pytest.raises(DocumentError, match=says):
        read("a.pdf", data)
