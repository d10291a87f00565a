"""The vectors in memory: one signed byte a dimension, searched whole.

Scalar quantisation with a scale for each vector: at 384 dimensions the cosine is off by less than 0.003, so that the
true ten best are among the first thirty. A passage takes some 420 bytes, and one core looks through 100,000 in 3 ms.
One thread changes the vectors; any number search meanwhile, each in the state that it found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numkong
import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
_ROWS = 32_768
_ID = "S26"  # Ids of passages, as `core.ids` makes them.
_NOBODY = 0


@dataclass(slots=True)
class _Block:
    """Room for `_ROWS` vectors: `codes * scales` is about the vector of `ids`, `owners` the number of its document."""

    codes: NDArray[np.int8] = field(default_factory=lambda: np.empty((_ROWS, DIMENSIONS), np.int8))
    scales: NDArray[np.float32] = field(default_factory=lambda: np.empty(_ROWS, np.float32))
    ids: NDArray[np.bytes_] = field(default_factory=lambda: np.empty(_ROWS, _ID))
    owners: NDArray[np.int32] = field(default_factory=lambda: np.empty(_ROWS, np.int32))

    def vector(self, row: int) -> NDArray[np.float32]:
        rounded: NDArray[np.float32] = self.codes[row].astype(np.float32) * self.scales[row]
        return rounded

    def rows(self, chosen: NDArray[np.intp]) -> _Rows:
        return self.codes[chosen], self.scales[chosen], self.ids[chosen], self.owners[chosen]


_Rows = tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.bytes_], NDArray[np.int32]]
_View = tuple[tuple[_Block, int], ...]
"""The blocks, and how many rows of each are used: all of every one but the last."""


class Near(NamedTuple):
    """A passage by its id, the cosine with its rounded vector, and that vector (384)."""

    id: str
    cosine: float
    vector: NDArray[np.float32]


class Vectors:
    """Vectors of passages by document."""

    def __init__(self) -> None:
        self._view: _View = ()
        self._numbers: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._numbered = _NOBODY + 1
        self._total = 0

    def count(self, allowed: Collection[str] | None = None) -> int:
        """How many passages there are, in all documents or in those that are `allowed`."""
        return self._total if allowed is None else sum(self._counts.get(document_id, 0) for document_id in allowed)

    def nearest(self, vector: NDArray[np.float32], n: int, allowed: Collection[str] | None = None) -> list[Near]:
        """The `n` passages of the `allowed` documents nearest to `vector` (384, of unit length), best first."""
        view = self._view
        if not view or n < 1:
            return []
        scale = max(float(np.abs(vector).max()) / 127, 1e-9)
        query = np.rint(vector / scale).astype(np.int8).reshape(1, DIMENSIONS)
        wanted = self._wanted(allowed)
        scores = np.concatenate([_scores(block, used, query, wanted) for block, used in view])
        best = np.argpartition(-scores, n - 1)[:n] if n < len(scores) else np.arange(len(scores))
        best = best[scores[best] > -np.inf]
        places = [(view[row // _ROWS][0], row % _ROWS) for row in best]
        # The question itself need not be rounded for so few.
        found = [(block.ids[row].decode(), block.vector(row)) for block, row in places]
        near = [Near(name, float(rounded @ vector), rounded) for name, rounded in found]
        return sorted(near, key=lambda one: (-one.cosine, one.id))

    def add(self, document_ids: Sequence[str], ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Takes up passages `ids` of `document_ids`, one for each of `vectors` (n, 384), which have unit length."""
        for document_id in document_ids:
            if document_id not in self._numbers:
                self._numbers[document_id] = self._numbered
                self._numbered += 1
            self._counts[document_id] = self._counts.get(document_id, 0) + 1
        owners = np.array([self._numbers[document_id] for document_id in document_ids], np.int32)
        scales = np.maximum(np.abs(vectors).max(axis=1, initial=0) / np.float32(127), np.float32(1e-9))
        codes = np.rint(vectors / scales[:, None]).astype(np.int8)
        self._view = _appended(self._view, (codes, scales, np.array(ids, _ID), owners))
        self._total += len(ids)

    def remove(self, document_ids: Collection[str]) -> None:
        """Lets go of documents; those that are not here do not matter."""
        gone = [self._numbers.pop(document_id) for document_id in document_ids if document_id in self._numbers]
        if not gone:
            return
        self._total -= sum(self._counts.pop(document_id, 0) for document_id in document_ids)
        kept: _View = ()
        left = []
        for block, used in self._view:
            owners = block.owners[:used]
            owners[np.isin(owners, gone)] = _NOBODY
            live = np.flatnonzero(owners)
            if len(live) * 2 < used:  # Mostly holes: what is left moves to the end, and the memory is given back.
                left.append(block.rows(live))
            else:
                kept = (*kept, (block, used))
        for rows in left:
            kept = _appended(kept, rows)
        self._view = kept

    def _wanted(self, allowed: Collection[str] | None) -> NDArray[np.bool_]:
        """By number, which documents are searched."""
        wanted = np.full(self._numbered, allowed is None)
        if allowed is not None:
            numbers = (self._numbers.get(document_id, _NOBODY) for document_id in allowed)
            wanted[np.fromiter(numbers, np.intp)] = True
        wanted[_NOBODY] = False
        return wanted


def _scores(block: _Block, used: int, query: NDArray[np.int8], wanted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The dot products with the first `used` rows of a block, -inf for those that are not wanted."""
    chosen = wanted[block.owners[:used]]
    scores = np.full(used, -np.inf, np.float32)
    if chosen.any():
        dots = np.asarray(numkong.cdist(query, block.codes[:used], "dot")).reshape(used)
        np.multiply(dots, block.scales[:used], out=scores, where=chosen, casting="same_kind")
    return scores


def _appended(view: _View, rows: _Rows) -> _View:
    """`view` with more rows. What `view` itself shows does not change."""
    start, total = 0, len(rows[0])
    while start < total:
        if not view or view[-1][1] == _ROWS:
            view = (*view, (_Block(), 0))
        block, used = view[-1]
        taken = min(_ROWS - used, total - start)
        room, part = slice(used, used + taken), slice(start, start + taken)
        block.codes[room], block.scales[room] = rows[0][part], rows[1][part]
        block.ids[room], block.owners[room] = rows[2][part], rows[3][part]
        view, start = (*view[:-1], (block, used + taken)), start + taken
    return view
