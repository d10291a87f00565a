"""Marks as links: which numbers in brackets lead to a source, however the answer is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.retrieval.answering.marks import places
from pages._chat.marks import MarkLinks, linked, source_address
from pages._common.text import escaped
from tests.pages.test_text import cut

_PIECES = (
    *("[1]", "[2]", "[3]", "[", "]", "1", "12", "(", ")", "(x)", "\\", "`", "``", "```", "~~~", "\n", "\n\n", " "),
    *("word", "$5", "!", "é", "🌊", "| a |", "- "),
)
texts = st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)
markdown = MarkdownIt("commonmark").enable("table")
ONE = f"[\\[1\\]]({source_address('m', 1)})"


@given(texts, st.data())
def test_chunks_do_not_matter(text: str, data: st.DataObject) -> None:
    """However an answer is cut, its marks become the same links."""
    links = MarkLinks("m", {1, 2, 12})
    pieces = [links.feed(chunk) for chunk in cut(data, text)]
    assert "".join(pieces) + links.feed("", end=True) == linked(text, "m", {1, 2, 12})


@given(texts)
def test_every_mark_becomes_a_link(text: str) -> None:
    """What counts as a mark of the answer is a link, and nothing else is."""
    text = text.replace("\\", "")
    assert linked(text, "m", {1, 2, 12}).count("](source?") == sum(p.mark in (1, 2, 12) for p in places(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Closed on Mondays [1].", f"Closed on Mondays {ONE}."),
        ("[1][1]", ONE + ONE),
        ("- one [1]\n- two", f"- one {ONE}\n- two"),
        ("| a [1] |", f"| a {ONE} |"),
        ("A year [2026], a source [7] that nobody gave", "A year [2026], a source [7] that nobody gave"),
        ("`x[1]` and\n\n```\ny[1]\n```\n[1]", f"`x[1]` and\n\n```\ny[1]\n```\n{ONE}"),
        ("[1](https://example.org) is a link already", "[1](https://example.org) is a link already"),
        ("\\[1] and \\\\[1]", f"\\[1] and \\\\{ONE}"),
        ("ends in [1", "ends in [1"),
    ],
)
def test_only_marks_become_links(text: str, shown: str) -> None:
    """A mark leads to its source; code, links, escaped brackets and other numbers stay."""
    assert linked(text, "m", {1}) == shown


def test_without_sources_nothing_is_a_mark() -> None:
    """Where no documents were searched, numbers in brackets are the answer's own."""
    assert linked("See [1].", "m", ()) == "See [1]."


def test_a_linked_mark_reads_as_before() -> None:
    """After escaping too, the link shows the mark and leads to the source page."""
    tokens = markdown.parseInline(escaped(linked("Costs $5 [1]!", "m", {1})))[0].children or []
    assert [token.attrs["href"] for token in tokens if token.type == "link_open"] == [source_address("m", 1)]
    assert "".join(token.content for token in tokens) == "Costs $5 [1]!"
