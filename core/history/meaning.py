"""Messages by their meaning: the vectors of their windows in memory, kept in a file so that none is made twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.history.columns import Columns, Mask, Seqs
from core.history.journal import Journal, Records
from core.history.windows import MOST
from core.retrieval.searching.codes import DIMENSIONS, Codes, Rows, quantised

_KIND = np.dtype([("seq", "i8"), ("version", "u8"), ("window", "u1"), ("scale", "f4"), ("codes", "i1", (DIMENSIONS,))])
_NOTHING = 255  # In place of a window: the text has none.
_FRAMES = 200  # As many are read quickly; of more, one file with few is made at the start.
_AT_ONCE = 50_000

Vectors = NDArray[np.float32]


class Meaning:
    """The vectors of messages. One thread changes them; any number search."""

    def __init__(self, folder: Path, columns: Columns) -> None:
        self._journal = Journal(folder / "vectors-1", _KIND)
        self._columns = columns
        self._codes = Codes("u1")

    def load(self) -> None:
        """Reads what is kept, without what was of another text; call it once, when the columns are loaded."""
        dead = 0
        for records in self._journal.read():
            live = records[self._current(records)]
            dead += len(records) - len(live)
            self._take(live)
        if self._journal.frames > _FRAMES or dead > _AT_ONCE:
            self._journal.rewrite(self._gathered())

    def add(self, seqs: Sequence[int], versions: Sequence[int], windows: Sequence[int], vectors: Vectors) -> None:
        """Takes up the vectors (n, 384) of texts, one for each of their `windows`; all those of a text together.

        Raises:
            OSError: they cannot be kept; they are found all the same, until the end.
        """
        records = np.empty(len(seqs), _KIND)
        records["seq"], records["version"], records["window"] = seqs, np.array(versions, np.uint64), windows
        records["codes"], records["scale"] = quantised(vectors)
        self._replace(records)
        self._journal.append(records)

    def skip(self, seqs: Sequence[int], versions: Sequence[int]) -> None:
        """Says that texts have no windows.

        Raises:
            OSError: that cannot be kept.
        """
        self.add(seqs, versions, [_NOTHING] * len(seqs), np.zeros((len(seqs), DIMENSIONS), np.float32))

    def remove(self, seqs: Seqs) -> None:
        """Lets go of messages; from the file they go at the next start."""
        self._codes.remove(_owners(seqs))
        self._columns.hold("embedded", seqs, np.zeros(len(seqs), np.uint64))

    def nearest(self, vector: Vectors, n: int, wanted: Mask) -> list[tuple[int, float, int]]:
        """The `n` messages whose numbers are `wanted` nearest to `vector` (384, of unit length), best first.

        Each with its cosine and the window that is the nearest.
        """
        best: dict[int, tuple[int, float, int]] = {}
        for close in self._codes.nearest(vector, n * MOST, np.concatenate([[False], wanted])):
            best.setdefault(close.owner, (close.owner - 1, close.cosine, int(close.id)))
        return list(best.values())[:n]

    def _current(self, records: Records) -> Mask:
        """Which records are of a text as it is, and not yet taken up."""
        versions, held = self._columns.held("version"), self._columns.held("embedded")
        current: Mask = records["seq"] < len(versions)
        seqs = records["seq"][current]
        current[current] = (versions[seqs] == records["version"][current]) & (held[seqs] != versions[seqs])
        return current

    def _replace(self, records: Records) -> None:
        before = self._columns.held("embedded")
        seqs = records["seq"][records["seq"] < len(before)]
        older = np.unique(seqs[before[seqs] != 0])
        if len(older):
            self._codes.remove(_owners(older))
        self._take(records)

    def _take(self, records: Records) -> None:
        said = records[records["window"] != _NOTHING]
        self._codes.add(Rows(said["codes"], said["scale"], said["window"], _owners(said["seq"])))
        self._columns.hold("embedded", records["seq"], records["version"])

    def _gathered(self) -> Iterator[Records]:
        """What the file holds that is current, in few parts."""
        parts: list[Records] = []
        held = self._columns.held("embedded")
        for records in self._journal.read():
            known = records[records["seq"] < len(held)]
            parts.append(known[held[known["seq"]] == known["version"]])
            if sum(map(len, parts)) >= _AT_ONCE:
                yield np.concatenate(parts)
                parts = []
        if parts:
            yield np.concatenate(parts)


def _owners(seqs: Seqs) -> NDArray[np.int32]:
    return (seqs + 1).astype(np.int32)  # 0 is nobody.
