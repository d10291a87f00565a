"""Documents' own words as HTML: shown as they are, and never obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from core.retrieval.searching.snippets import Part
from pages._common.html import block, link, marked, passage_address, place, web_address

texts = st.text("<>&\"'/=ab \n\u05e9", max_size=40)


@given(texts)
def test_a_block_is_the_text_alone(text: str) -> None:
    """Whatever a text looks like, it is one element that holds just that text."""
    element = LexborHTMLParser(f"<body>{block(text, 'words')}</body>").css_first("body").child
    assert element is not None
    assert element.text(deep=True) == text
    assert element.css("*") == [element]


@given(st.lists(st.tuples(texts, st.booleans()), max_size=5))
def test_only_what_is_marked_is_marked(parts: list[tuple[str, bool]]) -> None:
    """A snippet has as many marks as it has marked parts, and no other elements."""
    element = LexborHTMLParser(marked(Part(text, mark) for text, mark in parts)).css_first("div")
    assert element.text(deep=True) == "".join(text for text, _ in parts)
    assert [mark.text() for mark in element.css("mark")] == [text for text, mark in parts if mark]


def test_a_link_opens_beside() -> None:
    """A link leads where it says, in a tab of its own."""
    opened = LexborHTMLParser(link("<b>", passage_address(["p1", "p2"], 'a&b"'))).css_first("a")
    assert opened.text() == "<b>"
    assert opened.attributes["href"] == "source?passage=p1&passage=p2&words=a%26b%22"
    assert opened.attributes["target"] == "_blank"


@pytest.mark.parametrize(
    ("heading", "page", "shown"),
    [(None, None, "Guide"), ("Food › Bread", 3, "Guide › Food › Bread · p. 3"), ("Guide", 1, "Guide · p. 1")],
)
def test_a_place_names_title_heading_and_page(heading: str | None, page: int | None, shown: str) -> None:
    """A heading that only repeats the title is left out."""
    assert place("Guide", heading, page) == shown


@pytest.mark.parametrize(
    ("url", "followed"),
    [
        ("https://example.org/a?b=c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,<b>", False),
        ("https://[", False),
        ("//example.org", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_followed(url: str | None, followed: bool) -> None:
    """A browser is sent to http and https alone."""
    assert web_address(url) == (url if followed else None)
