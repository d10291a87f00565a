"""Sentences in Markdown, and the marks that belong to them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.answering.sentences import Splitter, sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is so. And so!", ["It is so.", "And so!"]),
        ("Ms. Holm paid 3.5 crowns.", ["Ms. Holm paid 3.5 crowns."]),
        ("It is so. [1][2] And so.", ["It is so. [1][2]", "And so."]),
        ("It is so.\n[1]\nAnd so.", ["It is so.\n[1]", "And so."]),
        ("It is so.\n[1] The book.", ["It is so.", "[1] The book."]),
        ("# Head\nText\nmore", ["# Head", "Text", "more"]),
        ("| a. B | c [1] |\n|---|\n| x |", ["| a. B | c [1] |", "|---|", "| x |"]),
        ("See `a. B` here. Yes", ["See `a. B` here.", "Yes"]),
        ("See:\n```\nx[1]. Y.\n```\nYes.", ["See:", "Yes."]),
        ("```\nx\n```\n[2]", ["[2]"]),
        ("塔は高い。[1]古い!", ["塔は高い。[1]", "古い!"]),
        ("  \n\n", []),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(text: str, found: list[str]) -> None:
    """Abbreviations, numbers and code do not end one; rows are whole; marks behind a stop belong to it."""
    assert [text[start:end] for start, end in sentences(text)] == found


PIECES = st.lists(
    st.sampled_from(
        ["It is", " so", ". ", ".", "!", "?", "\n", " ", "[1]", "`x.`", "```\n", "# ", "|", "。", "Mr", "🙂"]
    ),
    max_size=14,
).map("".join)


@given(PIECES, st.data())
def test_steps_lose_nothing_however_the_text_is_cut(text: str, data: st.DataObject) -> None:
    """The steps joined are the text, and end sentences at the same places for any chunks."""

    def ends(chunks: list[str]) -> tuple[str, list[int]]:
        splitter = Splitter()
        steps = [step for chunk in chunks for step in splitter.feed(chunk)] + splitter.finish()
        whole, at = "", []
        for step in steps:
            whole += step.text
            at += [len(whole)] if step.ends else []
        return whole, at

    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    assert ends([text])[0] == text
    assert ends([text[a:b] for a, b in pairwise(cuts)]) == ends([text])


@given(PIECES)
def test_sentences_are_in_order_and_apart(text: str) -> None:
    """No character belongs to two, and none begins or ends with a blank."""
    at = 0
    for start, end in sentences(text):
        assert at <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        at = end
