"""The library: documents are added, indexed in the background, and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import Conflict
from core.models import Document
from core.retrieval.documents.adding import Adder
from core.retrieval.documents.catalogue import Catalogue
from core.retrieval.documents.inbox import Inbox
from core.retrieval.documents.indexing import Indexer
from core.retrieval.documents.intake import Added, NewFile, Skipped, pasted
from core.retrieval.documents.originals import Originals, hash_of
from core.retrieval.documents.queue import Batch, Progress
from core.retrieval.encoders.embed import Embedder
from core.retrieval.reading.read import MEDIA_TYPES
from core.store.documents import Documents

_NOT_KEPT = "The file of this document was not kept. Add it again."


class Library(Catalogue):
    """The documents that answers draw on; every method may be called from any thread."""

    def __init__(self, documents: Documents, embedder: Embedder) -> None:
        super().__init__(documents, Originals(documents.folder / "uploads"))
        self._embedder = embedder
        self._indexer = Indexer(documents, embedder, self._originals)
        self._adder = Adder(documents, self._originals, self._indexer)
        self._inbox = Inbox(documents.folder / "inbox", documents, self.add_many)
        documents.changed.append(self._let_go)

    def start(self, samples: Path | None = None) -> None:
        """Goes on where the last server stopped, begins to load the model, adds the samples; back at once."""
        self._originals.sweep(self._documents.hashes())
        self._indexer.put(self._documents.start_over(self._originals.names()))
        self._embedder.start()
        if samples is not None:
            self.add_samples(samples)

    def watch(self) -> None:
        """Begins to take up what is put into the folder `inbox`."""
        self._inbox.start()

    def add(
        self,
        filename: str,
        data: bytes,
        *,
        origin: str | None = None,
        url: str | None = None,
        tags: Sequence[str] = (),
    ) -> tuple[Document, bool]:
        """Takes a file: back at once with its document, `indexing`, and whether it is new.

        The same bytes are the same document; other bytes of the same origin are its newer version.

        Raises:
            Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
            InvalidValue: the address or a tag cannot be taken.
            Unavailable, StorageError: no more is taken now.
        """
        return _single(self._adder.add([NewFile(filename, data, origin, url, tuple(tags))]))

    def add_text(
        self, title: str, text: str, *, url: str | None = None, tags: Sequence[str] = ()
    ) -> tuple[Document, bool]:
        """Takes pasted text, Markdown or a page's HTML, as `add` takes a file; without a title it names itself.

        Raises:
            Like `add`.
        """
        return _single(self._adder.add([pasted(title, text, url, tags)]))

    def add_many(self, files: Sequence[NewFile]) -> list[Added]:
        """Takes files as `add` does, many in one transaction, and says for each what became of it."""
        return self._adder.add(files)

    def add_samples(self, folder: Path) -> tuple[Document, ...]:
        """Adds the files in `folder` that were not here before: one that a person removed stays away."""
        paths = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in MEDIA_TYPES and path.is_file()]
        files = [NewFile(path.name, path.read_bytes(), f"samples/{path.name}") for path in paths]
        before, _ = self._documents.known([hash_of(file.data) for file in files], [])
        added = self.add_many([file for file in files if hash_of(file.data) not in before])
        return tuple(one.document for one in added if one.document and one.created)

    def cancel(self, document_id: str) -> None:
        """Ends the indexing of a document, which becomes `cancelled`; one that is, stays so.

        Raises:
            NotFound: there is none.
            Conflict: it is not being indexed.
        """
        document = self.get(document_id)
        if self._documents.cancel(document.id):
            self._indexer.end([document.id])
        elif (status := self.get(document.id).status) != "cancelled":
            raise Conflict(f"This document is {status}, so there is nothing to cancel. Remove it if it is not wanted.")

    def cancel_all(self) -> int:
        """Ends the indexing of every document that waits or is being indexed; how many there were."""
        count = 0
        for some in self._documents.cancel_all():
            self._indexer.end(some)
            count += len(some)
        return count

    def retry(self, document_id: str) -> None:
        """Has a document that failed or was cancelled indexed once more.

        Raises:
            NotFound: there is none.
            Conflict: it is ready, or its file was not kept.
        """
        document = self.get(document_id)
        if document.status == "ready":
            raise Conflict("This document is ready, so there is nothing to try again.")
        if not self._originals.has(document.sha256):
            raise Conflict(_NOT_KEPT)
        if self._documents.retry(document.id):
            self._indexer.put([document.id], anew=True)

    def remove(self, document_id: str) -> None:
        """Removes a document, even while it is being indexed; what cites it keeps its quotes.

        Raises:
            NotFound: there is none.
        """
        self._documents.remove(self.get(document_id).id)

    def progress(self) -> dict[str, Progress]:
        """How far the documents that wait or are being indexed have come, by id."""
        return self._indexer.queue.progress()

    def batch(self) -> Batch:
        """How far all has come that was added since nothing was waiting last; 0 of 0 when nothing is."""
        return self._indexer.queue.batch()

    def indexing(self, document_id: str) -> bool:
        """Whether a document waits or is being indexed."""
        return document_id in self._indexer.queue

    def wait(self, document_id: str, timeout: float | None = None) -> Document:
        """The document once indexing it has ended, or as it is after `timeout` seconds or when this is closed.

        Raises:
            NotFound: there is none, or it was removed meanwhile.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            self._indexer.queue.wait(document_id, until and until - time.monotonic())
            document = self.get(document_id)
            if document.id == document_id:
                return document
            document_id = document.id

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> None:
        """Waits until `condition` holds, which is looked at when a document has ended, or nothing is waiting."""
        self._indexer.queue.wait_until(condition, timeout)

    def skipped(self) -> tuple[Skipped, ...]:
        """The files in `inbox` that are not taken, each with the reason, until they change or vanish."""
        return self._inbox.skipped()

    def stop(self) -> None:
        """Begins to close: what goes wrong from now on is no document's fault."""
        self._indexer.stop()

    def close(self) -> None:
        """Stops watching and indexing; the next start goes on with what is unfinished."""
        self.stop()
        self._inbox.close()
        self._indexer.close()

    def _let_go(self, document_id: str) -> None:
        """Ends what is done for a document that was removed or replaced, and drops its file."""
        sha256 = self._documents.gone(document_id)
        if sha256 is not None:
            self._indexer.end([document_id])
            self._originals.drop(sha256, lambda: self._documents.by_hash(sha256) is not None)


def _single(added: Sequence[Added]) -> tuple[Document, bool]:
    document, created, error = added[0]
    if document is None:
        raise error or AssertionError("neither taken nor refused")
    return document, created
