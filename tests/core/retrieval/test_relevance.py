"""Which passages are worth giving to a model."""

from __future__ import annotations

from core.models import Passage
from core.retrieval.relevance import FLOOR, select


def found(*pairs: tuple[str, float]) -> list[tuple[Passage, float]]:
    return [(Passage(f"p{n}", "d", "T", n, text, None, None, 0, 1), score) for n, (text, score) in enumerate(pairs)]


def test_what_hardly_fits_is_left_out() -> None:
    """At the floor a passage is taken, below it is not."""
    chosen = select(found(("one", 0.9), ("two", FLOOR), ("three", FLOOR - 0.01)), 5)
    assert [passage.text for passage, _ in chosen] == ["one", "two"]


def test_a_passage_that_says_the_same_is_left_out() -> None:
    """Of two that differ in case and marks only, the better one is kept, and the next moves up."""
    chosen = select(found(("The light was lit.", 0.9), ("the LIGHT was lit!", 0.8), ("Other words.", 0.7)), 2)
    assert [passage.id for passage, _ in chosen] == ["p0", "p2"]
