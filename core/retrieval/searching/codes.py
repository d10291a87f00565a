"""Vectors in memory as one signed byte a dimension, searched whole.

Scalar quantisation with a scale for each vector: at 384 dimensions the cosine is off by less than 0.003, so that the
true ten best are among the first thirty. One core looks through 100,000 in 3 ms. One thread changes the vectors; any
number search meanwhile, each in the state that it found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numkong
import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
NOBODY = 0
"""The owner of what was removed; every other number may own vectors."""
_ROWS = 32_768
_SPARSE = 8  # Where fewer than one row in so many is wanted, those are picked out before they are compared.


class Rows(NamedTuple):
    """Vectors: `codes * scales` (n, 384) is about them, `ids` and `owners` (n) are what their owner calls them."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    ids: NDArray[Any]
    owners: NDArray[np.int32]

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Rows:
        """Some of them."""
        return Rows(self.codes[chosen], self.scales[chosen], self.ids[chosen], self.owners[chosen])


class Close(NamedTuple):
    """A vector that was found: its owner and id, the cosine with its rounded form (384), and that."""

    owner: int
    id: Any
    cosine: float
    vector: NDArray[np.float32]


@dataclass(slots=True)
class _Block:
    """Room for `_ROWS` vectors."""

    kind: np.dtype[Any]
    rows: Rows = field(init=False)

    def __post_init__(self) -> None:
        codes, scales = np.empty((_ROWS, DIMENSIONS), np.int8), np.empty(_ROWS, np.float32)
        self.rows = Rows(codes, scales, np.empty(_ROWS, self.kind), np.empty(_ROWS, np.int32))


_View = tuple[tuple[_Block, int], ...]
"""The blocks, and how many rows of each are used: all of every one but the last."""


class Codes:
    """Vectors by their owners, each with an id of the kind `ids`."""

    def __init__(self, ids: str) -> None:
        self._kind = np.dtype(ids)
        self._view: _View = ()
        self._highest = NOBODY

    @property
    def blocks(self) -> int:
        """How many blocks of memory they take."""
        return len(self._view)

    def nearest(self, vector: NDArray[np.float32], n: int, wanted: NDArray[np.bool_]) -> list[Close]:
        """The `n` vectors nearest to `vector` (384, of unit length) whose owner's number is `wanted`, best first."""
        view, missing = self._view, self._highest + 1 - len(wanted)
        if not view or n < 1:
            return []
        if missing > 0:  # Owners that came after the question.
            wanted = np.pad(wanted, (0, missing))
        scale = max(float(np.abs(vector).max()) / 127, 1e-9)
        query = np.rint(vector / scale).astype(np.int8).reshape(1, DIMENSIONS)
        best = _best(view, n, query, wanted)
        vectors = best.codes.astype(np.float32) * best.scales[:, None]
        cosines = vectors @ vector  # The question itself need not be rounded for so few.
        order = np.lexsort((best.ids, -cosines))
        values = best.owners[order].tolist(), best.ids[order].tolist(), cosines[order].tolist(), vectors[order]
        return [Close(*one) for one in zip(*values, strict=True)]

    def add(self, rows: Rows) -> None:
        """Takes up vectors."""
        self._highest = max(self._highest, int(rows.owners.max(initial=NOBODY)))
        self._view = self._appended(self._view, rows)

    def remove(self, owners: NDArray[np.int32]) -> None:
        """Lets go of the vectors of some owners."""
        kept: _View = ()
        left = []
        for block, used in self._view:
            here = block.rows.owners[:used]
            here[np.isin(here, owners)] = NOBODY
            live = np.flatnonzero(here)
            if len(live) * 2 < used:  # Mostly holes: what is left moves to the end, and the memory is given back.
                left.append(block.rows.take(live))
            else:
                kept = (*kept, (block, used))
        for rows in left:
            kept = self._appended(kept, rows)
        self._view = kept

    def _appended(self, view: _View, rows: Rows) -> _View:
        """`view` with more rows. What `view` itself shows does not change."""
        start, total = 0, len(rows.codes)
        while start < total:
            if not view or view[-1][1] == _ROWS:
                view = (*view, (_Block(self._kind), 0))
            block, used = view[-1]
            taken = min(_ROWS - used, total - start)
            room, part = slice(used, used + taken), slice(start, start + taken)
            codes, scales, ids, owners = block.rows
            codes[room], scales[room] = rows.codes[part], rows.scales[part]
            ids[room], owners[room] = rows.ids[part], rows.owners[part]
            view, start = (*view[:-1], (block, used + taken)), start + taken
        return view


def quantised(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The codes (n, 384) and scales (n) of `vectors` (n, 384)."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0) / np.float32(127), np.float32(1e-9))
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def _best(view: _View, n: int, query: NDArray[np.int8], wanted: NDArray[np.bool_]) -> Rows:
    """The `n` best, in no order: of each block only what is better than all that were found before."""
    mostly = bool(2 * np.count_nonzero(wanted) > len(wanted))
    best, places, least = np.empty(0, np.float32), np.empty(0, np.int64), np.float32(-np.inf)
    for number, (block, used) in enumerate(view):
        rows, scores = _better(block.rows, used, query, least, wanted, mostly)
        best, places = np.concatenate([best, scores]), np.concatenate([places, number * _ROWS + rows])
        if len(best) > n:
            kept = np.argpartition(-best, n - 1)[:n]
            best, places = best[kept], places[kept]
            least = best.min()
    numbers = places // _ROWS
    parts = [view[number][0].rows.take(places[numbers == number] % _ROWS) for number in np.unique(numbers)]
    return Rows(*map(np.concatenate, zip(*parts, strict=True))) if parts else view[0][0].rows.take(places)


def _better(
    rows: Rows, used: int, query: NDArray[np.int8], least: np.float32, wanted: NDArray[np.bool_], mostly: bool
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Those of the first `used` rows that are wanted and better than `least`, with their dot products.

    Where few are wanted, those are compared; else all are, and it is asked of the better ones alone whether they are.
    """
    chosen = None if mostly else np.flatnonzero(wanted[rows.owners[:used]])
    if chosen is None or len(chosen) * _SPARSE >= used:
        scores = _dots(query, rows.codes[:used]) * rows.scales[:used]
        better = np.flatnonzero(scores > least)
        better = better[wanted[rows.owners[better]]]
        return better, scores[better]
    if not len(chosen):
        return chosen, np.empty(0, np.float32)
    scores = _dots(query, rows.codes.take(chosen, axis=0)) * rows.scales[chosen]
    better = np.flatnonzero(scores > least)
    return chosen[better], scores[better]


def _dots(query: NDArray[np.int8], codes: NDArray[np.int8]) -> NDArray[np.float32]:
    return np.asarray(numkong.cdist(query, codes, "dot", out_dtype="float32")).reshape(len(codes))
