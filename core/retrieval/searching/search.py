"""Searching the documents: a question becomes the passages that fit it best, and how they were found is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from core.errors import Unavailable
from core.models import Filter, Retrieval
from core.retrieval.documents.indexing import LOADING
from core.retrieval.documents.library import Library
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.rerank import Reranker
from core.retrieval.searching.allowed import Allowed
from core.retrieval.searching.finding import Finder
from core.retrieval.searching.index import Index
from core.store.documents import Documents

INDEXING = "Your documents are being indexed; the answer starts when they are ready…"
OPENING = "Opening your documents…"
_EVERYTHING = Filter()
_FIRST = 20  # Documents that the first question waits for: of a large batch it shall not wait for all.
_CATCHING_UP = 0.25  # Seconds that a search waits for the index to take up what has just been added.


class Searcher:
    """Finds passages in the documents of a library; the index of words is kept beside the database, in `index`."""

    def __init__(
        self,
        documents: Documents,
        library: Library,
        embedder: Embedder,
        reranker: Reranker | None = None,
    ) -> None:
        self._documents = documents
        self._library = library
        self._embedder = embedder
        self._reranker = reranker
        self.index = Index(documents.passages, documents.folder / "index")
        self._allowed = Allowed(documents)
        self._finder = Finder(self.index, documents.passages, embedder, reranker)
        documents.changed.append(self.index.changed)

    def start(self) -> None:
        """Begins to load what is searched; back at once. Without it the first search does."""
        self.index.start()
        if self._reranker is not None:
            self._reranker.start()

    def close(self) -> None:
        """Lets go of the index; call it before the database is closed."""
        self.index.close()

    @property
    def trouble(self) -> str | None:
        """What a person should know while what was added lately cannot be found."""
        return self.index.trouble

    def search(
        self,
        query: str,
        k: int = 5,
        filter: Filter = _EVERYTHING,
        *,
        on_wait: Callable[[str], None] | None = None,
        timeout: float = 120.0,
        patient: bool = True,
    ) -> Retrieval:
        """The `k` places that fit `query` best, with marks from 1: none that hardly fits, none twice.

        While the embedding model loads, or the first documents are still being indexed, it waits and says so to
        `on_wait`; not so if it is not `patient`: then words alone decide meanwhile, as they do when the model has
        failed. Without documents it answers at once.

        Raises:
            Unavailable: what it needs is not loaded after `timeout` seconds.
        """
        began = time.perf_counter()
        if not query.strip() or k < 1 or not self._await_documents(on_wait, timeout if patient else 0.0):
            return Retrieval(query, query, filter)
        if patient:
            self._await_model(on_wait, timeout - (time.perf_counter() - began))
        allowed = self._allowed.by(filter)
        waited = 1000 * (time.perf_counter() - began)
        citations, timings = self._finder.find(query, k, allowed)
        timings = replace(timings, wait=waited, total=waited + timings.total)
        return Retrieval(query, query, filter, citations, self.index.vectors.count(allowed), timings)

    def _await_documents(self, on_wait: Callable[[str], None] | None, timeout: float) -> bool:
        """Waits for the first documents while none can be searched, and says whether any can be."""
        until = time.monotonic() + timeout
        if not self._documents.any_ready():
            waiting = list(self._library.progress())[:_FIRST]
            if waiting and on_wait is not None:
                on_wait(INDEXING)
            for document_id in waiting:
                self._library.wait(document_id, max(0.0, until - time.monotonic()))
            if not self._documents.any_ready():
                return False
        if not self.index.loaded(_CATCHING_UP):
            if on_wait is not None:
                on_wait(OPENING)
            if not self.index.loaded(max(0.0, until - time.monotonic())):
                raise Unavailable("Your documents are still being opened. Try again in a minute.")
        self.index.settled(_CATCHING_UP)
        return True

    def _await_model(self, on_wait: Callable[[str], None] | None, timeout: float) -> None:
        if self._embedder.ready or self._embedder.failed is not None:
            return
        if on_wait is not None:
            on_wait(LOADING)
        if not self._embedder.wait(max(0.0, timeout)) and self._embedder.failed is None:
            raise Unavailable("The embedding model is still loading. Try again in a minute, or ask without documents.")
