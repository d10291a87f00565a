"""Two rankings become one."""

from __future__ import annotations

import numpy as np
import pytest

from core.retrieval.searching.fuse import feedback, fuse, refined


def test_the_best_of_both_kinds_scores_one() -> None:
    """What only one kind found follows, and meaning counts for more than words."""
    fused = fuse([("a", 9.0), ("w", 4.5)], [("a", 0.8), ("m", 0.5)], 200)
    assert [name for name, _ in fused] == ["a", "m", "w"]
    assert [score for _, score in fused] == pytest.approx([1.0, 0.8 * 1.5 / 1.8, 0.2 * 0.5])


def test_one_kind_alone_decides_alone() -> None:
    """While the model loads, say."""
    assert fuse([("a", 4.0), ("b", 1.0)], [], 200) == [("a", 1.0), ("b", 0.25)]
    assert [name for name, _ in fuse([], [("a", 0.5), ("b", 0.1)], 200)] == ["a", "b"]
    assert fuse([], [], 200) == []


def test_what_a_full_list_leaves_out_fits_no_worse_than_its_last() -> None:
    """Being number 201 by meaning is no proof of meaning something else."""
    semantic = [("m", 0.6), ("n", 0.5)]
    scores = dict(fuse([("w", 3.0)], semantic, depth=2))
    assert scores["w"] == pytest.approx(0.8 * 1.5 / 1.6 + 0.2)
    assert scores["w"] > dict(fuse([("w", 3.0)], semantic, depth=200))["w"]


def test_feedback_moves_a_question_towards_what_fits_it() -> None:
    """By 0.4 and 0.6, to unit length again."""
    east, north = np.eye(2, 384, dtype=np.float32)
    moved = feedback(east, np.stack([north, north]))
    assert np.linalg.norm(moved) == pytest.approx(1)
    assert moved[1] / moved[0] == pytest.approx(1.5)


def test_what_gave_the_feedback_keeps_its_place() -> None:
    """The others follow in their new order, and no score is above one that stands before it."""
    first = [("a", 1.0), ("b", 0.9), ("c", 0.8), ("d", 0.7), ("e", 0.6)]
    second = [("e", 1.0), ("a", 0.9), ("f", 0.5), ("d", 0.4)]
    assert refined(first, second) == [("a", 1.0), ("b", 0.9), ("c", 0.8), ("e", 0.8), ("f", 0.5), ("d", 0.4)]
