"""The library: files are added, indexed in the background and removed."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath

from core.models import Document, Passage
from core.retrieval.embed import Embedder
from core.retrieval.indexing import Indexer, Notify, Progress
from core.retrieval.read import MEDIA_TYPES, check
from core.store.documents import Documents


class Library:
    """The documents that answers draw on."""

    def __init__(self, documents: Documents, embedder: Embedder) -> None:
        self._documents = documents
        self._embedder = embedder
        self._indexer = Indexer(documents, embedder)

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
        """Stops indexing."""
        self._indexer.close()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
