"""What the tests of adding share: a model that works when the test says so, and a library on it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.retrieval.documents.library import Library
from core.retrieval.encoders.embed import Embedder
from core.store.database import Database
from core.store.documents import Documents

PATIENCE = 60.0


class HandEmbedder(Embedder):
    """Embeds while its gate is open; `batches` are the texts that it was given, `asked` is set when it is."""

    def __init__(self, *, open: bool = True) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.asked = threading.Event()
        self.batches: list[list[str]] = []
        self.ended: Unavailable | None = None
        if open:
            self.gate.set()

    @property
    def ready(self) -> bool:
        return self.gate.is_set()

    @property
    def failed(self) -> Unavailable | None:
        return self.ended

    def start(self) -> None:
        pass

    def wait(self, timeout: float | None = None) -> bool:
        return self.gate.wait(timeout)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        self.asked.set()
        self.gate.wait()
        if self.ended:
            raise self.ended
        if any("poison" in text for text in texts):
            raise Unavailable("The embedding model cannot take this text.")
        vectors = np.zeros((len(texts), 384), np.float32)
        for row, text in enumerate(texts):
            vectors[row, zlib.crc32(text.encode()) % 384] = 1
        return vectors

    def close(self) -> None:
        self.ended = Unavailable("Throughline is shutting down.")
        self.gate.set()


@contextmanager
def opened(folder: Path, embedder: Embedder | None = None) -> Iterator[tuple[Library, Documents]]:
    """A library that has gone on where the last one on this folder stopped."""
    embedder = embedder or HandEmbedder()
    database = Database(folder / "throughline.duckdb")
    documents = Documents(database)
    library = Library(documents, embedder)
    library.start()
    try:
        yield library, documents
    finally:
        library.stop()
        embedder.close()
        library.close()
        database.close()


def kept(folder: Path) -> set[str]:
    """The originals that are on disk."""
    uploads = folder / "uploads"
    return {path.name for path in uploads.iterdir()} if uploads.exists() else set()


def texts(documents: Documents, document_id: str) -> list[str]:
    """The passages of a document, in the order in which they are stored."""
    sql = "select text from passages where document_id = ? order by ordinal"
    return [row[0] for row in documents._database.fetch(sql, [document_id])]
