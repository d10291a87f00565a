"""Finding: by words and by meaning, fused, read from the database, sifted and joined."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.models import Citation, Timings
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.rerank import Reranker
from core.retrieval.searching.fuse import FEEDBACK, Hits, feedback, fuse, refined
from core.retrieval.searching.index import Index
from core.retrieval.searching.join import Place, places, text
from core.retrieval.searching.relevance import Candidate, relevant
from core.retrieval.searching.vectors import Near
from core.store.passages import Found, Passages

_DEPTH = 200  # Passages that words, and meaning, each may find.
_RERANKED = 30
_log = logging.getLogger(__name__)

Vector = NDArray[np.float32]


class Finder:
    """Finds the places in documents that fit a question."""

    def __init__(self, index: Index, passages: Passages, embedder: Embedder, reranker: Reranker | None) -> None:
        self._index = index
        self._passages = passages
        self._embedder = embedder
        self._reranker = reranker

    def find(self, query: str, k: int, allowed: Collection[str] | None) -> tuple[tuple[Citation, ...], Timings]:
        """The `k` places of the `allowed` documents that fit `query` best, and how long each part took, in ms."""
        watch = _Watch()
        lexical = self._index.words(query, _DEPTH, allowed)
        lexical_took = watch.lap()
        vector = self._embedder.query_if_ready(query)
        embed_took = watch.lap()
        near = [] if vector is None else self._index.vectors.nearest(vector, _DEPTH, allowed)
        semantic = [(found.id, found.cosine) for found in near]
        first = fuse(lexical, semantic, _DEPTH)
        fused = first if vector is None else self._refined(first, lexical, near, vector, allowed)
        candidates = self._candidates(fused[: max(2 * k + 20, _RERANKED)], lexical, semantic, vector)
        semantic_took = watch.lap()
        candidates = self._reranked(query, candidates)
        rerank_took = watch.lap()
        # More than k, as neighbours become one.
        kept = islice(relevant(candidates, self._index.weights(query)), 2 * k)
        citations = tuple(_citation(rank, place) for rank, place in enumerate(places(kept, k), 1))
        total = watch.total()
        return citations, Timings(
            embed=embed_took, lexical=lexical_took, semantic=semantic_took, rerank=rerank_took, total=total
        )

    def _refined(
        self, first: Hits, lexical: Hits, near: Sequence[Near], vector: Vector, allowed: Collection[str] | None
    ) -> Hits:
        """The ranking after a second look, for what is like the best of the first."""
        best = {name for name, _ in first[:FEEDBACK]}
        vectors = [found.vector for found in near if found.id in best]
        if not vectors:
            return first
        moved = self._index.vectors.nearest(feedback(vector, np.stack(vectors)), _DEPTH, allowed)
        return refined(first, fuse(lexical, [(found.id, found.cosine) for found in moved], _DEPTH))

    def _candidates(self, fused: Hits, lexical: Hits, semantic: Hits, vector: Vector | None) -> list[Candidate]:
        """What was found, as it stands in the database, which alone knows what can still be searched."""
        rows = self._passages.named([name for name, _ in fused])
        words = {name: (rank, score) for rank, (name, score) in enumerate(lexical, 1)}
        ranks = {name: rank for rank, (name, _) in enumerate(semantic, 1)}
        return [
            Candidate(rows[name].passage, score, _cosine(rows[name], vector), words.get(name), ranks.get(name))
            for name, score in fused
            if name in rows
        ]

    def _reranked(self, query: str, candidates: list[Candidate]) -> list[Candidate]:
        """The first of them in the order of the cross-encoder, if there is one; the others follow as they were."""
        if self._reranker is None or not self._reranker.available:
            return candidates
        first, rest = candidates[:_RERANKED], candidates[_RERANKED:]
        try:
            scores = self._reranker.scores(query, [candidate.passage.text for candidate in first])
        except Unavailable as error:
            _log.info("not reranked: %s", error.message)
            return candidates
        scored = [replace(one, rerank_score=float(score)) for one, score in zip(first, scores, strict=True)]
        return [*sorted(scored, key=lambda one: -(one.rerank_score or 0.0)), *rest]


class _Watch:
    def __init__(self) -> None:
        self._began = self._latest = time.perf_counter()

    def lap(self) -> float:
        """Milliseconds since the last lap."""
        before, self._latest = self._latest, time.perf_counter()
        return 1000 * (self._latest - before)

    def total(self) -> float:
        """Milliseconds since the first."""
        return 1000 * (time.perf_counter() - self._began)


def _cosine(found: Found, vector: Vector | None) -> float | None:
    return None if vector is None else float(found.vector @ vector)


def _citation(rank: int, place: Place) -> Citation:
    best = max(place, key=lambda one: (one.rerank_score is not None, one.rerank_score or 0.0, one.score))
    passages = [one.passage for one in place]
    return Citation(
        mark=rank,
        passage_id=best.passage.id,
        document_id=best.passage.document_id,
        title=best.passage.title,
        page=best.passage.page,
        quote=text(passages),
        score=best.score,
        rank=rank,
        heading=best.passage.heading,
        start=passages[0].start,
        end=passages[-1].end,
        passage_ids=tuple(passage.id for passage in passages),
        lexical_rank=best.lexical[0] if best.lexical else None,
        lexical_score=best.lexical[1] if best.lexical else None,
        semantic_rank=best.semantic_rank,
        semantic_score=best.cosine,
        rerank_score=best.rerank_score,
    )
