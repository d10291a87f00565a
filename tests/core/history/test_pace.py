"""The pace of what is seen: pieces of Markdown, put on the words that it becomes."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.exports.html import rendered
from core.history.pace import paced, text_of
from core.history.replay import Piece
from core.models import Kind


def pieces(*texts: str) -> list[Piece]:
    """Pieces that came 100 ms apart."""
    return [Piece(100 * number, Kind.ANSWER, text) for number, text in enumerate(texts, 1)]


def seen(*texts: str) -> list[tuple[int, str]]:
    """When which words of a Markdown text are seen that came in these pieces."""
    html = rendered("".join(texts))
    packed, shown = paced(html, pieces(*texts)), text_of(html).encode("utf-16-le")
    times, ends = list(accumulate(packed[::2])), list(accumulate(packed[1::2]))
    starts = [0, *ends]
    found = (shown[2 * start : 2 * end].decode("utf-16-le") for start, end in zip(starts, ends, strict=False))
    return [(time, text.strip()) for time, text in zip(times, found, strict=True) if text.strip()]


def test_plain_words_come_as_they_came() -> None:
    """Each at its time."""
    assert seen("Once ", "upon ", "a time.") == [(100, "Once"), (200, "upon"), (300, "a time.")]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("**bo", "ld** and", " *thin*"), ["bo", "ld and", "thin"]),
        (("# Head\n\n", "- one\n", "- two"), ["Head", "one", "two"]),
        (("see [the ", "moon](https://example.org/", "moon) now"), ["see the", "moon", "now"]),
        (("| a | b |\n|---|---|\n", "| c | d |"), ["a\n b", "c\n d"]),
        (("```py\nx", " = 1\n```"), ["x", "= 1"]),
        (("a &amp; b &copy;", " c"), ["a & b ©", "c"]),
        (("moon \U0001f311 and", " stars"), ["moon \U0001f311 and", "stars"]),
        (("so [1]", " and `", "x`"), ["so [1]", "and", "x"]),
    ],
)  # fmt: skip
def test_markup_is_stepped_over(texts: tuple[str, ...], expected: list[str]) -> None:
    """Words are seen with the piece that brought them, whatever stands around them."""
    found = [" ".join(text.split()) for _, text in seen(*texts)]
    assert found == [" ".join(text.split()) for text in expected]


def test_an_answer_that_came_at_once_is_seen_at_once() -> None:
    """What has no trace is one step."""
    assert [time for time, _ in seen("All *of* it.")] == [100]


@given(st.lists(st.text(alphabet="ab *_`[]()#->&;\n|\U0001f311é", max_size=12), max_size=8))
def test_everything_is_seen_in_the_end(texts: list[str]) -> None:
    """Whatever is written: times never go back, nothing is seen before the first piece or left out after the last."""
    html = rendered("".join(texts))
    packed = paced(html, pieces(*texts))
    assert all(number >= 0 for number in packed)
    units = len(text_of(html).encode("utf-16-le")) // 2
    assert sum(packed[1::2]) == (units if any(texts) else 0)
