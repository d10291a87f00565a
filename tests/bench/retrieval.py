"""Retrieval: how well the passages are found that answer a question, how fast, and at what cost in memory.

python -m tests.bench.retrieval [--collection FOLDER] [--passages 1400 100000 ...] [--times 200] [--skip-accuracy]

The collection (Cranfield unless another is named; its README tells the layout) is split and embedded as the app does
it; a document counts by the best of its passages. How fast it is is measured on made-up passages after the question is
embedded, by the app's own Searcher on its own database; a million of them take 10 GB of disk and half an hour.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from core.ids import new_id
from core.models import Filter, Passage
from core.retrieval.documents.library import Library
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.tokens import count_tokens
from core.retrieval.reading.outline import Block, Text
from core.retrieval.reading.split import embedded, split
from core.retrieval.searching.index import Index
from core.retrieval.searching.search import Searcher
from core.store.database import Database
from core.store.documents import Documents
from core.store.states import Finished
from core.store.versions import NewDocument
from tests.bench._collection import CRANFIELD, Collection, read, scores
from tests.bench._made_up import MadeUp, Vectors
from tests.bench._measure import report, rounded, spread

_DEEP = 100
_PATIENCE = 3_600.0

Rankings = dict[str, list[str]]


def main() -> None:
    """One row a ranking, then some for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path, default=CRANFIELD)
    parser.add_argument("--passages", type=int, nargs="*", default=[1_400, 100_000])
    parser.add_argument("--times", type=int, default=200, help="how many searches are timed")
    parser.add_argument("--skip-accuracy", action="store_true")
    options = parser.parse_args()
    if not options.skip_accuracy:
        collection = read(options.collection)
        rows = [{"ranking": name, **_scores(collection, found)} for name, found in _rankings(collection)]
        report("retrieval", rows, collection=options.collection.name, documents=len(collection.documents))
    for size in options.passages:
        rows, facts = _speed(size, options.times)
        report("retrieval_speed", rows, passages=size, **facts)


class Opened(NamedTuple):
    """A database with a library and what searches it."""

    documents: Documents
    searcher: Searcher
    database: Database


@contextmanager
def _opened(folder: Path, embedder: Embedder) -> Iterator[Opened]:
    database = Database(folder / "throughline.duckdb")
    documents = Documents(database)
    library = Library(documents, embedder)
    searcher = Searcher(documents, library, embedder)
    try:
        yield Opened(documents, searcher, database)
    finally:
        searcher.close()
        library.stop()
        library.close()
        database.close()


def _scores(collection: Collection, rankings: Rankings) -> dict[str, float]:
    return {name: round(score, 4) for name, score in scores(collection.judged, rankings).items()}


def _rankings(collection: Collection) -> Iterator[tuple[str, Rankings]]:
    """The documents found for each question by words, by meaning, and by the app."""
    embedder = Embedder()
    with TemporaryDirectory(prefix="throughline-bench-") as folder, _opened(Path(folder), embedder) as opened:
        assert embedder.wait(300), embedder.failed
        names, owners = _store(collection, opened.documents, embedder)
        index = Index(opened.documents.passages)
        assert index.loaded(_PATIENCE)
        assert index.settled(_PATIENCE)
        vectors = {question: embedder.query(text) for question, text in collection.questions.items()}

        def by(find: Callable[[str], list[str]]) -> Rankings:
            return {question: list(dict.fromkeys(find(question)))[:_DEEP] for question in collection.questions}

        asked = collection.questions
        yield "words (BM25)", by(lambda q: [owners[i] for i, _ in index.words(asked[q], 3 * _DEEP)])
        yield "meaning", by(lambda q: [owners[found.id] for found in index.vectors.nearest(vectors[q], 3 * _DEEP)])
        search = opened.searcher.search
        yield "the app", by(lambda q: [names[c.document_id] for c in search(asked[q], _DEEP).citations])
        index.close()
    embedder.close()


