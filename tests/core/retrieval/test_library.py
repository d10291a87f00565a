"""The library, with the real model and database."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from core.errors import DocumentError, NotFound, Unavailable, Unsupported
from core.models import Document, Filter
from core.retrieval.embed import Embedder
from core.retrieval.indexing import LOADING
from core.retrieval.library import Library
from core.retrieval.samples import QUESTIONS
from core.retrieval.search import Searcher
from core.store.database import Database
from core.store.documents import Documents
from tests.core.retrieval.conftest import SAMPLES


class SlowEmbedder(Embedder):
    """A model that loads when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.asked = threading.Event()

    @property
    def ready(self) -> bool:
        return self.gate.is_set()

    def start(self) -> None:
        pass

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.set()
        return self.gate.wait(timeout)

    def passages(self, texts):  # type: ignore[no-untyped-def]
        self.wait()
        if self.failed:
            raise self.failed
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))

    def query(self, text):  # type: ignore[no-untyped-def]
        return np.eye(1, 384, dtype=np.float32)[0]

    def close(self) -> None:
        self.failed = Unavailable("closed")
        self.gate.set()


def test_a_file_becomes_a_document_that_is_found(library: Library, searcher: Searcher) -> None:
    """Added, it is indexing; a moment later it is ready and answers."""
    ended: list[Document] = []
    document, created = library.add("C:\\docs\\lighthouse.pdf", (SAMPLES / "lighthouse.pdf").read_bytes(), ended.append)
    assert (created, document.status, document.filename) == (True, "indexing", "lighthouse.pdf")
    document = library.wait(document.id, 60)
    assert (document.status, document.title, document.passages) == ("ready", "The lighthouse on Gull Point", 3)
    assert library.progress() == {}
    found = searcher.search("Who wrote down every ship that he saw?", 2).citations
    assert [(c.mark, c.rank, c.page, c.document_id) for c in found][:1] == [(1, 1, 3, document.id)]
    assert "Josef Lund" in found[0].quote
    assert library.passage(found[0].passage_id).text == found[0].quote
    assert [p.page for p in library.surroundings(found[0].passage_id)] == [2, 3]
    assert [d.status for d in ended] == ["ready"]


def test_the_same_bytes_are_added_once(library: Library) -> None:
    """Under another name too."""
    first, created = library.add("a.txt", b"Some words.")
    again, created_again = library.add("b.md", b"Some words.")
    assert (created, created_again, again.id) == (True, False, first.id)


def test_every_sample_question_is_answered_by_the_passage_ranked_first(library: Library, searcher: Searcher) -> None:
    """The words of the answer stand in it."""
    library.start(SAMPLES)
    for document in library.list():
        assert library.wait(document.id, 60).status == "ready"
    answers = ("Ada Holm", "5 crowns for a child", "closed on Mondays", "4 knots")
    for question, answer in zip(QUESTIONS, answers, strict=True):
        assert answer in searcher.search(question, 5).citations[0].quote, question
    assert searcher.search("Who won the football world cup in 1998?", 5).citations == ()


def test_search_can_be_limited_to_documents(library: Library, searcher: Searcher) -> None:
    """Only what was chosen is searched."""
    one, _ = library.add("one.txt", b"The keeper of the lighthouse has a parrot.")
    two, _ = library.add("two.txt", b"The parrot of the keeper lives in the lighthouse.")
    library.wait(two.id, 60)
    assert {c.document_id for c in searcher.search("parrot", 5).citations} == {one.id, two.id}
    assert {c.document_id for c in searcher.search("parrot", 5, Filter((two.id,))).citations} == {two.id}
    assert searcher.search("parrot", 5, Filter(())).citations == ()


def test_what_cannot_be_read_fails_with_its_sentence(library: Library) -> None:
    """At once if its name or first bytes tell, else as the document's error; and can be tried again."""
    with pytest.raises(Unsupported):
        library.add("a.exe", b"MZ")
    with pytest.raises(DocumentError):
        library.add("a.txt", b"")
    document, _ = library.add("a.docx", b"PK broken")
    failed = library.wait(document.id, 60)
    assert (failed.status, failed.passages) == ("failed", 0)
    assert "save it as .docx" in str(failed.error)
    assert library.add("a.docx", b"PK broken")[1]


