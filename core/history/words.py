"""Messages by their words: BM25 over what they say, within any choice of messages.

The index holds words and order numbers alone. What messages are filtered by changes, and stands in the columns: few
that pass are looked for by their numbers; of many, the best between the first and the last that passes are gone through
until enough of them pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from core.history.columns import Mask, Seqs
from core.history.phrases import Phrase
from core.retrieval.searching.bm25 import Bm25, Hits
from core.retrieval.searching.terms import spread

_FEW = 5_000  # Messages that are looked for by their numbers.
_MOST = 0.9  # Of all numbers: where less lies between the first and the last that passes, the others are left out.
_MARGIN = 1.3
_FASTER = 4
_AT_ONCE = 5_000  # Characters.
_MOST_SAYING = 100_000  # Messages that are looked through for the best of those with a phrase.

Scored = tuple[int, float]
"""A message's order number and its score."""
Read = tuple[Seqs, NDArray[np.float64]]
Within = Callable[[tantivy.Schema], tantivy.Query]


class MessageWords:
    """The words of messages in a folder. One thread changes them; any number search."""

    def __init__(self, folder: Path) -> None:
        self._words = Bm25(folder, "words-2", ("text",), _describe, positions=True)

    def open(self) -> int:
        """Opens the index, or begins a new one; how many messages it holds.

        Raises:
            Damaged: the folder cannot be written.
        """
        return self._words.open(lambda searcher: int(searcher.num_docs)) or 0

    def clear(self) -> None:
        """Begins a new index in place of what is there.

        Raises:
            Damaged: the folder cannot be written.
        """
        self._words.clear()

    def change(self, gone: Iterable[int], texts: Iterable[tuple[int, str]]) -> None:
        """Lets go of the messages `gone` and takes up texts by their numbers, then shows all of it at once.

        Raises:
            Damaged: it cannot be written.
        """
        self._words.change("seq", gone, (tantivy.Document(seq=seq, text=_spread(text)) for seq, text in texts))

    def search(self, query: str, n: int, wanted: Mask) -> list[Scored]:
        """The `n` messages whose numbers are `wanted` with the greatest BM25 score, best first.

        Raises:
            Damaged: the index cannot be read.
        """
        seqs = np.flatnonzero(wanted)
        if not len(seqs):
            return []
        if len(seqs) <= _FEW:
            names = seqs.tolist()
            return _sorted(self._read(query, n, lambda schema: _named(schema, names)), wanted, n)
        first, last = int(seqs[0]), int(seqs[-1])
        span = last + 1 - first
        within = (lambda schema: _between(schema, first, last)) if span < _MOST * len(wanted) else None
        depth = int(_MARGIN * n * span / len(seqs))
        while True:
            found = self._read(query, depth, within)
            kept = _sorted(found, wanted, n)
            if len(kept) >= n or len(found[0]) < depth:
                return kept
            depth *= _FASTER

    def saying(self, phrases: Sequence[Phrase], numbers: int) -> Mask:
        """By number, below `numbers`, which messages say all of `phrases`; of very many those that say them most.

        Raises:
            Damaged: the index cannot be read.
        """
        mask: Mask = np.zeros(numbers, np.bool_)
        for seqs, _ in self._words.saying(phrases, _MOST_SAYING, _read):
            mask[seqs[seqs < numbers]] = True
        return mask

    def close(self) -> None:
        """Lets go of the folder."""
        self._words.close()

    def _read(self, query: str, n: int, within: Within | None) -> Read:
        found = self._words.search(query, n, _read, within)
        return found[0] if found else (np.empty(0, np.int64), np.empty(0))


def _spread(text: str) -> str:
    """What can be searched for, bit by bit: other threads stand still while a regular expression is at work."""
    parts, start = [], 0
    while start < len(text):
        end = start + _AT_ONCE
        if end < len(text):
            end = max(text.rfind(" ", start, end), text.rfind("\n", start, end)) + 1 or end
        parts.append(spread(text[start:end]))
        start = end
    return " ".join(parts)


def _describe(schema: tantivy.SchemaBuilder) -> None:
    schema.add_integer_field("seq", indexed=True, fast=True)


def _read(searcher: tantivy.Searcher, hits: Hits) -> list[Read]:
    seqs = searcher.fast_field_values("seq", [address for _, address in hits])
    return [(np.array(seqs, np.int64), np.array([score for score, _ in hits], np.float64))]


def _named(schema: tantivy.Schema, seqs: list[int]) -> tantivy.Query:
    return tantivy.Query.term_set_query(schema, "seq", seqs)


def _between(schema: tantivy.Schema, first: int, last: int) -> tantivy.Query:
    return tantivy.Query.range_query(schema, "seq", tantivy.FieldType.Integer, first, last)


def _sorted(found: Read, wanted: Mask, n: int) -> list[Scored]:
    """The `n` best of what was found and is wanted."""
    seqs, scores = found
    passing = seqs < len(wanted)
    passing[passing] = wanted[seqs[passing]]
    seqs, scores = seqs[passing], scores[passing]
    order = np.lexsort((-seqs, -scores))[:n]
    return list(zip(seqs[order].tolist(), scores[order].tolist(), strict=True))
