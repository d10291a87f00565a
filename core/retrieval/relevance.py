"""Relevance: which of the passages that were found are worth giving to a model."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.models import Passage

FLOOR = 0.2
"""The cosine below which a passage has nothing to do with the question."""
_SAME = 0.9


def select(found: Iterable[tuple[Passage, float]], k: int, floor: float = FLOOR) -> list[tuple[Passage, float]]:
    """The first `k` of `found` (best first) that reach `floor`, without those that say the same as a better one."""
    chosen: list[tuple[Passage, float]] = []
    words: list[frozenset[str]] = []
    for passage, score in found:
        if score < floor or len(chosen) == k:
            break
        present = frozenset(re.findall(r"\w+", passage.text.lower()))
        if any(_alike(present, other) for other in words):
            continue
        chosen.append((passage, score))
        words.append(present)
    return chosen


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * len(one | other)
