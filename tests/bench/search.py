"""Search of a long history: by words and meaning together, with and without filters.

python -m tests.bench.search [--messages 1000000] [--times 200] [--folder FOLDER]

Messages and vectors are made up, in heaps as those of texts are: no time goes into embedding, not even the question,
which takes some 10 ms. Everything else is the app's own. The first 50 searches, which read the database into memory,
do not count. A million messages take some 3 GB of disk and a quarter of an hour to make, of which the table tells the
parts; with a folder they are kept for the next time.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.history.search import History, HistoryFilter
from core.models import Role, Status
from core.retrieval.encoders.embed import Embedder
from core.store.conversations import Conversations
from core.store.database import Database
from tests.bench import _talk
from tests.bench._made_up import MadeUp, Vectors
from tests.bench._measure import report, rounded, spread

_PATIENCE = 7_200.0
_WARMING = 50
_FILTERS = {
    "all": HistoryFilter(),
    "answers of a month": HistoryFilter(
        since=_talk.BEGAN + timedelta(days=60), until=_talk.BEGAN + timedelta(days=90), role=Role.ASSISTANT
    ),
    "one of five models": HistoryFilter(models=("model 3",)),
    "rated down": HistoryFilter(rating=-1),
    "with an error": HistoryFilter(failed=True),
    "stopped, by one model, over a cost": HistoryFilter(
        models=("model 1",), statuses=(Status.STOPPED,), min_cost=0.001
    ),
    "citing one document of 200": HistoryFilter(document_id="document 7"),
}


class _Known(Embedder):
    """Knows the vectors of its questions beforehand, and makes up those of messages."""

    ready = True

    def __init__(self, made: MadeUp) -> None:
        super().__init__()
        self._made = made
        self._vectors = {question.text: question.vector for question in made.asked}

    def query(self, text: str) -> Vectors:
        return self._vectors[text]

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._made.vectors(len(texts))


def main() -> None:
    """One row a filter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200, help="how many searches are timed of each kind")
    parser.add_argument("--folder", type=Path, help="where what is made is kept")
    options = parser.parse_args()
    made = MadeUp(options.times, words_asked=4)
    temporary = TemporaryDirectory(prefix="throughline-bench-")
    with nullcontext(options.folder) if options.folder else temporary as name:
        folder = Path(name)
        facts = {} if (folder / "throughline.duckdb").exists() else _fill(folder, made, options.messages)
        rows, more = _measured(folder, made)
        report("search", rows, messages=options.messages, **facts, **more)


def _fill(folder: Path, made: MadeUp, messages: int) -> dict[str, float]:
    """Makes everything; the seconds that each part took."""
    began = time.monotonic()
    database = Database(folder / "throughline.duckdb")
    _talk.fill(database, made, messages)
    filled = time.monotonic()
    print(f"{messages:,} messages made up in {filled - began:.0f} s", flush=True)
    history = History(database, folder / "index", _Known(made))
    try:
        history.start()
        _await(lambda: _worded(history), "words are taken up")
        worded = time.monotonic()
        _await(lambda: _embedded(history), "vectors are taken up")
    finally:
        history.close()
        database.close()
    ended = time.monotonic()
    return {
        "made_up_seconds": rounded(filled - began),
        "words_seconds": rounded(worded - filled),
        "vectors_seconds_beside_and_after": rounded(ended - worded),
    }


def _worded(history: History) -> bool:
    settled = history.settled(2.0)
    print(f"  words of {history._index.words.behind:,} are missing", end="\r", flush=True)
    return settled


def _embedded(history: History) -> bool:
    done, total = history.progress()
    print(f"  vectors of {total - done:,} are missing", end="\r", flush=True)
    time.sleep(1.0)
    return done == total


def _await(done: Callable[[], bool], what: str) -> None:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < _PATIENCE
    print(f"{what} after {time.monotonic() - began:.0f} s", flush=True)


def _measured(folder: Path, made: MadeUp) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    database = Database(folder / "throughline.duckdb")
    gc.collect()
    before, began = _resident(), time.monotonic()
    history = History(database, folder / "index", _Known(made))
    try:
        history.start()
        _await(lambda: _worded(history), "opened")
        opened = time.monotonic()
        _await(lambda: _embedded(history), "vectors read")
        facts = {
            "open_seconds": rounded(opened - began),
            "vectors_read_seconds": rounded(time.monotonic() - opened),
            "memory_mb": rounded((_resident() - before) / 1e6),
            "index_mb": rounded(sum(file.stat().st_size for file in (folder / "index").rglob("*")) / 1e6),
        }
        for question in made.asked[:_WARMING]:
            history.search(question.text)
        rows = [_timed(history, made, name, filter) for name, filter in _FILTERS.items()]
        rows.append(
            {
                "searched": "nothing asked, the newest",
                **_spread([_took(history, "", _FILTERS["all"]) for _ in made.asked]),
            }
        )
        facts |= _found_after(database, history)
    finally:
        history.close()
        database.close()
    return rows, facts


def _timed(history: History, made: MadeUp, name: str, filter: HistoryFilter) -> dict[str, Any]:
    took = [_took(history, question.text, filter) for question in made.asked]
    found = history.search(made.asked[0].text, filter)
    return {"searched": name, "messages": found.searched, "hits": len(found.hits), **_spread(took)}


def _took(history: History, query: str, filter: HistoryFilter) -> float:
    began = time.perf_counter()
    history.search(query, filter)
    return time.perf_counter() - began


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    return spread(seconds, "ms", 1000)


def _found_after(database: Database, history: History) -> dict[str, float]:
    """How long after its commit a conversation is found, and is found no more."""
    conversations = Conversations(database)
    page = conversations.page(1)
    began = time.perf_counter()
    conversations.delete(page[0].id)
    assert not history.search("", HistoryFilter(conversation_id=page[0].id)).hits
    return {"deleted_gone_after_ms": rounded(1000 * (time.perf_counter() - began))}


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
