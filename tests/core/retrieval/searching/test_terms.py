"""What of a text can be searched for."""

from __future__ import annotations

import pytest

from core.retrieval.searching.terms import question_terms, terms, words


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("running ships", "The ship runs."),
        ("cafe", "Le Café"), ("CAFÉ", "cafe\u0301"), ("abc", "ＡＢＣ"),
        ("ZX-9000", "error zx9000"), ("zx9000", "Error ZX-9000!"), ("9000", "ZX-9000"),
        ("foo_bar", "the fooBar"), ("bar", "foo_bar"), ("user name", "getUserName()"),
        ("null pointer exception", "java.lang.NullPointerException"),
        ("ada.holm@example.org", "Write to <Ada.Holm@example.org>."), ("e-mail", "email"), ("keepers", "keeper's"),
        ("C++", "written in C++."), ("2026-05-31", "20260531"), ("ключ", "книги и ключи"), ("天気", "東京都の天気"),
        ("京", "東京都"), ("한국", "한국어로"), ("हिन्दी", "हिन्दी भाषा"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_among_the_terms(asked: str, written: str) -> None:
    """Whatever the ending, the case, the accents, the width, the joints or the script."""
    assert set(question_terms(asked)) & terms(written)


@pytest.mark.parametrize(("one", "other"), [("C++", "C#"), ("天気", "空気"), ("ZX-9000", "ZX-8000")])
def test_what_differs_has_a_term_of_its_own(one: str, other: str) -> None:
    """So that it can rank higher."""
    assert set(question_terms(one)) - terms(other)


def test_stop_words_are_not_searched_for() -> None:
    """Unless there is nothing else; each term comes once."""
    assert question_terms("What is the tide, and the Tides?") == ("tide",)
    assert question_terms("to be or not to be") == ("to", "be", "or", "not")
    assert question_terms("?!… 🌊") == ()


def test_words_know_their_place() -> None:
    """What is written together is one word, unspaced scripts come by characters."""
    text = "Über 🌊 ZX-9000, 天気"
    assert [text[start:end] for start, end, _ in words(text)] == ["Über", "ZX-9000", "天", "気"]
    assert {"zx", "9000", "zx9000"} == list(words(text))[1][2]