def test_a_bug_while_indexing_fails_the_document_not_the_library(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next document is indexed as ever."""
    with monkeypatch.context() as patch:
        patch.setattr("core.retrieval.indexing.split", lambda *_: 1 / 0)
        document, _ = library.add("a.txt", b"Words.")
        assert library.wait(document.id, 60).status == "failed"
    document, _ = library.add("a.txt", b"Words.")
    assert library.wait(document.id, 60).status == "ready"


def test_a_removed_document_is_found_no_more(library: Library, searcher: Searcher) -> None:
    """Nor is it there."""
    document, _ = library.add("a.txt", b"The parrot announces ships.")
    library.wait(document.id, 60)
    assert searcher.search("parrot").citations
    library.remove(document.id)
    assert searcher.search("parrot").citations == ()
    for call in (library.get, library.remove, library.wait):
        with pytest.raises(NotFound):
            call(document.id)


def test_samples_that_a_person_removed_stay_away(database: Database, embedder: Embedder) -> None:
    """The others are not added twice."""
    for expected in (6, 0):
        library = Library(Documents(database), embedder)
        assert len(library.add_samples(SAMPLES)) == expected
        for document in library.list():
            library.wait(document.id, 60)
        gone = [document for document in library.list() if document.filename == "ferry.txt"]
        for document in gone:
            library.remove(document.id)
        library.close()
    assert len(Documents(database).list()) == 5


def test_without_documents_search_waits_for_nothing(database: Database) -> None:
    """The first chat does not wait for a model that it does not need."""
    slow = SlowEmbedder()
    library = Library(Documents(database), slow)
    assert Searcher(Documents(database), library, slow).search("anything").citations == ()
    library.close()


def test_while_the_model_loads_a_search_waits_and_says_so(database: Database) -> None:
    """So does a document that was added meanwhile."""
    slow, documents = SlowEmbedder(), Documents(database)
    library = Library(documents, slow)
    searcher = Searcher(documents, library, slow)
    document, _ = library.add("a.txt", b"Words.")
    assert slow.asked.wait(10)
    assert library.wait(document.id, 0).status == "indexing"
    assert library.progress()[document.id].note == LOADING
    assert searcher.search("words").citations == ()
    slow.gate.set()
    assert library.wait(document.id, 10).status == "ready"
    slow.gate.clear()
    notes: list[str] = []
    with pytest.raises(Unavailable, match="still loading"):
        searcher.search("words", on_wait=notes.append, timeout=0.05)
    assert notes == [LOADING]
    threading.Timer(0.2, slow.gate.set).start()
    assert len(searcher.search("words", on_wait=notes.append, timeout=10).citations) == 1
    library.close()


def test_closing_leaves_unfinished_documents_to_be_explained(database: Database) -> None:
    """The next start says that adding them was interrupted."""
    slow = SlowEmbedder()
    library = Library(Documents(database), slow)
    document, _ = library.add("a.txt", b"Words.")
    slow.close()
    library.close()
    assert library.get(document.id).status == "indexing"
    again = Library(Documents(database), SlowEmbedder())
    again.start()
    assert "interrupted" in str(again.get(document.id).error)
    again.close()


def test_a_document_removed_while_it_waits_leaves_nothing(database: Database) -> None:
    """Its passages are not stored after all."""
    slow = SlowEmbedder()
    library = Library(Documents(database), slow)
    document, _ = library.add("a.txt", b"Words.")
    library.remove(document.id)
    slow.gate.set()
    library.close()
    assert database.fetch("select count(*) from passages") == [(0,)]


def test_the_waiting_line_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it a file is refused until there is room."""
    monkeypatch.setattr("core.retrieval.indexing._QUEUE_LIMIT", 10)
    slow = SlowEmbedder()
    library = Library(Documents(database), slow)
    library.add("a.txt", b"12345678")
    with pytest.raises(Unavailable, match="waiting"):
        library.add("b.txt", b"123")
    slow.close()
    library.close()


def test_the_sample_folder_may_hold_other_files(library: Library, tmp_path: Path) -> None:
    """What is no document is passed over."""
    (tmp_path / "notes.log").write_text("x")
    (tmp_path / "folder.md").mkdir()
    assert library.add_samples(tmp_path) == ()
