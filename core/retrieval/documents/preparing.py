"""Preparing: a document's file becomes the pieces that are to be embedded."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import DocumentError
from core.ids import new_id
from core.models import Passage
from core.retrieval.documents.originals import Originals
from core.retrieval.encoders.tokens import count_tokens
from core.retrieval.reading.reader import Reader
from core.retrieval.reading.split import Piece, embedded
from core.retrieval.reading.worker import Wanted
from core.store.documents import Documents
from core.store.states import Finished
from core.store.work import Known

_LOST = "The file of this document is no longer there. Add it again."
_EMPTY = "No text was found in this file. Add one that holds text."


@dataclass(eq=False, slots=True)
class Prepared:
    """A document in pieces, the first `taken` of which have gone on; `known` holds vectors that need no embedding."""

    finished: Finished
    title: str
    pieces: tuple[Piece, ...]
    known: Known = field(default_factory=dict)
    taken: int = 0

    @property
    def document_id(self) -> str:
        """Whose pieces these are."""
        return self.finished.document_id

    @property
    def left(self) -> int:
        """How many pieces are not taken yet."""
        return len(self.pieces) - self.taken

    def take(self, count: int) -> range:
        """Takes the next pieces."""
        self.taken += count
        return range(self.taken - count, self.taken)

    def text(self, ordinal: int) -> str:
        """What the model reads of a piece."""
        return embedded(self.title, self.pieces[ordinal], count_tokens)

    def passage(self, ordinal: int) -> Passage:
        """A piece as it is stored, under a new id."""
        piece = self.pieces[ordinal]
        place = (piece.heading, piece.page, piece.start, piece.end)
        return Passage(new_id(), self.document_id, self.title, ordinal, piece.text, *place)


def prepare(
    documents: Documents, originals: Originals, reader: Reader, document_id: str, wanted: Wanted
) -> Prepared | None:
    """Reads and splits a document's file; None when it is no longer to be indexed.

    Raises:
        Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
        Unwanted: while it was read it was no longer `wanted`.
    """
    work = documents.work(document_id)
    if work is None:
        return None
    try:
        data = originals.read(work.sha256)
    except FileNotFoundError as error:
        raise DocumentError(_LOST) from error
    cut = reader.read(work.filename, data, wanted)
    if not cut.pieces:
        raise DocumentError(_EMPTY)
    title = work.title if work.titled else cut.title or work.title
    return Prepared(Finished(document_id, cut.title, cut.url), title, cut.pieces, documents.vectors(work.older, title))
