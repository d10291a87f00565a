"""The library: files are added, indexed in the background, searched and removed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from pathlib import Path, PurePath

from core.errors import Unavailable
from core.models import Citation, Document, Passage
from core.retrieval.embed import Embedder
from core.retrieval.indexing import LOADING, Indexer, Notify, Progress
from core.retrieval.read import MEDIA_TYPES, check
from core.retrieval.relevance import select
from core.store.database import Database
from core.store.documents import Documents

INDEXING = "Your documents are being indexed; the answer starts when they are ready…"


class Library:
    """The documents that answers draw on; it owns `embedder` and closes it."""

    def __init__(self, database: Database, embedder: Embedder | None = None) -> None:
        self._documents = Documents(database)
        self._embedder = embedder or Embedder()
        self._indexer = Indexer(self._documents, self._embedder)

    @property
    def ready(self) -> bool:
        """Whether a search would be answered without waiting for the embedding model."""
        return self._embedder.ready or not self._documents.any_ready()

    def start(self, samples: Path | None = None) -> None:
        """Tidies up after a server that was killed, begins to load the model, adds the samples; back at once."""
        self._documents.reset_unfinished()
        self._embedder.start()
        if samples is not None:
            self.add_samples(samples)

    def add(self, filename: str, data: bytes, notify: Notify | None = None) -> tuple[Document, bool]:
        """Takes a file: back at once with its document, `indexing`, and whether it is new.

        The same bytes are the same document. `notify` is called when indexing a new one has ended.

        Raises:
            Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
            Unavailable: too much is waiting to be indexed.
        """
        name = PurePath(filename.replace("\\", "/")).name[-200:]
        kind = check(name, data)
        self._indexer.check_room(len(data))
        document, created = self._documents.add(
            title=PurePath(name).stem, filename=name, media_type=kind, size=len(data), sha256=_hash(data)
        )
        if created:
            self._indexer.queue(document, data, notify)
        return document, created

    def wait(self, document_id: str, timeout: float | None = None) -> Document:
        """The document once indexing it has ended, or as it is after `timeout` seconds.

        Raises:
            NotFound: there is none, or it was removed meanwhile.
        """
        self._indexer.wait(document_id, timeout)
        return self.get(document_id)

    def progress(self) -> dict[str, Progress]:
        """How far the documents that wait or are being indexed have come, by id."""
        return self._indexer.progress()

    def list(self) -> tuple[Document, ...]:
        """Every document, newest first."""
        return self._documents.list()

    def get(self, document_id: str) -> Document:
        """One document.

        Raises:
            NotFound: there is none.
        """
        return self._documents.get(document_id)

    def passage(self, passage_id: str) -> Passage:
        """One passage.

        Raises:
            NotFound: there is none; its document may have been removed.
        """
        return self._documents.passages.get(passage_id)

    def surroundings(self, passage_id: str) -> tuple[Passage, ...]:
        """A passage with the ones before and after it, in reading order.

        Raises:
            NotFound: there is none; its document may have been removed.
        """
        return self._documents.passages.surroundings(passage_id)

    def remove(self, document_id: str) -> None:
        """Removes a document, even while it is being indexed; what cites it keeps its quotes.

        Raises:
            NotFound: there is none.
        """
        self._documents.remove(document_id)

    def search(
        self,
        query: str,
        k: int = 5,
        document_ids: Collection[str] | None = None,
        *,
        on_wait: Callable[[str], None] | None = None,
        timeout: float = 120.0,
    ) -> tuple[Citation, ...]:
        """The passages that fit `query` best, with marks from 1: none that hardly fits, none twice.

        While the embedding model loads, or the first documents are still being indexed, it waits and says so to
        `on_wait`; without documents it answers at once.

        Raises:
            Unavailable: the embedding model cannot be used.
        """
        if not query.strip() or k < 1 or not self._await_documents(on_wait, timeout):
            return ()
        self._await_model(on_wait, timeout)
        # More than k, as some may say the same.
        found = self._documents.passages.nearest(self._embedder.query(query), 2 * k + 4, document_ids)
        return tuple(_citation(rank, passage, score) for rank, (passage, score) in enumerate(select(found, k), 1))

    def add_samples(self, folder: Path) -> tuple[Document, ...]:
        """Adds the files in `folder` that are not here yet; one that a person removed stays away."""
        added = []
        for path in sorted(folder.glob("*")):
            if path.suffix.lower() not in MEDIA_TYPES or not path.is_file():
                continue
            data = path.read_bytes()
            if self._documents.was_removed(_hash(data)):
                continue
            document, created = self.add(path.name, data)
            added += [document] if created else []
        return tuple(added)

    def close(self) -> None:
        """Stops indexing and ends the embedding process."""
        self._indexer.close()

    def _await_documents(self, on_wait: Callable[[str], None] | None, timeout: float) -> bool:
        """Waits for the first documents while none can be searched, and says whether any can be."""
        until = time.monotonic() + timeout
        waiting = [] if self._documents.any_ready() else list(self._indexer.progress())
        if waiting and on_wait is not None:
            on_wait(INDEXING)
        for document_id in waiting:
            self._indexer.wait(document_id, max(0.0, until - time.monotonic()))
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


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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
    )
