"""Fusing: what was found by words and what was found by meaning become one ranking.

A convex combination with theoretical minima (TM2C2 in Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid
Retrieval, 2023): each score is divided by the best of its kind, counted from the least it can be, 0 for BM25 and -1
for a cosine; meaning counts 0.8 and words 0.2, as there. It did better here than reciprocal rank fusion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hits = Sequence[tuple[str, float]]
"""Ids with scores, best first."""

_MEANING = 0.8
FEEDBACK = 3
"""The passages that tell what else to look for."""


def fuse(lexical: Hits, semantic: Hits, depth: int) -> list[tuple[str, float]]:
    """All that was found, with fused scores in 0..1, best first: 1 is the best by words and by meaning alike.

    What stands in one list only is taken to fit as well as the last of the other if that holds all of `depth` that
    were asked for, else not at all. Without any by meaning, words decide alone, and the other way round.
    """
    meaning = _MEANING if lexical and semantic else float(bool(semantic))
    words, senses = dict(lexical), dict(semantic)
    best_word = lexical[0][1] if lexical else 1.0
    best_sense = semantic[0][1] + 1 if semantic else 1.0
    no_word = lexical[-1][1] if len(lexical) >= depth else 0.0
    no_sense = semantic[-1][1] if len(semantic) >= depth else -1.0
    fused = [
        (
            name,
            meaning * (senses.get(name, no_sense) + 1) / best_sense
            + (1 - meaning) * words.get(name, no_word) / best_word,
        )
        for name in {**senses, **words}
    ]
    return sorted(fused, key=lambda hit: (-hit[1], hit[0]))


def feedback(query: NDArray[np.float32], best: NDArray[np.float32]) -> NDArray[np.float32]:
    """A question's vector (384) moved towards those (n, 384) of the passages that fit it best, of unit length.

    Rocchio's pseudo-relevance feedback for vectors (Li et al.: Pseudo-Relevance Feedback with Deep Language Models and
    Dense Retrievers, 2021), with 0.4 of the question and 0.6 of the passages' mean.
    """
    moved = 0.4 * query + 0.6 * best.mean(axis=0)
    result: NDArray[np.float32] = (moved / max(float(np.linalg.norm(moved)), 1e-9)).astype(np.float32)
    return result


def refined(first: Hits, second: Hits) -> list[tuple[str, float]]:
    """The ranking after feedback: what gave it keeps its place, so that one good answer is never pushed down."""
    kept = list(first[:FEEDBACK])
    names = {name for name, _ in kept}
    ceiling = kept[-1][1] if kept else 1.0
    return kept + [(name, min(score, ceiling)) for name, score in second if name not in names]
