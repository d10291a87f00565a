"""Searching the documents: a question becomes the passages that fit it best, and how they were found is kept."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.errors import Unavailable
from core.models import Citation, Filter, Passage, Retrieval, Timings
from core.retrieval.embed import Embedder
from core.retrieval.indexing import LOADING
from core.retrieval.library import Library
from core.retrieval.relevance import select
from core.store.documents import Documents

INDEXING = "Your documents are being indexed; the answer starts when they are ready…"
_EVERYTHING = Filter()


class Searcher:
    """Finds passages in the documents of a library."""

    def __init__(self, documents: Documents, library: Library, embedder: Embedder) -> None:
        self._documents = documents
        self._library = library
        self._embedder = embedder

    def search(
        self,
        query: str,
        k: int = 5,
        filter: Filter = _EVERYTHING,
        *,
        on_wait: Callable[[str], None] | None = None,
        timeout: float = 120.0,
    ) -> Retrieval:
        """The passages that fit `query` best, with marks from 1: none that hardly fits, none twice.

        While the embedding model loads, or the first documents are still being indexed, it waits and says so to
        `on_wait`; without documents it answers at once.

        Raises:
            Unavailable: the embedding model cannot be used.
        """
        if not query.strip() or k < 1 or not self._await_documents(on_wait, timeout):
            return Retrieval(query, query, filter)
        self._await_model(on_wait, timeout)
        # More than k, as some may say the same.
        found = self._documents.passages.nearest(self._embedder.query(query), 2 * k + 4, filter.document_ids)
        citations = tuple(_citation(rank, passage, score) for rank, (passage, score) in enumerate(select(found, k), 1))
        return Retrieval(query, query, filter, citations, len(found), Timings())

    def _await_documents(self, on_wait: Callable[[str], None] | None, timeout: float) -> bool:
        """Waits for the first documents while none can be searched, and says whether any can be."""
        until = time.monotonic() + timeout
        waiting = [] if self._documents.any_ready() else list(self._library.progress())
        if waiting and on_wait is not None:
            on_wait(INDEXING)
        for document_id in waiting:
            self._library.wait(document_id, max(0.0, until - time.monotonic()))
        return self._documents.any_ready()

    def _await_model(self, on_wait: Callable[[str], None] | None, timeout: float) -> None:
        if self._embedder.ready:
            return
        if on_wait is not None and self._embedder.failed is None:
            on_wait(LOADING)
        if not self._embedder.wait(timeout):
            raise self._embedder.failed or Unavailable(
                "The embedding model is still loading. Try again in a minute, or ask without documents."
            )


def _citation(rank: int, passage: Passage, score: float) -> Citation:
    return Citation(
        mark=rank,
        passage_id=passage.id,
        document_id=passage.document_id,
        title=passage.title,
        page=passage.page,
        quote=passage.text,
        score=score,
        rank=rank,
        heading=passage.heading,
        start=passage.start,
        end=passage.end,
        passage_ids=(passage.id,),
        semantic_rank=rank,
        semantic_score=score,
    )
