"""Searching, with the real model, database and index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.models import Filter
from core.retrieval.documents.indexing import LOADING
from core.retrieval.documents.library import Library
from core.retrieval.documents.samples import QUESTIONS
from core.retrieval.encoders.embed import Embedder
from core.retrieval.encoders.rerank import Reranker
from core.retrieval.searching.search import Searcher
from core.store.database import Database
from core.store.documents import Documents
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.shelves import put

PARROT = "The keeper of the lighthouse has a grey parrot, which announces every ship that comes near."
BREAD = "Bread is baked at four in the morning, and sold until the last loaf has gone."


class Loading(Embedder):
    """A model that is not loaded before the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    @property
    def ready(self) -> bool:
        return self.gate.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self.gate.wait(timeout)

    def query(self, text: str) -> np.ndarray:  # type: ignore[type-arg]
        return np.eye(1, 384, dtype=np.float32)[0]


@pytest.fixture
def loading(documents: Documents, library: Library) -> Iterator[tuple[Loading, Searcher]]:
    embedder = Loading()
    searcher = Searcher(documents, library, embedder)
    yield embedder, searcher
    searcher.close()


def ids(searcher: Searcher, query: str, k: int = 5, filter: Filter | None = None) -> list[str]:
    """The documents that are found, best first."""
    return [c.document_id for c in searcher.search(query, k, filter or Filter()).citations]


def test_every_sample_question_finds_its_answer_first(library: Library, searcher: Searcher) -> None:
    """And what no document tells finds nothing."""
    library.start(SAMPLES)
    for document in library.list():
        assert library.wait(document.id, 60).status == "ready"
    answers = ("Ada Holm", "5 crowns for a child", "closed on Mondays", "4 knots")
    for question, answer in zip(QUESTIONS, answers, strict=True):
        assert answer in searcher.search(question, 5).citations[0].quote, question
    for nonsense in ("Who won the football world cup in 1998?", "asdf qwer", "how to fix a kernel panic"):
        assert searcher.search(nonsense, 5).citations == (), nonsense


def test_a_retrieval_tells_how_each_passage_was_found(
    documents: Documents, embedder: Embedder, searcher: Searcher
) -> None:
    """Query, filter, how many were searched, timings; ranks and scores by words, by meaning and of both."""
    one = put(documents, "one", [PARROT, BREAD], headings=["Birds", "Bread"], embedder=embedder)
    wanted = Filter(document_ids=(one,))
    found = searcher.search("Which bird lives in the lighthouse, a parrot?", 2, wanted)
    assert (found.question, found.query, found.filter, found.searched) == (found.query, found.query, wanted, 2)
    best = found.citations[0]
    assert (best.mark, best.rank, best.title, best.heading, best.quote) == (1, 1, "one", "Birds", PARROT)
    assert (best.start, best.end, best.passage_ids) == (0, len(PARROT), (best.passage_id,))
    assert (best.lexical_rank, best.semantic_rank, best.rerank_score) == (1, 1, None)
    assert best.score == pytest.approx(1)
    assert best.semantic_score == pytest.approx(
        float(embedder.query(found.query) @ embedder.passages([PARROT])[0]), abs=1e-3
    )
    timings = found.timings
    assert 0 < timings.embed + timings.lexical + timings.semantic + timings.wait <= timings.total


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("When the pump shows ZX-9000, close the valve.", "ZX-9000"),
        ("When the pump shows ZX-9000, close the valve.", "what does zx9000 mean"),
        ("Set `max_open_files` before the start.", "max_open_files"),
        ("Write to ada.holm@example.org.", "ada.holm@example.org"),
        ("東京都の天気は晴れです。", "天気"),
        ("Ключи лежат под ковриком.", "ключ"),
        ("Les crêpes sont servies le vendredi.", "crepe"),
    ],
)  # fmt: skip
def test_names_and_other_languages_are_found(
    documents: Documents, embedder: Embedder, searcher: Searcher, text: str, query: str
) -> None:
    """First, among documents that are about something else."""
    others = [put(documents, f"other {i}", [words], embedder=embedder) for i, words in enumerate((PARROT, BREAD))]
    mine = put(documents, "mine", [text], embedder=embedder)
    assert ids(searcher, query)[:1] == [mine]
    assert mine not in others


def test_filters_come_before_the_search(documents: Documents, embedder: Embedder, searcher: Searcher) -> None:
    """By document, tag and time: the best of what is let through, however well others fit."""
    for i in range(30):
        put(documents, f"parrot {i}", [f"{PARROT} It says {i * 7919}, {'and ' * i}so on."], embedder=embedder)
    late = put(documents, "late", ["A parrot is named here, among much else."], embedder=embedder, tags=("birds",))
    added = documents.get(late).created_at
    for wanted in (Filter((late,)), Filter(tags=("birds", "x")), Filter(since=added)):
        assert ids(searcher, "lighthouse parrot", 5, wanted) == [late], wanted
    assert late not in ids(searcher, "parrot", 50, Filter(until=added))
    assert (
        ids(searcher, "parrot", 5, Filter(())) == ids(searcher, "parrot", 5, Filter(since=added + timedelta(1))) == []
    )
    assert searcher.search("parrot", 5, Filter((late,))).searched == 1
    documents.set_tags(late, ["fish"])
    assert ids(searcher, "parrot", 5, Filter(tags=("birds",))) == []
    assert ids(searcher, "parrot", 5, Filter(tags=("fish",))) == [late]
    documents.remove(late)
    assert ids(searcher, "parrot", 5, Filter(tags=("fish",))) == []


