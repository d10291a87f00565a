"""Marks for sentences of models that write none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import Citation
from core.retrieval.answering.support import Attributor


def source(mark: int, title: str, quote: str) -> Citation:
    return Citation(mark, f"p{mark}", "d", title, None, quote, 0.5, mark)


SOURCES = [
    source(1, "The ferry", "A single ticket costs 12 crowns for an adult and 5 crowns for a child under 14."),
    source(2, "Lighthouse", "The lighthouse was built in 1874 by the engineer Ada Holm. It stands 31 metres tall."),
]


def marked(*chunks: str, complete: bool = True, prefix: str = "") -> str:
    attributor = Attributor(SOURCES, prefix)
    return "".join(attributor.feed(chunk) for chunk in chunks) + attributor.finish(complete=complete)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("The lighthouse was built in 1874 by Ada Holm.", "The lighthouse was built in 1874 by Ada Holm [2]."),
        ("A ticket costs 5 crowns for children. No.", "A ticket costs 5 crowns for children [1]. No."),
        ("The lighthouse was built in 1875 by Ada Holm.", "The lighthouse was built in 1875 by Ada Holm."),
        ("The lighthouse was built by Ada Holm [2].", "The lighthouse was built by Ada Holm [2]."),
        ("The lighthouse was built by Ada Holm. [2] Yes.", "The lighthouse was built by Ada Holm. [2] Yes."),
        ("Built by Ada Holm. [2] It stands 31 metres tall.", "Built by Ada Holm. [2] It stands 31 metres tall [2]."),
        ("The engineer was Ms. Ada Holm.", "The engineer was Ms. Ada Holm [2]."),
        ("Was the lighthouse built by Ada Holm?", "Was the lighthouse built by Ada Holm?"),
        ("# The lighthouse of Ada Holm\n", "# The lighthouse of Ada Holm\n"),
        ("- built by Ada Holm\n- pink\n", "- built by Ada Holm [2]\n- pink\n"),
        ("| lighthouse | Ada Holm |\n", "| lighthouse | Ada Holm |\n"),
        ("The lighthouse by Ada Holm:\n", "The lighthouse by Ada Holm:\n"),
        ("```\nThe lighthouse was built by Ada Holm.\n```\n", "```\nThe lighthouse was built by Ada Holm.\n```\n"),
        ("Yes. It is.", "Yes. It is."),
        ("**The lighthouse stands 31 metres tall.** Good.", "**The lighthouse stands 31 metres tall [2].** Good."),
        ("The lighthouse stands 31 metres tall", "The lighthouse stands 31 metres tall [2]"),
    ],
)
def test_a_sentence_gets_the_mark_of_the_passage_it_repeats(written: str, shown: str) -> None:
    """Words in common and every number decide; headings, tables, questions and code are left alone."""
    assert marked(written) == shown


def test_an_answer_that_was_cut_ends_without_a_mark() -> None:
    """Half a sentence is not a sentence, and may be continued."""
    assert marked("The lighthouse stands 31 metres tall", complete=False) == "The lighthouse stands 31 metres tall"
    assert marked(" by Ada Holm.", prefix="The lighthouse was built") == " by Ada Holm [2]."


def test_only_the_end_of_a_sentence_is_held_back() -> None:
    """Words go out at once, the full stop waits for what follows it."""
    attributor = Attributor(SOURCES)
    assert attributor.feed("The lighthouse stands 31") == "The lighthouse stands 31"
    assert attributor.feed(".") == ""
    assert attributor.feed("5 metres") == ".5 metres"


PIECES = st.lists(
    st.sampled_from(
        [
            "The lighthouse was built by Ada Holm",
            " in 1874",
            ". ",
            ".",
            "!",
            "?",
            "\n",
            " ",
            "\n\n",
            "[1]",
            " [2]",
            "`x.`",
            "```\n",
            "# ",
            "- ",
            "|",
            ":",
            "31 metres",
            "Mr",
            ".)",
            "**",
            "5 crowns for a child",
            "’",
            "\t",
        ]
    ),
    max_size=16,
).map("".join)


@given(PIECES, st.data())
def test_attribution_does_not_care_how_the_answer_is_cut(text: str, data: st.DataObject) -> None:
    """Any chunks give what the whole text gives, and nothing but marks is added."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    whole = marked(text)
    assert marked(*(text[a:b] for a, b in pairwise(cuts))) == whole
    for mark in (" [1]", " [2]"):
        whole, text = whole.replace(mark, ""), text.replace(mark, "")
    assert whole == text
