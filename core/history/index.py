"""The index of the history, kept in step with the database by one thread of its own, without anybody telling it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.history.columns import Columns
from core.history.embedding import Embedding
from core.history.meaning import Meaning
from core.history.taking import Taking
from core.retrieval.encoders.embed import Embedder
from core.store.history import History, Places
from core.store.history_texts import HistoryTexts

_LOOK = 0.5  # Seconds after which it is looked again whether something has changed.
_PAUSES = (1.0, 5.0, 30.0)  # Seconds before a database or disk that failed is tried again, and again.
_log = logging.getLogger(__name__)


class Index:
    """Columns, words and vectors of the messages of one database, in a folder that can be removed at any time.

    It follows what is added to the tables. Where rows went away, such as those of conversations that were deleted for
    good, the columns are read anew, and what is in no column is let go.
    """

    def __init__(
        self,
        history: History,
        texts: HistoryTexts,
        folder: Path,
        embedder: Embedder,
        waits: Callable[[], bool],
        gentle: Callable[[], bool],
    ) -> None:
        self._history = history
        self.columns = Columns()
        self.words = Taking(folder, self.columns, texts, gentle)
        self.meaning = Meaning(folder, self.columns)
        self._embedding = Embedding(self.columns, self.meaning, texts, embedder, waits, gentle)
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._places: Places | None = None
        self._revision = -1
        self._whole: tuple[int, Places] | None = None
        """The revision and the ends of the tables up to which everything is in the columns and the words."""
        self._asked = self._answered = self._failures = 0
        self._loaded = self._closing = False

    def start(self) -> None:
        """Begins to load; back at once."""
        with self._news:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="throughline-history", daemon=True)
                self._thread.start()

    def settled(self, timeout: float) -> bool:
        """Waits until what was saved before can be found by its words, and says whether it can."""
        self.start()
        if self._unchanged():
            return True
        with self._news:
            self._asked += 1
            mine = self._asked
            self._news.notify_all()
            self._news.wait_for(lambda: self._answered >= mine or self._failures or self._closing, timeout)
            return self._answered >= mine and not self.words.behind

    def loaded(self, timeout: float) -> bool:
        """Waits until the columns are there, and says whether they are."""
        self.start()
        with self._news:
            return self._news.wait_for(lambda: self._loaded or self._closing, timeout) and self._loaded

    def stop(self) -> None:
        """Begins to close; back at once. Call it before the embedder goes."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._embedding.stop()

    def close(self) -> None:
        """Ends the threads."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
        self._embedding.close()

    def _run(self) -> None:
        try:
            while not self._closing:
                try:
                    self._keep()
                except Exception:
                    self._pause()
        finally:
            self.words.close()

    def _keep(self) -> None:
        while not self._closing:
            asked, revision = self._asked, self._history.revision
            self._follow(revision)
            self._revision = revision
            if self.words.damaged or self.words.behind:
                self._whole = None
                self.words.step()
                self._embedding.wake()
            busy = self.words.damaged or bool(self.words.behind)
            self._whole = None if busy or self._places is None else (revision, self._places)
            with self._news:
                self._answered, self._failures = asked, 0
                self._news.notify_all()
            self._await_news(busy)

    def _pause(self) -> None:
        if self._closing:
            return
        _log.exception("the history's search could not be brought up to date; this is tried again")
        with self._news:
            pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
            self._failures += 1
            self._news.notify_all()
            self._news.wait_for(lambda: self._closing, pause)

    def _await_news(self, busy: bool) -> None:
        """Waits until something has changed or somebody asks; not while there is more to take up."""
        with self._news:
            while not (busy or self._closing or self._asked > self._answered or self._changed):
                self._news.wait(_LOOK)

    @property
    def _changed(self) -> bool:
        return self._history.revision != self._revision

    def _unchanged(self) -> bool:
        """Whether nothing has changed since everything could be found: so no thread waits for another."""
        whole = self._whole
        if whole is None or self.words.damaged or self._closing or self._history.revision != whole[0]:
            return False
        return self._history.quiet(whole[1])

    def _follow(self, revision: int) -> None:
        if self._places and revision == self._revision and self._history.quiet(self._places):
            return
        changed = self._history.changed(self._places) if self._places else None
        if changed is None:
            self._load()
            return
        self._places, seqs = changed
        if seqs:
            for table in self._history.rows(seqs):
                self.columns.take(table)

    def _load(self) -> None:
        """Reads all columns. What changes meanwhile is found from the places on that were taken before."""
        began, places = time.monotonic(), self._history.places()
        there = [self.columns.take(table) for table in self._history.rows()]
        self.columns.forget(np.setdiff1d(self.columns.present(), np.concatenate([np.empty(0, np.int64), *there])))
        if not self._loaded:
            self.words.load()
        self._places = places
        with self._news:
            first, self._loaded = not self._loaded, True
            self._news.notify_all()
        _log.info("read %d messages in %.1f s", sum(map(len, there)), time.monotonic() - began)
        if first:
            self._embedding.start()
