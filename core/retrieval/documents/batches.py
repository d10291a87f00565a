"""Batches: which pieces of which documents are embedded together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models import Passage
from core.retrieval.documents.preparing import Prepared
from core.retrieval.encoders.embed import DIMENSIONS, Embedder
from core.retrieval.reading.split import Piece


class Part(NamedTuple):
    """Some pieces of a document, in order."""

    document: Prepared
    ordinals: range

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces themselves."""
        return self.document.pieces[self.ordinals.start : self.ordinals.stop]

    @property
    def document_id(self) -> str:
        """Whose pieces they are."""
        return self.document.document_id

    @property
    def last(self) -> bool:
        """Whether nothing comes after them."""
        return self.ordinals.stop == len(self.document.pieces)

    def texts(self) -> list[str]:
        """What the model reads of them."""
        return [self.document.text(ordinal) for ordinal in self.ordinals]

    def passages(self) -> list[Passage]:
        """Them as they are stored, under new ids."""
        return [self.document.passage(ordinal) for ordinal in self.ordinals]


class Batch(NamedTuple):
    """Parts and the vectors of all their pieces, an (n, 384) array."""

    parts: Sequence[Part]
    vectors: NDArray[np.float32]


def share(documents: Sequence[Prepared], size: int) -> tuple[Part, ...]:
    """Takes up to `size` pieces: each document has an equal share, and what is left over goes to the first ones."""
    documents = [document for document in documents if document.left]
    counts = [0] * len(documents)
    fair = max(1, size // max(1, len(documents)))
    for most in (fair, size):
        for index, document in enumerate(documents):
            counts[index] += min(document.left - counts[index], most, size - sum(counts))
    taken = [(document, document.take(count)) for document, count in zip(documents, counts, strict=True) if count]
    return tuple(Part(document, ordinals) for document, ordinals in taken)


def vectors_of(parts: Sequence[Part], embedder: Embedder) -> NDArray[np.float32]:
    """The vectors of all pieces of `parts`, an (n, 384) array: those that are known are not computed again.

    Raises:
        Unavailable: the model cannot be used.
    """
    known = [part.document.known.get((piece.heading, piece.text)) for part in parts for piece in part.pieces]
    texts = [text for part in parts for text in part.texts()]
    missing = [row for row, vector in enumerate(known) if vector is None]
    vectors = np.empty((len(texts), DIMENSIONS), np.float32)
    if missing:
        vectors[missing] = embedder.passages([texts[row] for row in missing])
    for row, vector in enumerate(known):
        if vector is not None:
            vectors[row] = vector
    return vectors
