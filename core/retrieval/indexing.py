"""Indexing: one background thread reads, splits, embeds and stores what was added, document after document."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import NamedTuple

from core.errors import NotFound, ThroughlineError, Unavailable
from core.ids import new_id
from core.models import Document, Passage
from core.retrieval.embed import Embedder
from core.retrieval.reader import Reader
from core.retrieval.split import Piece, embedded, split
from core.retrieval.tokens import count_tokens
from core.store.documents import Documents

LOADING = "Loading the embedding model…"
_SLICE = 32  # Passages that are embedded and saved at a time.
_QUEUE_LIMIT = 256 * 1024 * 1024
_log = logging.getLogger(__name__)

Notify = Callable[[Document], None]


class Progress(NamedTuple):
    """How far indexing a document has come: `done` of `total` passages (0: not known yet), and what goes on."""

    done: int
    total: int
    note: str


class Indexer:
    """Turns added files into passages, one at a time."""

    def __init__(self, documents: Documents, embedder: Embedder) -> None:
        self._documents = documents
        self._embedder = embedder
        self._reader = Reader()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="throughline-indexing")
        self._lock = threading.Lock()
        self._jobs: dict[str, Future[None]] = {}
        self._progress: dict[str, Progress] = {}
        self._queued = 0
        self._closing = False

    def check_room(self, size: int) -> None:
        """Refuses a file while too much is waiting.

        Raises:
            Unavailable: try again later.
        """
        if self._queued + size > _QUEUE_LIMIT:
            raise Unavailable("Too many files are waiting to be indexed. Add this one again in a few minutes.")

    def queue(self, document: Document, data: bytes, notify: Notify | None = None) -> None:
        """Has a document indexed; `notify` is called with it when that has ended."""
        with self._lock:
            self._queued += len(data)
            self._progress[document.id] = Progress(0, 0, "Waiting…")
            self._jobs[document.id] = self._pool.submit(self._run, document, data, notify)

    def wait(self, document_id: str, timeout: float | None = None) -> None:
        """Waits until indexing a document has ended."""
        with self._lock:
            job = self._jobs.get(document_id)
        if job is not None:
            wait([job], timeout)

    def progress(self) -> dict[str, Progress]:
        """How far the documents that wait or are being indexed have come, by id."""
        with self._lock:
            return dict(self._progress)

    def close(self) -> None:
        """Stops; what is unfinished stays `indexing`, and the next start says that it was interrupted."""
        self._closing = True
        self._reader.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, document: Document, data: bytes, notify: Notify | None) -> None:
        try:
            self._try(document, data)
        finally:
            with self._lock:
                self._queued -= len(data)
                self._progress.pop(document.id, None)
                self._jobs.pop(document.id, None)
        with suppress(NotFound):  # It was removed meanwhile.
            if notify is not None:
                notify(self._documents.get(document.id))

    def _try(self, document: Document, data: bytes) -> None:
        try:
            self._index(document, data)
        except Exception as error:
            if self._closing:
                return
            if not isinstance(error, ThroughlineError):
                _log.exception("indexing %s failed", document.filename)
            said = error.message if isinstance(error, ThroughlineError) else "This file could not be read."
            self._documents.set_failed(document.id, said)

    def _index(self, document: Document, data: bytes) -> None:
        self._note(document.id, 0, 0, "Reading…")
        text = self._reader.read(document.filename, data)
        title = text.title or document.title
        pieces = split(text, count_tokens)
        self._documents.set_title(document.id, title)
        if not self._embedder.ready:
            self._note(document.id, 0, len(pieces), LOADING)
        for start in range(0, len(pieces), _SLICE):
            if self._closing or not self._store(document.id, title, start, pieces[start : start + _SLICE]):
                return
            self._note(document.id, min(start + _SLICE, len(pieces)), len(pieces), "Embedding…")
        self._documents.set_ready(document.id)

    def _store(self, document_id: str, title: str, first: int, pieces: tuple[Piece, ...]) -> bool:
        vectors = self._embedder.passages([embedded(title, piece, count_tokens) for piece in pieces])
        passages = [
            Passage(new_id(), document_id, title, ordinal, p.text, p.heading, p.page, p.start, p.end)
            for ordinal, p in enumerate(pieces, first)
        ]
        return self._documents.append(passages, vectors)

    def _note(self, document_id: str, done: int, total: int, note: str) -> None:
        with self._lock:
            self._progress[document_id] = Progress(done, total, note)
