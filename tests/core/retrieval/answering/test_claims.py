"""Support: sentences that cite against the passages they name."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from core.models import Citation
from core.retrieval.answering.claims import MOST_CLAIMS, claims, plain, readable, supports, windows
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.tokens import MODEL_LIMIT, count_tokens
from core.retrieval.reading.split import LIMIT


def source(mark: int, quote: str) -> Citation:
    return Citation(mark, f"p{mark}", "d", "Title", None, quote, 0.5, mark)


def by_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors that are near each other when the texts share letters."""
    vectors = np.zeros((len(texts), 26), np.float32)
    for row, text in enumerate(texts):
        for letter in re.findall("[a-z]", text.lower()):
            vectors[row, ord(letter) - 97] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_each_mark_of_a_sentence_is_compared() -> None:
    """The spans are the sentences' places in the answer; sentences without marks are left out."""
    text = "aaa bbb [1][2]. No mark here. Ccc [2]."
    found = supports(text, [source(1, "aaa bbb"), source(2, "ccc")], by_letters, count_tokens)
    assert [(s.mark, text[s.start : s.end]) for s in found] == [
        (1, "aaa bbb [1][2]."), (2, "aaa bbb [1][2]."), (2, "Ccc [2]."),
    ]  # fmt: skip
    assert [round(s.score, 3) for s in found] == [1.0, 0.0, 1.0]


def test_without_marks_nothing_is_embedded() -> None:
    """Neither is it where a mark stands in code, or names no source."""

    def never(texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError(texts)

    assert supports("No mark. `x[1]`\n```\ny [1].\n```\n[7]", [source(1, "q")], never, count_tokens) == ()


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("- The **tower** is [31 m](http://x) tall [1][2].", "The tower is 31 m tall"),
        ("| a | b_c [2] |", "a b_c"),
        ("## _Head_ [1]", "Head"),
        ("> 1. So `it` is [3]!", "So it is!"),
        ("[1]", ""),
    ],
)
def test_a_sentence_is_embedded_without_marks_and_markup(sentence: str, words: str) -> None:
    """What is compared is what it says."""
    assert plain(sentence) == words


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("- The **tower** is ~~30~~ [31 m](http://x) tall [1][2].", "The tower is 30 31 m tall."),
        ("It takes 5 * 3 = 15 of `snake_case` [1]!", "It takes 5 * 3 = 15 of snake_case!"),
    ],
)
def test_a_sentence_is_read_as_it_was_meant(sentence: str, words: str) -> None:
    """With its stop, and with what only looks like markup."""
    assert readable(sentence) == words


def test_only_so_many_sentences_are_compared() -> None:
    """An endless answer has its first ones compared."""
    found = claims("So it is [1]. " * (MOST_CLAIMS + 20), {1})
    assert len(found) == MOST_CLAIMS
    assert found[-1].span.start == 14 * (MOST_CLAIMS - 1)


@pytest.mark.parametrize("stop", [".", ""])
def test_a_long_passage_is_compared_part_by_part(stop: str) -> None:
    """Every part is short enough to be read whole, and all of them together are the passage."""
    quote = " ".join(f"word{n}{stop if n % 25 == 24 else ''}" for n in range(900))
    parts = windows(quote, count_tokens)
    assert len(parts) > 4
    assert max(map(count_tokens, parts)) <= MODEL_LIMIT
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", quote)
    assert windows("short", count_tokens) == ["short"]
    assert windows("", count_tokens) == [""]


def test_the_nearest_part_of_a_long_passage_counts() -> None:
    """What the last words of a passage say supports a sentence as well as if they stood alone."""
    quote = "zzz. " * LIMIT + "aaa bbb. " * LIMIT
    (found,) = supports("aaa bbb [1].", [source(1, quote)], by_letters, count_tokens)
    assert found.score > 0.99


def test_a_supported_sentence_scores_above_one_that_is_not(embedder: Embedder) -> None:
    """With the real model, what a passage says is nearer to it than what it does not say."""
    quote = "The lighthouse was built in 1874 by the engineer Ada Holm. It stands 31 metres tall."
    text = "Ada Holm built the tower in 1874 [1]. Ferry tickets are sold at the harbour office [1]."
    said, made_up = supports(text, [source(1, quote)], embedder.passages, count_tokens)
    assert said.score > 0.6 > 0.4 > made_up.score
