"""Embedding messages: behind everything else, the newest first, a few windows at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from core.errors import Unavailable
from core.history.columns import Columns
from core.history.meaning import Meaning
from core.history.windows import windows
from core.retrieval.encoders.embed import Embedder
from core.store.history_texts import HistoryTexts, Text

_READ = 128  # Messages whose texts are read at a time.
_BATCH = 32  # Windows that are embedded at a time: who else wants the model waits no longer than that.
_LOOK = 1.0  # Seconds after which it is looked again whether the model and the machine are free.
_PAUSE = 30.0
_log = logging.getLogger(__name__)


class Embedding:
    """A thread that gives the texts of messages their vectors.

    It only begins when the model is loaded for somebody else's sake, lets documents go first (`waits`), and while
    answers are being written (`gentle`) it rests as long as it works.
    """

    def __init__(
        self,
        columns: Columns,
        meaning: Meaning,
        texts: HistoryTexts,
        embedder: Embedder,
        waits: Callable[[], bool],
        gentle: Callable[[], bool],
    ) -> None:
        self._columns, self._meaning = columns, meaning
        self._texts, self._embedder = texts, embedder
        self._waits, self._gentle = waits, gentle
        self._ending = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="throughline-meaning", daemon=True)

    def start(self) -> None:
        """Begins to load, then to embed; back at once. Call it when the columns are loaded."""
        self._thread.start()

    def wake(self) -> None:
        """Says that there may be something to do."""
        self._news.set()

    def stop(self) -> None:
        """Ends it after what it is at; back at once."""
        self._ending.set()
        self._news.set()

    def close(self) -> None:
        """Ends it, and waits for that."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        loaded = False
        while not self._ending.is_set():
            try:
                if not loaded:
                    self._meaning.load()
                    loaded = True
                self._work()
            except Unavailable as error:
                self._rest(f"messages are embedded later: {error.message}")
            except Exception as error:  # Such as a disk that is full: it may have room again.
                self._rest(f"messages cannot be embedded now; this is tried again: {error!r}")

    def _rest(self, why: str) -> None:
        if not self._ending.is_set():
            _log.warning(why)
            self._ending.wait(_PAUSE)

    def _work(self) -> None:
        """Embeds what there is, then waits for more."""
        while not self._ending.is_set():
            behind = self._columns.behind("embedded")
            gone = behind[self._columns.held("version")[behind] == 0]
            if len(gone):
                self._meaning.remove(gone)
            if len(behind) == len(gone):
                self._news.wait()
                self._news.clear()
            elif self._embedder.ready and not self._waits():
                self._embed(behind[-_READ:][::-1].tolist())
            else:
                self._ending.wait(_LOOK)

    def _embed(self, seqs: Sequence[int]) -> None:
        for texts, parts in _batches(self._texts.texts(seqs)):
            if self._ending.is_set() or self._waits():
                return
            began = time.monotonic()
            self._give(texts, parts)
            if self._gentle():
                self._ending.wait(time.monotonic() - began)
        if self._columns.behind("embedded")[-1:].tolist() == list(seqs[:1]):
            self._ending.wait(_LOOK)  # They have just gone, or changed, which the columns do not know yet.

    def _give(self, texts: Sequence[Text], parts: Sequence[list[str]]) -> None:
        """Embeds texts, each given with its windows; one that the model cannot take goes without."""
        try:
            _give(self._meaning, texts, parts, self._embedder)
        except Unavailable as error:
            if not self._embedder.ready:
                raise
            if len(texts) > 1:
                for text, its in zip(texts, parts, strict=True):
                    self._give([text], [its])
                return
            _log.warning("a message is not found by its meaning: %s", error.message)
            self._meaning.skip([texts[0].seq], [texts[0].version])


def _give(meaning: Meaning, texts: Sequence[Text], parts: Sequence[list[str]], embedder: Embedder) -> None:
    """Embeds texts, each given with its windows."""
    blank = [text for text, its in zip(texts, parts, strict=True) if not its]
    meaning.skip([text.seq for text in blank], [text.version for text in blank])
    rows = [(text, number, window) for text, its in zip(texts, parts, strict=True) for number, window in enumerate(its)]
    if rows:
        vectors = embedder.passages([window for _, _, window in rows])
        numbers = [number for _, number, _ in rows]
        meaning.add([text.seq for text, _, _ in rows], [text.version for text, _, _ in rows], numbers, vectors)


def _batches(texts: Sequence[Text]) -> Iterator[tuple[list[Text], list[list[str]]]]:
    """The texts with their windows, so many at a time that their windows make about a batch."""
    held: list[Text] = []
    parts: list[list[str]] = []
    for text in texts:
        held.append(text)
        parts.append(windows(text.text))
        if sum(map(len, parts)) >= _BATCH:
            yield held, parts
            held, parts = [], []
    if held:
        yield held, parts
