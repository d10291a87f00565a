"""What is searched, kept in step with the database by one thread: vectors in memory, words in a lexical index."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from pathlib import Path

from core.retrieval.searching.upkeep import PAUSE, KeptWords
from core.retrieval.searching.vectors import Vectors
from core.store.passages import Passages

TROUBLE = (
    "Your documents cannot be taken up for searching, so what was added lately is not found. This is tried again "
    "every half minute. If it stays, check the disk, then restart Throughline."
)
_PAUSES = (1.0, 5.0, PAUSE)  # Seconds before a database that could not be read is tried again, and again.
_log = logging.getLogger(__name__)


class Index:
    """The passages that can be searched, by their meaning (`vectors`) and by their words.

    With a folder the words are kept in it and only what has changed is read at the next start; what a kill or a
    broken disk has put out of step is put right then.
    """

    def __init__(self, passages: Passages, folder: Path | None = None) -> None:
        self.vectors = Vectors()
        self._passages = passages
        self._words = KeptWords(passages, folder, lambda names: self.vectors.count(names), self._wake)
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._changed: dict[str, None] = {}
        self._announced = self._shown = 0
        self._loaded = self._closing = False
        self._failures = 0  # In a row.

    @property
    def trouble(self) -> str | None:
        """What a person should know while the index has been out of step for longer than a moment."""
        return TROUBLE if self._failures > 1 else None

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

            def settled() -> bool:
                return self._loaded and self._shown >= upto and not self._words.due

            self._news.wait_for(lambda: settled() or self._failures or self._closing, timeout)
            return settled()

    def words(self, query: str, n: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The `n` passages of the `allowed` documents that fit best by their words, with their BM25 scores."""
        return self._words.search(query, n, allowed)

    def weights(self, query: str) -> dict[str, float]:
        """The terms of a question and how much each tells."""
        return self._words.weights(query)

    def close(self) -> None:
        """Ends the thread."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _run(self) -> None:
        try:
            while not self._closing:
                try:
                    self._keep()
                except Exception:  # Such as a database that cannot be read: what is in memory is searched meanwhile.
                    self._pause()
        finally:
            self._words.close()

    def _keep(self) -> None:
        """Loads what is not loaded, then takes up changes until the end."""
        if not self._loaded:
            self._load()
        while self._await_work():
            self._work()

    def _pause(self) -> None:
        if self._closing:
            return
        _log.exception("the index could not be brought up to date; this is tried again")
        with self._news:
            pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
            self._failures += 1
            self._news.notify_all()
            self._news.wait_for(lambda: self._closing, pause)

    def _load(self) -> None:
        began, vectors = time.monotonic(), Vectors()
        for batch in self._passages.batches():
            if self._closing:
                return
            vectors.add(batch.document_ids, batch.ids, batch.vectors)
        _log.info("loaded %d vectors in %.1f s", vectors.count(), time.monotonic() - began)
        self._words.open()
        with self._news:
            self.vectors = vectors
            self._loaded, self._failures = True, 0
            self._news.notify_all()

    def _await_work(self) -> bool:
        with self._news:
            while not (self._changed or self._closing or self._words.due):
                self._news.wait(PAUSE if self._words.behind else None)
            return not self._closing

    def _work(self) -> None:
        with self._news:
            upto, changed, self._changed = self._announced, list(self._changed), {}
        try:
            if changed:
                self.vectors.remove(changed)
                for batch in self._passages.batches(changed):
                    self.vectors.add(batch.document_ids, batch.ids, batch.vectors)
            self._words.take_up(changed)
        except Exception:
            with self._news:
                self._changed = {**dict.fromkeys(changed), **self._changed}
            raise
        with self._news:
            self._shown, self._failures = upto, 0
            self._news.notify_all()
