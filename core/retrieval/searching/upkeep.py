"""The words of passages, kept in step with the database: what is missing is taken up, what is damaged is made anew."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from core.models import Passage
from core.retrieval.searching.lexical import Damaged, Lexical
from core.store.passages import Passages

PAUSE = 30.0
"""Seconds before a disk that could not be written is tried again."""
_SLICE = 500  # Documents that are taken up in one go: new ones wait no longer than that.
_HEAP = 4_000  # Passages that are read at a time.
_log = logging.getLogger(__name__)


class _Unread(Exception):
    """The database could not be read, for which the index of words is not to blame."""


class KeptWords:
    """Finds passages by their words. One thread takes up what has changed; any number search.

    `count` tells how many passages some documents have, `wake` is called when there is something to mend.
    """

    def __init__(
        self,
        passages: Passages,
        folder: Path | None,
        count: Callable[[Collection[str]], int],
        wake: Callable[[], None],
    ) -> None:
        self._passages = passages
        self._lexical = Lexical(folder)
        self._count = count
        self._wake = wake
        self._stale: list[str] = []
        self._damaged = False
        self._try_again_at = 0.0

    @property
    def behind(self) -> bool:
        """Whether there is more to take up than the latest changes."""
        return bool(self._stale) or self._damaged

    @property
    def due(self) -> bool:
        """Whether that can be done now: not while a broken disk keeps it from being done."""
        return self.behind and time.monotonic() >= self._try_again_at

    def search(self, query: str, n: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The `n` passages of the `allowed` documents that fit best by their words, with their BM25 scores."""
        try:
            return self._lexical.search(query, n, allowed)
        except Damaged as error:
            self._mend(error)
            return []

    def weights(self, query: str) -> dict[str, float]:
        """The terms of a question and how much each tells."""
        try:
            return self._lexical.weights(query)
        except Damaged as error:
            self._mend(error)
            return {}

    def open(self) -> None:
        """Opens what is kept, and finds out what is out of step with the database."""
        try:
            held = self._lexical.open()
        except Damaged as error:
            self._mend(error)
            held = {}
        counts = self._passages.counts()
        self._stale = [name for name in {**held, **counts} if held.get(name) != counts.get(name)]

    def take_up(self, changed: Sequence[str]) -> None:
        """Takes up documents that have changed, and some of what is out of step."""
        try:
            if self._damaged:
                self._lexical.clear()
                self._stale, self._damaged = list(self._passages.counts()), False
            names = [*changed, *self._stale[-_SLICE:]]
            self._lexical.change(names, self._read(names))
            self._stale = self._stale[:-_SLICE]
        except Damaged as error:
            if isinstance(error.__cause__, _Unread):
                raise error.__cause__ from None
            self._mend(error)
            self._try_again_at = time.monotonic() + PAUSE

    def close(self) -> None:
        """Lets go of the folder."""
        self._lexical.close()

    def _mend(self, error: Damaged) -> None:
        _log.warning("the index of words is damaged and is made anew: %s", error.__cause__)
        self._damaged = True
        self._wake()

    def _read(self, document_ids: Sequence[str]) -> Iterator[tuple[Passage, ...]]:
        heap: list[str] = []
        for document_id in document_ids:
            heap.append(document_id)
            if self._count(heap) >= _HEAP:
                yield self._of(heap)
                heap = []
        yield self._of(heap)

    def _of(self, document_ids: Sequence[str]) -> tuple[Passage, ...]:
        try:
            return self._passages.of(document_ids)
        except Exception as error:
            raise _Unread from error
