"""Indexing: what waits is read and split, while one thread embeds and stores what was, some documents at a time.

Reading is a few documents ahead, so that the model always has a whole batch; documents share batches, so that small
ones make full ones and a long one holds up nobody.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from core.errors import StorageError, ThroughlineError
from core.retrieval.documents.batches import Batch, Part, share, vectors_of
from core.retrieval.documents.originals import Originals
from core.retrieval.documents.preparing import Prepared, prepare
from core.retrieval.documents.queue import Progress, Queue
from core.retrieval.documents.readers import Readers
from core.retrieval.encoders.embed import Embedder
from core.retrieval.reading.reader import Reader
from core.retrieval.reading.worker import Unwanted
from core.store.documents import Documents

LOADING = "Loading the embedding model…"
EMBEDDING = "Embedding…"
_BATCH = 64  # Passages that are embedded and stored at a time.
_AHEAD = 4 * _BATCH  # Passages that are held ready, so that reading never keeps the model waiting.
_FEW = 4  # Documents that are always read ahead, however long the others are.
_LONG = 2000  # Passages of a document of which no second one is held in memory.
_PAUSE = 5.0
_log = logging.getLogger(__name__)


class Indexer:
    """Turns documents that wait into passages, in the order of adding."""

    def __init__(self, documents: Documents, embedder: Embedder, originals: Originals) -> None:
        self.queue = Queue()
        self._documents = documents
        self._embedder = embedder
        self._originals = originals
        self._readers = Readers(self.queue, self._read, self._room, self._avoided)
        self._lock = threading.Condition()
        self._storing = threading.RLock()
        self._saver = ThreadPoolExecutor(1, "throughline-saving")
        self._active: list[Prepared] = []
        self._long: set[str] = set()
        self._anew: set[str] = set()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._index_on, name="throughline-indexing", daemon=True)
        self._thread.start()
        self._readers.start()

    def put(self, document_ids: Iterable[str], *, anew: bool = False) -> None:
        """Has documents indexed; `anew`: what may have been stored of them before is dropped first."""
        ids = list(document_ids)
        with self._lock:
            self._anew.update(ids if anew else ())
        self.queue.put(ids)

    def end(self, document_ids: Collection[str]) -> None:
        """Lets go of documents that are indexed, or no longer to be; one that is being read is read no further."""
        with self._storing, self._lock:
            self._active = [one for one in self._active if one.document_id not in document_ids]
            self._long.difference_update(document_ids)
            self._anew.difference_update(document_ids)
        self.queue.end(document_ids)
        self._readers.drop_unwanted()

    def stop(self) -> None:
        """Begins to close: what goes wrong from now on is no document's fault."""
        self._closing.set()

    def close(self) -> None:
        """Stops; what is unfinished stays `indexing`, and the next start goes on with it."""
        self.stop()
        self._readers.close()
        self.queue.close()
        with self._lock:
            self._lock.notify_all()
        self._readers.join()
        self._thread.join()
        self._saver.shutdown()

    def _room(self) -> bool:
        left = [one.left for one in self._active if one.left]
        return len(left) < _FEW or sum(left) < _AHEAD

    def _avoided(self) -> Collection[str]:
        return self._long if any(len(one.pieces) > _LONG for one in self._active) else ()

    def _read(self, document_id: str, reader: Reader) -> None:
        wanted = partial(self.queue.taken, document_id)
        try:
            prepared = prepare(self._documents, self._originals, reader, document_id, wanted)
        except Unwanted:
            return
        except Exception as error:
            if wanted():  # Else it was cancelled, and may be waiting once more.
                self._fail(document_id, error)
            return
        if prepared is not None:
            self._hold(prepared)
        elif wanted():
            self.end([document_id])

    def _hold(self, prepared: Prepared) -> None:
        note = EMBEDDING if self._embedder.ready else LOADING
        with self._lock:
            if len(prepared.pieces) > _LONG and any(len(one.pieces) > _LONG for one in self._active):
                self._long.add(prepared.document_id)
                self.queue.put_back(prepared.document_id)
                return
            if not self.queue.note(prepared.document_id, Progress(0, len(prepared.pieces), note)):
                return  # It was cancelled meanwhile, and may be waiting once more.
            self._active = [*self._active, prepared]
            self._lock.notify_all()

    def _index_on(self) -> None:
        saved: Future[None] | None = None
        while True:
            with self._lock:
                self._lock.wait_for(lambda: any(one.left for one in self._active) or self._closing.is_set())
                parts = () if self._closing.is_set() else share(self._active, _BATCH)
            if not parts:
                return
            self.queue.wake()
            batches = self._embed(parts)
            if saved is not None:
                saved.result()
            # Saved beside the next batch: the model need not wait for the disk.
            saved = self._saver.submit(self._save, batches)

    def _embed(self, parts: Sequence[Part]) -> list[Batch]:
        try:
            return [Batch(parts, vectors_of(parts, self._embedder))]
        except Exception as error:
            if len(parts) > 1 and not self._closing.is_set():  # One document's failure is not its neighbours'.
                return [batch for part in parts for batch in self._embed([part])]
            self._fail(parts[0].document_id, error)
            return []

    def _save(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            try:
                self._store(batch)
            except StorageError as error:
                self._pause(batch.parts, error)
            except Exception as error:
                for part in batch.parts:
                    self._fail(part.document_id, error)

    def _store(self, batch: Batch) -> None:
        passages = [passage for part in batch.parts for passage in part.passages()]
        # Locked, so that one that was cancelled and is tried again cannot be taken for what it was before.
        with self._storing:
            parts = [part for part in batch.parts if part.document in self._active]
            ids = {part.document_id for part in parts}
            rows = [row for row, passage in enumerate(passages) if passage.document_id in ids]
            for document_id in ids & self._anew:
                self._documents.clear(document_id)
                self._anew.discard(document_id)
            gone = self._documents.store([passages[row] for row in rows], batch.vectors[rows])
            finished = [part.document.finished for part in parts if part.last and part.document_id not in gone]
            self._documents.finish(finished)
        for part in parts:
            self.queue.note(part.document_id, Progress(part.ordinals.stop, len(part.document.pieces), EMBEDDING))
        if ended := gone.union(one.document_id for one in finished):
            self.end(ended)

    def _fail(self, document_id: str, error: Exception) -> None:
        if self._closing.is_set():
            return
        if not isinstance(error, ThroughlineError):
            _log.error("indexing %s failed", document_id, exc_info=error)
        said = error.message if isinstance(error, ThroughlineError) else "This file could not be read."
        try:
            self._documents.set_failed(document_id, said)
        except Exception:
            _log.exception("that %s failed could not be saved; it is tried again at the next start", document_id)
        self.end([document_id])

    def _pause(self, parts: Sequence[Part], error: StorageError) -> None:
        """Has documents that could not be saved begin anew after a while: it is not their fault."""
        if self._closing.is_set():
            return
        _log.warning("indexing pauses: %s", error.message)
        self._closing.wait(_PAUSE)
        ids = [part.document_id for part in parts]
        with self._lock:
            self._active = [one for one in self._active if one.document_id not in ids]
            self._anew.update(ids)
        for document_id in ids:
            self.queue.put_back(document_id)
