"""What is searched, kept in step with the database by one thread: vectors in memory, words in a lexical index."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from core.models import Passage
from core.retrieval.searching.lexical import Damaged, Lexical
from core.retrieval.searching.vectors import Vectors
from core.store.passages import Passages

_SLICE = 500  # Documents whose words are taken up in one go: new ones wait no longer than that.
_HEAP = 4_000  # Passages that are read at a time.
_PAUSE = 30.0  # Seconds before a disk that could not be written is tried again.
_log = logging.getLogger(__name__)


class Index:
    """The passages that can be searched, by their meaning (`vectors`) and by their words.

    With a folder the words are kept in it and only what has changed is read at the next start; what a kill or a
    broken disk has put out of step is put right then.
    """

    def __init__(self, passages: Passages, folder: Path | None = None) -> None:
        self.vectors = Vectors()
        self._passages = passages
        self._lexical = Lexical(folder)
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._changed: dict[str, None] = {}
        self._announced = self._shown = 0
        self._stale: list[str] = []
        self._loaded = self._damaged = self._closing = False
        self._try_again_at = 0.0

    def start(self) -> None:
        """Begins to load; back at once."""
        with self._news:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="throughline-index", daemon=True)
                self._thread.start()

    def changed(self, document_id: str) -> None:
        """Says that a document can be searched from now on, or no longer; back at once."""
        with self._news:
            if self._thread is not None:  # Otherwise nothing has been loaded that could be out of step.
                self._announced += 1
                self._changed[document_id] = None
                self._news.notify_all()

    def loaded(self, timeout: float) -> bool:
        """Waits until the vectors are there, and says whether they are."""
        self.start()
        with self._news:
            return self._news.wait_for(lambda: self._loaded or self._closing, timeout) and self._loaded

    def settled(self, timeout: float) -> bool:
        """Waits until every change that was announced before can be found, and says whether it can."""
        self.start()
        with self._news:
            upto = self._announced
            self._news.wait_for(lambda: (self._shown >= upto and not self._behind) or self._closing, timeout)
            return self._shown >= upto and not self._behind

    def words(self, query: str, n: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
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

    def close(self) -> None:
        """Ends the thread."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()

    @property
    def _behind(self) -> bool:
        """Whether there is more to do than the latest changes; not while a broken disk keeps that from being done."""
        return not self._loaded or ((bool(self._stale) or self._damaged) and time.monotonic() >= self._try_again_at)

    def _mend(self, error: Damaged) -> None:
        _log.warning("the index of words is damaged and is made anew: %s", error.__cause__)
        with self._news:
            self._damaged = True
            self._news.notify_all()

    def _run(self) -> None:
        try:
            self._load()
            while self._await_work():
                self._work()
        except Exception:  # Such as a database that cannot be read: what is in memory is searched all the same.
            if not self._closing:
                _log.exception("the index is kept no more; restart Throughline to find what is added from now on")
        finally:
            self._lexical.close()

    def _load(self) -> None:
        try:
            held = self._lexical.open()
        except Damaged as error:
            self._mend(error)
            held = {}
        began = time.monotonic()
        for batch in self._passages.batches():
            if self._closing:
                return
            self.vectors.add(batch.document_ids, batch.ids, batch.vectors)
        _log.info("loaded %d vectors in %.1f s", self.vectors.count(), time.monotonic() - began)
        counts = self._passages.counts()
        with self._news:
            self._stale = [name for name in {**held, **counts} if held.get(name) != counts.get(name)]
            self._loaded = True
            self._news.notify_all()

    def _await_work(self) -> bool:
        def due() -> bool:
            behind = bool(self._stale) or self._damaged
            return bool(self._changed) or self._closing or (behind and time.monotonic() >= self._try_again_at)

        with self._news:
            while not due():
                self._news.wait(_PAUSE if self._stale or self._damaged else None)
            return not self._closing

    def _work(self) -> None:
        with self._news:
            upto, changed, self._changed = self._announced, list(self._changed), {}
        if changed:
            self.vectors.remove(changed)
            for batch in self._passages.batches(changed):
                self.vectors.add(batch.document_ids, batch.ids, batch.vectors)
        try:
            self._take_up_words(changed)
        except Damaged as error:
            self._mend(error)
            self._try_again_at = time.monotonic() + _PAUSE
        with self._news:
            self._shown = upto
            self._news.notify_all()

    def _take_up_words(self, changed: list[str]) -> None:
        if self._damaged:
            self._lexical.clear()
            self._stale, self._damaged = list(self._passages.counts()), False
        names = [*changed, *self._stale[-_SLICE:]]
        self._lexical.change(names, self._read(names))
        self._stale = self._stale[:-_SLICE]

    def _read(self, document_ids: list[str]) -> Iterator[tuple[Passage, ...]]:
        heap: list[str] = []
        for document_id in document_ids:
            heap.append(document_id)
            if self.vectors.count(heap) >= _HEAP:
                yield self._passages.of(heap)
                heap = []
        yield self._passages.of(heap)
