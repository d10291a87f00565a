"""The stretches of a message that are embedded."""

from __future__ import annotations

import pytest

from core.history.windows import MOST, windows
from core.retrieval.encoders.tokens import MODEL_LIMIT, count_tokens

SENTENCE = "The tide comes in twice a day, as the moon pulls the sea. "


def test_a_short_message_is_one_window() -> None:
    """And one that says nothing has none."""
    assert windows(" The tide.\nIt comes. ") == ["The tide. It comes."]
    assert windows(" \n\t ") == windows("") == []


def test_a_long_message_is_cut_where_something_ends() -> None:
    """A paragraph first, then a sentence; the first windows stand for all of it."""
    found = windows(SENTENCE * 200)
    assert len(found) == MOST
    assert all(window.endswith("sea.") for window in found)
    assert "".join(window + " " for window in found) in SENTENCE * 200
    paragraphs = windows((SENTENCE * 10).strip() + "\n\n" + "Another thing. " * 40)
    assert paragraphs[0] == (SENTENCE * 10).strip()


@pytest.mark.parametrize(
    "text", [SENTENCE * 60, "潮の満ち引きは月による。" * 300, "Прилив приходит дважды в день. " * 200, "x" * 9_000,
             "def f(x): return {'a': [x ** 2 for _ in range(10)]}\n" * 100],
)  # fmt: skip
def test_the_model_reads_about_all_of_a_window(text: str) -> None:
    """In any script, and in code, hardly more than it reads is given to it."""
    for window in windows(text):
        assert count_tokens(window) <= 1.5 * MODEL_LIMIT


def test_nothing_between_the_windows_is_lost() -> None:
    """All that comes before the end of the last stands in one of them."""
    words = [f"w{number}" for number in range(300)]
    assert " ".join(windows(" ".join(words))).split() == words
