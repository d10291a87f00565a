"""What messages are filtered by, in memory: a value a message and column, found by its order number.

Some 60 bytes a message; a filter looks through a million in a few milliseconds. One thread brings in what has changed
(and says which texts the index of words holds), another says which are embedded; any number read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.history.filter import HistoryFilter
from core.models import Role, Status

_KINDS: dict[str, Any] = {
    "role": np.int8,  # 0: there is no such message.
    "conversation": np.int32,
    "created": np.int64,  # Microseconds since 1970.
    "status": np.int8,
    "model": np.int32,  # 0: none.
    "failed": np.bool_,
    "rating": np.int8,
    "cost": np.float64,  # Not a number: not known.
    "version": np.uint64,  # Of the text there is; 0: none.
    "worded": np.uint64,  # Of the text that is found by its words.
    "embedded": np.uint64,  # Of the text that is found by its meaning.
}
_ROLES = (None, Role.USER, Role.ASSISTANT)
_STATUSES = tuple(Status)
_LEAST = 1024

Seqs = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Columns:
    """The columns, and the documents that messages cite."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrays = _empty(_LEAST)
        self._conversations: dict[str, int] = {}
        self._models: dict[str, int] = {}
        self._documents: dict[str, int] = {}
        self._cited: list[tuple[Seqs, NDArray[np.uint64], NDArray[np.int32]]] = []

    def take(self, table: pa.Table) -> Seqs:
        """Brings in rows of `core.store.history`; the numbers of their messages."""
        seqs: Seqs = table["seq"].to_numpy()
        if not len(seqs):
            return seqs
        values = {
            "role": 1 + _numbers(table["role"], {role: i for i, role in enumerate((Role.USER, Role.ASSISTANT))}),
            "conversation": 1 + _numbers(table["conversation_id"], self._conversations),
            "created": table["created_at"].to_numpy(),
            "status": _numbers(table["status"], {status: i for i, status in enumerate(_STATUSES)}),
            "model": 1 + _numbers(table["model"], self._models),
            "failed": table["failed"].to_numpy(),
            "rating": table["rating"].to_numpy(),
            "cost": table["cost"].to_numpy(),
            "version": table["version"].to_numpy(),
        }
        with self._lock:
            self._grow(int(seqs.max()))
            for name, column in values.items():
                self._arrays[name][seqs] = column
        return seqs

    def forget(self, seqs: Seqs) -> None:
        """Lets go of messages that are there no more."""
        with self._lock:
            self._arrays["role"][seqs] = 0
            self._arrays["version"][seqs] = 0

    def present(self) -> Seqs:
        """The numbers of all messages."""
        return np.flatnonzero(self._arrays["role"])

    def behind(self, name: str) -> Seqs:
        """The messages whose text is another than the one that is `worded` or `embedded`."""
        arrays = self._arrays
        return np.flatnonzero(arrays["version"] != arrays[name])

    def held(self, name: str) -> NDArray[np.uint64]:
        """The versions of the texts by number, as they are `worded` or `embedded`, or as there are (`version`)."""
        found: NDArray[np.uint64] = self._arrays[name]
        return found

    def hold(self, name: str, seqs: Sequence[int] | Seqs, versions: Sequence[int] | NDArray[np.uint64]) -> None:
        """Says which texts are `worded` or `embedded` now."""
        if len(seqs):
            numbers = np.asarray(seqs, np.int64)
            with self._lock:
                self._grow(int(numbers.max()))
                self._arrays[name][numbers] = np.asarray(versions, np.uint64)

    def drop_words(self) -> None:
        """Says that no text is `worded`, nor cites anything."""
        with self._lock:
            self._arrays["worded"][:] = 0
            self._cited = []

    def cite(self, seqs: Seqs, versions: NDArray[np.uint64], documents: Iterable[str]) -> None:
        """Says which documents some texts cite: one of each a citation."""
        numbers = [self._documents.setdefault(document, len(self._documents)) for document in documents]
        if numbers:
            with self._lock:
                self._cited.append((seqs, versions, np.array(numbers, np.int32)))

    def mask(self, wanted: HistoryFilter, hidden: Iterable[str]) -> Mask:
        """By number, which messages pass the filter and are in none of the conversations `hidden`."""
        a = self._arrays
        mask: Mask = a["role"] != 0
        gone = [self._conversations[name] + 1 for name in hidden if name in self._conversations]
        if gone:
            shown: Mask = np.ones(len(self._conversations) + 1, np.bool_)
            shown[gone] = False
            mask &= shown.take(a["conversation"], mode="clip")  # One that comes meanwhile may have a higher number.
        for chosen in self._chosen(a, wanted):
            mask &= chosen
        return mask

    def newest(self, mask: Mask, n: int) -> list[int]:
        """The numbers of the `n` messages in `mask` that were made last, those first."""
        seqs = np.flatnonzero(mask)
        created = self._arrays["created"][seqs]
        if len(seqs) > n:
            late = created >= np.partition(created, len(created) - n)[len(created) - n]
            seqs, created = seqs[late], created[late]
        found: list[int] = seqs[np.lexsort((seqs, created))][::-1][:n].tolist()
        return found

    def of(self, seq: int) -> tuple[Status, str | None, int | None, float | None]:
        """A message's status, model, rating and cost."""
        a = self._arrays
        cost, model = float(a["cost"][seq]), int(a["model"][seq])
        name = next((name for name, number in self._models.items() if number + 1 == model), None)
        return _STATUSES[a["status"][seq]], name, int(a["rating"][seq]) or None, None if np.isnan(cost) else cost

    def models(self) -> tuple[str, ...]:
        """The models that have answered, in order."""
        numbers = set(np.unique(self._arrays["model"]).tolist())
        return tuple(sorted(name for name, number in self._models.items() if number + 1 in numbers))

    def _chosen(self, a: dict[str, NDArray[Any]], wanted: HistoryFilter) -> Iterable[Mask]:
        if wanted.since is not None:
            yield a["created"] >= _micros(wanted.since)
        if wanted.until is not None:
            yield a["created"] < _micros(wanted.until)
        if wanted.models:
            yield _one_of(a["model"], (self._models[name] + 1 for name in wanted.models if name in self._models))
        if wanted.statuses:
            yield _one_of(a["status"], map(_STATUSES.index, wanted.statuses))
        if wanted.rating is not None:
            yield a["rating"] == wanted.rating
        if wanted.min_cost is not None:
            yield a["cost"] >= wanted.min_cost
        if wanted.max_cost is not None:
            yield a["cost"] <= wanted.max_cost
        if wanted.failed is not None:
            yield a["failed"] == wanted.failed
        if wanted.role is not None:
            yield a["role"] == _ROLES.index(wanted.role)
        if wanted.conversation_id is not None:
            yield a["conversation"] == self._conversations.get(wanted.conversation_id, -1) + 1
        if wanted.document_id is not None:
            yield self._citing(a, wanted.document_id)

    def _citing(self, a: dict[str, NDArray[Any]], document_id: str) -> Mask:
        mask: Mask = np.zeros(len(a["role"]), np.bool_)
        number = self._documents.get(document_id, -1)
        with self._lock:
            if len(self._cited) > 1:
                seqs, versions, documents = (np.concatenate(parts) for parts in zip(*self._cited, strict=True))
                self._cited = [(seqs, versions, documents)]
            cited = list(self._cited)
        for seqs, versions, documents in cited:
            here = (documents == number) & (seqs < len(mask))
            here[here] = a["worded"][seqs[here]] == versions[here]  # Not what an older text cited.
            mask[seqs[here]] = True
        return mask

    def _grow(self, seq: int) -> None:
        before = self._arrays
        if seq >= len(before["role"]):
            grown = _empty(max(seq + 1, len(before["role"]) * 5 // 4))
            for name, column in before.items():
                grown[name][: len(column)] = column
            self._arrays = grown


def _empty(size: int) -> dict[str, NDArray[Any]]:
    return {name: np.zeros(size, kind) for name, kind in _KINDS.items()}


def _one_of(column: NDArray[Any], values: Iterable[int]) -> Mask:
    """Which are one of a few values; `np.isin` takes ten times as long."""
    mask: Mask = np.zeros(len(column), np.bool_)
    for value in values:
        mask |= column == value
    return mask


def _numbers(column: pa.ChunkedArray, known: dict[Any, int]) -> NDArray[np.int64]:
    """The numbers of the names in a column, -1 for none; names that are new get the next."""
    encoded = column.combine_chunks().dictionary_encode()
    numbers = [known.setdefault(name, len(known)) for name in encoded.dictionary.to_pylist()]
    places = encoded.indices.fill_null(len(numbers)).to_numpy()
    found: NDArray[np.int64] = np.array([*numbers, -1], np.int64)[places]
    return found


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
