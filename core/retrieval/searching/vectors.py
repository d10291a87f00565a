"""The vectors of passages, by document; a passage takes some 420 bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.retrieval.searching.codes import NOBODY, Codes, Rows, quantised

_ID = "S26"  # Ids of passages, as `core.ids` makes them.


class Near(NamedTuple):
    """A passage by its id, the cosine with its rounded vector, and that vector (384)."""

    id: str
    cosine: float
    vector: NDArray[np.float32]


class Vectors:
    """Vectors of passages by document. One thread changes them; any number search."""

    def __init__(self) -> None:
        self._codes = Codes(_ID)
        self._numbers: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._numbered = NOBODY + 1
        self._total = 0
        self._changes = 0
        self._latest: tuple[Collection[str] | None, int, NDArray[np.bool_]] = None, -1, np.empty(0, np.bool_)

    def count(self, allowed: Collection[str] | None = None) -> int:
        """How many passages there are, in all documents or in those that are `allowed`."""
        return self._total if allowed is None else sum(self._counts.get(document_id, 0) for document_id in allowed)

    def nearest(self, vector: NDArray[np.float32], n: int, allowed: Collection[str] | None = None) -> list[Near]:
        """The `n` passages of the `allowed` documents nearest to `vector` (384, of unit length), best first."""
        found = self._codes.nearest(vector, n, self._wanted(allowed))
        return [Near(one.id.decode(), one.cosine, one.vector) for one in found]

    def add(self, document_ids: Sequence[str], ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Takes up passages `ids` of `document_ids`, one for each of `vectors` (n, 384), which have unit length."""
        for document_id in document_ids:
            if document_id not in self._numbers:
                self._numbers[document_id] = self._numbered
                self._numbered += 1
            self._counts[document_id] = self._counts.get(document_id, 0) + 1
        owners = np.array([self._numbers[document_id] for document_id in document_ids], np.int32)
        self._codes.add(Rows(*quantised(vectors), np.array(ids, _ID), owners))
        self._total += len(ids)
        self._changes += 1

    def remove(self, document_ids: Collection[str]) -> None:
        """Lets go of documents; those that are not here do not matter."""
        gone = [self._numbers.pop(document_id) for document_id in document_ids if document_id in self._numbers]
        if gone:
            self._total -= sum(self._counts.pop(document_id, 0) for document_id in document_ids)
            self._codes.remove(np.array(gone, np.int32))
            self._changes += 1

    def _wanted(self, allowed: Collection[str] | None) -> NDArray[np.bool_]:
        """By number, which documents are searched; not worked out again for the same set."""
        before, at, wanted = self._latest
        changes = self._changes
        if allowed is not None and before is allowed and at == changes:
            return wanted
        wanted = np.full(self._numbered, allowed is None)
        if allowed is not None:
            numbers = (self._numbers.get(document_id, NOBODY) for document_id in allowed)
            wanted[np.fromiter(numbers, np.intp)] = True
        wanted[NOBODY] = False
        self._latest = allowed, changes, wanted
        return wanted
