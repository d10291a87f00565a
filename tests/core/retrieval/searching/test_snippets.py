"""What is shown of a passage that was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.searching.snippets import snippet


def shown(text: str, query: str, length: int = 240) -> str:
    return "".join(f"[{part.text}]" if part.marked else part.text for part in snippet(text, query, length))


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("The keepers kept the lamp.", "keeper", "The [keepers] kept the lamp."),
        ("Error ZX-9000 in foo_bar", "what is zx9000?", "Error [ZX-9000] in foo_bar"),
        ("東京都の天気は晴れ", "天気", "東京都の[天気]は晴れ"),
        ("Книги и ключи", "ключ", "Книги и [ключи]"),
        ("Un café", "cafe", "Un [café]"),
        ("one\ntwo", "three", "one two"),
        ("", "word", ""),
        ("word", "", "word"),
    ],
)
def test_the_words_of_the_question_are_marked(text: str, query: str, expected: str) -> None:
    """By their stem, in any script."""
    assert shown(text, query) == expected


def test_the_part_with_the_most_different_words_is_shown() -> None:
    """Cut between words, with an ellipsis where text is left out."""
    text = "lamp " * 30 + "and then the lamp was lit by the keeper of the tower " + "filler " * 60
    part = shown(text, "Which keeper lit the lamp?", 80)
    assert "[lamp] was [lit] by the [keeper]" in part
    assert part.startswith("…")
    assert part.endswith("…")
    assert len(part) < 100


@given(st.text(max_size=600), st.text(max_size=60), st.integers(10, 300))
def test_nothing_is_made_up(text: str, query: str, length: int) -> None:
    """Whatever the text, what is shown stands in it, and is no longer than was asked for."""
    part = "".join(part.text for part in snippet(text, query, length))
    inside = part.removeprefix("…").removesuffix("…") if "…" not in text else ""
    assert inside in " ".join(text.strip().split("\n"))
    assert len(part) <= length + 2
