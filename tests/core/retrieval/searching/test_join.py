"""Neighbours become one place."""

from __future__ import annotations

import pytest

from core.models import Passage
from core.retrieval.searching.join import places, text
from core.retrieval.searching.relevance import Candidate


def hit(ordinal: int, document_id: str = "d", heading: str | None = None, page: int | None = None) -> Candidate:
    name = f"{document_id}{ordinal}"
    return Candidate(Passage(name, document_id, "T", ordinal, name, heading, page, 10 * ordinal, 10 * ordinal + 2), 0.5)


def joined(*candidates: Candidate, k: int = 5) -> list[list[str]]:
    return [[one.passage.id for one in place] for place in places(candidates, k)]


def test_neighbours_are_one_place_in_reading_order() -> None:
    """Which stands where the best of them stood."""
    assert joined(hit(7), hit(3), hit(2, "e"), hit(2)) == [["d7"], ["d2", "d3"], ["e2"]]


def test_so_many_places_are_given_as_were_asked_for() -> None:
    """A neighbour takes no place from another, and one that comes late still joins."""
    assert joined(hit(1), hit(2), hit(5), hit(9), hit(6), k=2) == [["d1", "d2"], ["d5", "d6"]]


def test_a_place_is_bounded() -> None:
    """Three passages at most, of one page and under one heading."""
    assert joined(*(hit(n) for n in range(5))) == [["d0", "d1", "d2"], ["d3", "d4"]]
    assert joined(hit(0, heading="A"), hit(1, heading="B")) == [["d0"], ["d1"]]
    assert joined(hit(0, page=1), hit(1, page=2)) == [["d0"], ["d1"]]


def test_what_two_places_have_between_them_makes_them_one() -> None:
    """And so makes room for another."""
    assert joined(hit(0), hit(2), hit(1), hit(9), k=2) == [["d0", "d1", "d2"], ["d9"]]


@pytest.mark.parametrize(
    ("second", "start", "whole"),
    [
        ("lit.", 13, "The lamp is\n\nlit."),
        ("lit.", 12, "The lamp is lit."),
        ("lit\nnow.", 12, "The lamp is\nlit\nnow."),
        (" lit.", 11, "The lamp is lit."),
        ("is lit.", 9, "The lamp is lit."),
    ],
)
def test_the_text_between_is_that_of_the_document(second: str, start: int, whole: str) -> None:
    """A blank line between blocks, a blank or a line break where a block was cut, no word twice where they overlap."""
    first = Passage("a", "d", "T", 0, "The lamp is", None, None, 0, 11)
    after = Passage("b", "d", "T", 1, second, None, None, start, start + len(second))
    assert text([first, after]) == whole