def test_neighbours_are_one_citation_and_k_are_k_places(
    documents: Documents, embedder: Embedder, searcher: Searcher
) -> None:
    """With the text of the whole span, and the best of its passages named."""
    told = ["The parrot is grey.", "The parrot speaks three languages.", "The parrot is fed at noon."]
    one = put(documents, "one", [*told, BREAD], embedder=embedder)
    two = put(documents, "two", ["A parrot may live for sixty years."], embedder=embedder)
    found = searcher.search("parrot", 2).citations
    assert {c.document_id for c in found} == {one, two}
    (place,) = (c for c in found if c.document_id == one)
    assert place.quote == "\n\n".join(told)
    assert [documents.passages.get(name).ordinal for name in place.passage_ids] == [0, 1, 2]
    assert place.passage_id in place.passage_ids
    assert (place.start, place.end) == (0, len(place.quote))


def test_what_says_the_same_is_given_once(documents: Documents, embedder: Embedder, searcher: Searcher) -> None:
    """Copies in other documents take no place."""
    for name in ("a", "b", "c"):
        put(documents, name, [PARROT.upper() if name == "b" else PARROT], embedder=embedder)
    assert len(ids(searcher, "lighthouse parrot")) == 1


def test_changes_are_seen_by_the_next_search(documents: Documents, embedder: Embedder, searcher: Searcher) -> None:
    """What was added is found, what was replaced or removed is not."""
    old = put(documents, "one", [PARROT], embedder=embedder)
    assert ids(searcher, "parrot") == [old]
    new = put(documents, "one", [PARROT + " It is green now."], embedder=embedder)
    assert ids(searcher, "parrot") == [new]
    assert ids(searcher, "parrot", 5, Filter((old,))) == [new]
    documents.remove(new)
    assert ids(searcher, "parrot") == []


def test_searching_goes_on_while_documents_come_and_go(
    documents: Documents, embedder: Embedder, searcher: Searcher
) -> None:
    """What stays is found first every time."""
    stays = put(documents, "stays", [PARROT], embedder=embedder)
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                found = ids(searcher, "grey parrot in the lighthouse")
                wrong.extend([found] if found[:1] != [stays] else [])
            except Exception as error:
                wrong.append(error)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    for turn in range(20):
        documents.remove(put(documents, f"n{turn}", [f"{BREAD} {turn}", f"Turn {turn} of the wheel."]))
    done.set()
    for looker in lookers:
        looker.join()
    assert wrong == []


@pytest.mark.parametrize(
    "query", ["parrot " * 1_428, "?!.,;:()[]{}", "🦜🦜🦜", "parrot AND (NOT", 'title:"x', "\0", "a" * 10_000, "\ud800"]
)
def test_whatever_is_asked_is_answered(
    documents: Documents, embedder: Embedder, searcher: Searcher, query: str
) -> None:
    """Ten thousand characters, marks alone, half a character."""
    one = put(documents, "one", [PARROT], embedder=embedder)
    found = ids(searcher, query)
    assert found == [one] if "parrot" in query else found in ([], [one])


def test_while_the_model_loads_words_answer_at_once_or_one_waits(
    documents: Documents, loading: tuple[Loading, Searcher]
) -> None:
    """As the caller wants it."""
    embedder, searcher = loading
    one = put(documents, "one", [PARROT])
    hurried = searcher.search("parrot", patient=False).citations
    assert [(c.document_id, c.lexical_rank, c.semantic_rank, c.semantic_score) for c in hurried] == [
        (one, 1, None, None)
    ]
    assert searcher.search("whale", patient=False).citations == ()
    notes: list[str] = []
    with pytest.raises(Unavailable, match="still loading"):
        searcher.search("parrot", on_wait=notes.append, timeout=0.5)
    assert notes == [LOADING]
    embedder.gate.set()
    assert searcher.search("parrot").citations[0].semantic_rank == 1


def test_without_a_model_words_are_searched(documents: Documents, library: Library, tmp_path: Path) -> None:
    """Better than an error."""
    broken = Embedder(tmp_path / "nothing here")
    searcher = Searcher(documents, library, broken)
    one = put(documents, "one", [PARROT])
    assert ids(searcher, "parrot") == [one]
    assert broken.failed is not None
    searcher.close()
    broken.close()


def test_a_reranker_has_the_last_word_while_it_works(
    documents: Documents, library: Library, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its scores are kept; when it fails the order is what it was."""
    texts = [f"The parrot says {word}." for word in ("nothing at all", "good morning to the keeper", "ahoy twice")]
    for text in texts:
        put(documents, text, [text], embedder=embedder)
    reranker = Reranker(tmp_path / "none")
    searcher = Searcher(documents, library, embedder, reranker)
    plain = [c.quote for c in searcher.search("what does the parrot say").citations]
    monkeypatch.setattr(Reranker, "available", True)
    assert [c.quote for c in searcher.search("what does the parrot say").citations] == plain
    monkeypatch.setattr(reranker, "scores", lambda _query, texts: np.array([len(text) for text in texts], np.float32))
    found = searcher.search("what does the parrot say").citations
    assert [c.rerank_score for c in found] == sorted((len(text) for text in texts), reverse=True)
    searcher.close()
    reranker.close()


def test_without_documents_nothing_is_loaded(database: Database, library: Library) -> None:
    """The first chat does not wait for what it does not need."""
    searcher = Searcher(Documents(database), library, Loading())
    assert searcher.search("anything").citations == ()
    assert searcher.search(" ").citations == searcher.search("x", 0).citations == ()
    searcher.close()
