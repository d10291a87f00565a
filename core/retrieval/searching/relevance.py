"""Relevance: which of the passages that were found are worth giving to a reader or a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.models import Passage
from core.retrieval.searching.terms import terms

FLOOR = 0.2
"""The cosine below which a passage has by its meaning nothing to do with the question."""
SHARE = 0.5
"""How much of what the question's words tell a passage must hold to stay below that floor."""
_SAME = 0.9


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that was found: `score` is fused, `cosine` that with the question, None if its vector is not known."""

    passage: Passage
    score: float
    cosine: float | None = None
    lexical: tuple[int, float] | None = None
    semantic_rank: int | None = None
    rerank_score: float | None = None
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset(re.findall(r"\w+", self.passage.text.lower())))


def relevant(found: Iterable[Candidate], weights: Mapping[str, float]) -> Iterator[Candidate]:
    """Those of `found` (best first) that have to do with the question, without those that say the same as a better one.

    `weights` are the question's terms and how much each tells: an identifier more than a common word.
    """
    kept: list[Candidate] = []
    for candidate in found:
        near = candidate.cosine is not None and candidate.cosine >= FLOOR
        if not near and (candidate.lexical is None or share(candidate.passage, weights) < SHARE):
            continue
        if not any(_alike(candidate.words, other.words) for other in kept):
            kept.append(candidate)
            yield candidate


def share(passage: Passage, weights: Mapping[str, float]) -> float:
    """How much of what the terms tell stands in a passage, its title or headings: 0 to 1."""
    present = terms(f"{passage.title} {passage.heading or ''} {passage.text}")
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in present) / total if total else 0.0


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    fewer, more = sorted((len(one), len(other)))
    return fewer >= _SAME * more and len(one & other) >= _SAME * len(one | other)