def _store(collection: Collection, documents: Documents, embedder: Embedder) -> tuple[dict[str, str], dict[str, str]]:
    """Adds a collection; its own ids by those of the documents, and by those of the passages."""
    given = {name: text for name, text in collection.documents.items() if text.title.strip() or text.text.strip()}
    files = [
        NewDocument(new_id(), documents.now(), text.title, name, "text/plain", 1, name, name)
        for name, text in given.items()
    ]
    documents.add_many(files)
    owners: dict[str, str] = {}
    for file, text in zip(files, given.values(), strict=True):
        pieces = split(Text(text.title, (Block(text.text if text.text.strip() else text.title),)), count_tokens)
        rows = [
            Passage(new_id(), file.id, "", ordinal, p.text, p.heading, p.page, p.start, p.end)
            for ordinal, p in enumerate(pieces)
        ]
        documents.append(rows, embedder.passages([embedded(text.title, piece, count_tokens) for piece in pieces]))
        owners |= {row.id: file.filename for row in rows}
    documents.finish([Finished(file.id) for file in files])
    return {file.id: file.filename for file in files}, owners


class _Known(Embedder):
    """Knows the vectors of its questions beforehand."""

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        super().__init__()
        self._vectors = vectors

    ready = True

    def query(self, text: str) -> Vectors:
        return self._vectors[text]


def _speed(size: int, times: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    made = MadeUp(times)
    embedder = _Known({question.text: question.vector for question in made.asked})
    with TemporaryDirectory(prefix="throughline-bench-") as name:
        folder = Path(name)
        with _opened(folder, embedder) as opened:
            made.fill(opened.documents, size)
            opened.database.checkpoint()
        with _opened(folder, embedder) as opened:  # The words are taken up now.
            began = time.monotonic()
            opened.searcher.start()
            _settle(opened.searcher)
            built = time.monotonic() - began
        with _opened(folder, embedder) as opened:
            return _measured(opened, made, folder, {"words_built_seconds": rounded(built)})


def _measured(opened: Opened, made: MadeUp, folder: Path, facts: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    searcher, documents = opened.searcher, opened.documents
    gc.collect()
    before, began = _resident(), time.monotonic()
    searcher.start()
    _settle(searcher)
    facts |= {"open_seconds": rounded(time.monotonic() - began)}
    searched = searcher.search(made.asked[0].text).searched
    facts |= {"memory_bytes_a_passage": rounded((_resident() - before) / searched)}
    facts |= {"words_mb": rounded(sum(f.stat().st_size for f in (folder / "index").rglob("*")) / 1e6)}
    one = Filter((documents.list(1)[0].id,))
    rows = []
    for name, filter in (("all", Filter()), ("a tag on every tenth", Filter(tags=("tenth",))), ("one document", one)):
        parts = [searcher.search(question.text, 6, filter).timings for question in made.asked]
        rows.append(
            {
                "searched": name,
                **spread([part.total - part.embed for part in parts], "ms"),
                "words_p50": rounded(float(np.median([part.lexical for part in parts]))),
                "meaning_and_rows_p50": rounded(float(np.median([part.semantic for part in parts]))),
                "waited_p50": rounded(float(np.median([part.wait for part in parts]))),
            }
        )
    facts |= _exactness(searcher, made)
    began = time.monotonic()
    made.one(documents)
    added = time.monotonic()
    _settle(searcher)
    facts |= {"add_ms": rounded(1000 * (added - began)), "found_after_ms": rounded(1000 * (time.monotonic() - added))}
    return rows, facts


def _exactness(searcher: Searcher, made: MadeUp) -> dict[str, float]:
    """How many of the ten that are truly nearest are among the first ten, and among those that are looked at again."""
    found = [[near.id for near in searcher.index.vectors.nearest(q.vector, 200)] for q in made.asked]
    truly = [{name for _, name in best} for best in made.nearest]
    return {
        f"true_ten_in_{depth}": rounded(
            float(np.mean([len(t & set(f[:depth])) / len(t) for t, f in zip(truly, found, strict=True)]))
        )
        for depth in (10, 30)
    }


def _settle(searcher: Searcher) -> None:
    assert searcher.index.loaded(_PATIENCE)
    assert searcher.index.settled(_PATIENCE)


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
