"""Which passages are worth giving to a reader."""

from __future__ import annotations

from core.models import Passage
from core.retrieval.searching.relevance import FLOOR, Candidate, relevant

WEIGHTS = {"error": 1.0, "zx9000": 5.0}


def found(text: str, cosine: float | None, *, by_words: bool = False, title: str = "T") -> Candidate:
    passage = Passage(text, "d", title, 0, text, None, None, 0, 1)
    return Candidate(passage, 1.0, cosine, (1, 2.0) if by_words else None)


def kept(*candidates: Candidate) -> list[str]:
    return [candidate.passage.text for candidate in relevant(candidates, WEIGHTS)]


def test_what_hardly_fits_is_left_out() -> None:
    """At the floor a passage is taken, below it is not, and one that comes after is looked at for itself."""
    assert kept(found("one", FLOOR), found("two", FLOOR - 0.01), found("three", 0.9)) == ["one", "three"]


def test_what_holds_the_telling_words_stays() -> None:
    """An identifier is enough, in the title too; a common word is not."""
    identified = found("ZX-9000 again", 0.0, by_words=True)
    titled = found("Something", 0.0, by_words=True, title="About ZX-9000")
    common = found("an error", 0.0, by_words=True)
    assert kept(identified, titled, common) == ["ZX-9000 again", "Something"]
    assert kept(found("ZX-9000 alone", None, by_words=True), found("an error", None, by_words=True)) == [
        "ZX-9000 alone"
    ]


def test_a_passage_that_says_the_same_is_left_out() -> None:
    """Of two that differ in case and marks only, the better one is kept."""
    assert kept(found("The light was lit.", 0.9), found("the LIGHT was lit!", 0.8), found("Other words.", 0.7)) == [
        "The light was lit.",
        "Other words.",
    ]
