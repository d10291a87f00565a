"""Searching the history: messages by words and by meaning, in one ranking, within what a person asks for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.history.columns import Mask
from core.history.excerpts import excerpt
from core.history.filter import EVERYTHING, HistoryFilter
from core.history.index import Index
from core.history.phrases import phrases
from core.models import Role, Status
from core.retrieval.encoders.embed import Embedder
from core.retrieval.searching.fuse import fuse
from core.retrieval.searching.relevance import FLOOR
from core.retrieval.searching.snippets import Part
from core.store.database import Database
from core.store.history import History as Rows
from core.store.history_texts import HistoryTexts, Told

__all__ = ["Found", "History", "HistoryFilter", "Hit"]
_DEPTH = 200  # Messages that words, and meaning, each may find at least.
_DEEPEST = 2_000
_CATCHING_UP = 0.25  # Seconds that a search waits for what has just been saved.
_LOADING = 5.0
_log = logging.getLogger(__name__)

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found; `score` is fused, from 0 to 1, and 0 where nothing was looked for."""

    message_id: str
    conversation_id: str
    title: str
    role: Role
    snippet: tuple[Part, ...]
    score: float
    created_at: datetime
    model: str | None
    status: Status
    rating: int | None
    cost: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found; `more` says whether there is another.

    `searched` messages passed the filter and say what was quoted; `by_meaning` says whether meaning was searched too,
    and not words alone.
    """

    hits: tuple[Hit, ...]
    more: bool = False
    searched: int = 0
    by_meaning: bool = False
    milliseconds: float = 0.0


class History:
    """Finds messages of one database; its index is kept in `folder`, which can be removed while nothing runs.

    `waits` says whether somebody else needs the embedding model more, `gentle` whether answers are being written.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        embedder: Embedder,
        waits: Callable[[], bool] = lambda: False,
        gentle: Callable[[], bool] = lambda: False,
    ) -> None:
        self._rows, self._texts = Rows(database), HistoryTexts(database)
        self._embedder = embedder
        self._index = Index(self._rows, self._texts, folder, embedder, waits, gentle)
        self._pool = ThreadPoolExecutor(2, "throughline-history-words")

    def start(self) -> None:
        """Begins to load what is searched; back at once. Without it the first search does."""
        self._index.start()

    def stop(self) -> None:
        """Begins to close; back at once. Call it before the embedder is closed."""
        self._index.stop()

    def close(self) -> None:
        """Lets go of the index; call it before the database is closed."""
        self._pool.shutdown()
        self._index.close()

    def search(self, query: str, filter: HistoryFilter = EVERYTHING, limit: int = 50, offset: int = 0) -> Found:
        """The `limit` messages behind the first `offset` that fit `query` best; without a query the newest.

        What `query` has in quotation marks they say word by word.

        Raises:
            Unavailable: the history is still being opened.
        """
        began = time.perf_counter()
        self._index.settled(_CATCHING_UP)
        if not self._index.loaded(_LOADING):
            raise Unavailable("Your history is still being opened. Try again in a moment.")
        columns, end = self._index.columns, offset + limit
        wanted = columns.mask(filter, self._rows.hidden())
        if said := phrases(query):
            wanted &= self._index.words.saying(said, len(wanted))
        if query.strip():
            best, by_meaning = self._best(query, wanted, end + 1)
        else:
            best, by_meaning = [(seq, 0.0, None) for seq in columns.newest(wanted, end + 1)], False
        told = self._texts.told([seq for seq, _, _ in best[offset:end]])
        hits = [self._hit(told[seq], query, score, at) for seq, score, at in best[offset:end] if seq in told]
        took = 1000 * (time.perf_counter() - began)
        return Found(tuple(hits), len(best) > end, int(np.count_nonzero(wanted)), by_meaning, took)

    def progress(self) -> tuple[int, int]:
        """How many messages with a text can be found by their meaning, and how many there are."""
        columns = self._index.columns
        versions = columns.held("version")
        total = int((versions != 0).sum())
        return total - int((versions[columns.behind("embedded")] != 0).sum()), total

    def models(self) -> tuple[str, ...]:
        """The models that have answered, in order."""
        self._index.loaded(_LOADING)
        return self._index.columns.models()

    def settled(self, timeout: float) -> bool:
        """Waits until everything that was saved before can be found by its words, and says whether it can."""
        until = time.monotonic() + timeout
        while not self._index.settled(max(0.0, until - time.monotonic())):
            if time.monotonic() >= until:
                return False
        return True

    def _best(self, query: str, wanted: Mask, n: int) -> tuple[list[tuple[int, float, int | None]], bool]:
        """What fits best, each with its score and the window of its text that is nearest; whether meaning was asked."""
        depth = _DEPTH if n <= _DEPTH else _DEEPEST  # The pages of a ranking have one and the same.
        words = self._pool.submit(self._index.words.search, query, depth, wanted)  # On another core than the meaning.
        vector = self._embedder.query_if_ready(query)
        near = [] if vector is None else self._index.meaning.nearest(vector, depth, wanted)
        senses, lexical = {seq: cosine for seq, cosine, _ in near}, words.result()
        if near:  # What is not embedded yet is taken to be as near as others with its words.
            known = [senses[seq] for seq, _ in lexical if seq in senses] or [near[0][1]]
            unknown = self._unembedded(seq for seq, _ in lexical if seq not in senses)
            senses |= dict.fromkeys(unknown, sum(known) / len(known))
        semantic = sorted(senses.items(), key=lambda found: -found[1])
        fused = [(int(name), score) for name, score in fuse(_named(lexical), _named(semantic), depth)]
        worded, windows = {seq for seq, _ in lexical}, {seq: window for seq, _, window in near}
        fitting = [(seq, score) for seq, score in fused if seq in worded or senses[seq] >= FLOOR]
        return [(seq, score, windows.get(seq)) for seq, score in fitting], vector is not None

    def _unembedded(self, seqs: Iterable[int]) -> list[int]:
        columns = self._index.columns
        versions, embedded = columns.held("version"), columns.held("embedded")
        return [seq for seq in seqs if seq < len(embedded) and versions[seq] != embedded[seq]]

    def _hit(self, told: Told, query: str, score: float, window: int | None) -> Hit:
        status, model, rating, cost = self._index.columns.of(told.seq)
        parts = excerpt(told.text, query, window)
        where = (told.message_id, told.conversation_id, told.title, told.role)
        return Hit(*where, parts, score, told.created_at, model, status, rating, cost, told.error)


def _named(found: Sequence[tuple[int, float]]) -> list[tuple[str, float]]:
    return [(f"{seq:019d}", score) for seq, score in found]
