"""Indexing: how documents share the model, and what one of them can do to the others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.errors import StorageError
from core.models import Passage
from core.retrieval.documents.intake import NewFile
from core.store.documents import Documents
from tests.core.retrieval.adding import PATIENCE, HandEmbedder, opened, texts
from tests.support.server import wait_for


@pytest.fixture
def shut() -> HandEmbedder:
    """A model that begins when the test says so."""
    return HandEmbedder(open=False)


def long(parts: int, word: str = "word") -> bytes:
    """A document of some passages, each of which fills one."""
    return "\n\n".join(f"# Part {n}\n\n{f'{word}{n} ' * 60}" for n in range(parts)).encode()


def test_small_documents_share_batches(tmp_path: Path, shut: HandEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the model is given as much at a time as with long ones."""
    monkeypatch.setattr("core.retrieval.documents.indexing._BATCH", 20)
    with opened(tmp_path, shut) as (library, _):
        files = [NewFile(f"{n}.txt", f"Words of {n}.".encode()) for n in range(60)]
        added = [one.document for one in library.add_many(files) if one.document]
        wait_for(lambda: all(p.total for p in library.progress().values()), PATIENCE, "they are not read")
        shut.gate.set()
        assert all(library.wait(document.id, PATIENCE).status == "ready" for document in added)
    assert sum(len(batch) for batch in shut.batches) == 60
    assert max(len(batch) for batch in shut.batches) == 20


def test_a_long_document_holds_up_no_short_one(tmp_path: Path, shut: HandEmbedder) -> None:
    """The short one is ready while the long one is not."""
    with opened(tmp_path, shut) as (library, documents):
        slow, _ = library.add("long.md", long(300))
        assert shut.asked.wait(PATIENCE)
        quick, _ = library.add("short.txt", b"A few words.")
        wait_for(lambda: library.progress()[quick.id].total, PATIENCE, "it is not read")
        shut.gate.set()
        assert library.wait(quick.id, PATIENCE).status == "ready"
        asked = len(shut.batches)
        assert library.wait(slow.id, PATIENCE).status == "ready"
        assert len(shut.batches) > asked or library.get(slow.id).passages == 300
        assert [text.split()[0] for text in texts(documents, slow.id)] == [f"word{n}" for n in range(300)]
    assert any("A few words" in text for batch in shut.batches[:3] for text in batch)


def test_one_long_document_is_held_at_a_time(
    tmp_path: Path, shut: HandEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for the first, and what comes after it does not."""
    monkeypatch.setattr("core.retrieval.documents.indexing._LONG", 100)
    with opened(tmp_path, shut) as (library, _):
        first, second = library.add("a.md", long(120, "a"))[0], library.add("b.md", long(120, "b"))[0]
        last, _ = library.add("c.txt", b"A few words.")
        wait_for(lambda: library.progress()[last.id].total, PATIENCE, "it is not read")
        assert library.progress()[first.id].total == 120
        assert library.progress()[second.id] == (0, 0, "Waiting…")
        shut.gate.set()
        for document in (first, second, last):
            assert library.wait(document.id, PATIENCE).status == "ready"
        assert library.get(second.id).passages == 120


def test_progress_is_told_for_each_document_and_for_all(tmp_path: Path, shut: HandEmbedder) -> None:
    """How much of it is stored, and how many of those that were added have ended."""
    with opened(tmp_path, shut) as (library, _):
        one, two = library.add("a.md", long(200))[0], library.add("b.txt", b"A few words.")[0]
        wait_for(lambda: library.progress()[one.id].total == 200, PATIENCE, "it is not read")
        assert library.batch() == (0, 2)
        assert library.indexing(one.id)
        library.cancel(two.id)
        assert library.batch() == (1, 2)
        shut.gate.set()
        wait_for(lambda: not library.progress() or library.progress()[one.id].done >= 64, PATIENCE, "no progress")
        library.wait(one.id, PATIENCE)
        assert (library.batch(), library.progress(), library.indexing(one.id)) == ((0, 0), {}, False)


def test_only_what_changed_is_embedded_again(tmp_path: Path) -> None:
    """The vectors of the passages that are the same are those of the version that is replaced."""
    with opened(tmp_path, model := HandEmbedder()) as (library, documents):
        old, _ = library.add("a.md", long(40))
        library.wait(old.id, PATIENCE)
        model.batches.clear()
        new, _ = library.add("a.md", long(40).replace(b"word7 ", b"changed "))
        assert library.wait(new.id, PATIENCE).passages == 40
        assert [len(batch) for batch in model.batches] == [1]
        sql = "select ordinal, embedding from passages where document_id = ? order by ordinal"
        before, after = (documents._database.fetch(sql, [one.id]) for one in (old, new))
        assert [ordinal for ordinal, _ in after] == list(range(40))
        assert [ordinal for ordinal in range(40) if before[ordinal] != after[ordinal]] == [7]


def test_what_the_model_cannot_take_fails_its_own_document(tmp_path: Path, shut: HandEmbedder) -> None:
    """The others of the batch are ready."""
    with opened(tmp_path, shut) as (library, _):
        files = [NewFile(f"{n}.txt", f"{'poison' if n == 2 else 'Words'} {n}.".encode()) for n in range(5)]
        added = [one.document for one in library.add_many(files) if one.document]
        wait_for(lambda: all(p.total for p in library.progress().values()), PATIENCE, "they are not read")
        shut.gate.set()
        found = [library.wait(document.id, PATIENCE) for document in added]
        assert [document.status for document in found] == ["ready", "ready", "failed", "ready", "ready"]
        assert "cannot take this text" in str(found[2].error)


def test_a_disk_that_fails_for_a_while_is_no_documents_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins anew afterwards, and each passage is there once."""
    monkeypatch.setattr("core.retrieval.documents.indexing._PAUSE", 0.01)
    failures = iter(range(3))
    finish = Documents.finish

    def failing(documents: Documents, done: object) -> object:
        if done and next(failures, None) is not None:
            raise StorageError("The disk is full.")
        return finish(documents, done)  # type: ignore[arg-type]

    monkeypatch.setattr(Documents, "finish", failing)
    with opened(tmp_path) as (library, documents):
        document, _ = library.add("a.md", long(150))
        assert library.wait(document.id, PATIENCE).status == "ready"
        assert [text.split()[0] for text in texts(documents, document.id)] == [f"word{n}" for n in range(150)]
    assert next(failures, None) is None


def test_what_is_cancelled_and_tried_again_at_once_is_there_once(tmp_path: Path, shut: HandEmbedder) -> None:
    """What the model was at work on when it was cancelled is not stored."""
    with opened(tmp_path, shut) as (library, documents):
        document, _ = library.add("a.md", long(100))
        assert shut.asked.wait(PATIENCE)
        library.cancel(document.id)
        library.retry(document.id)
        wait_for(lambda: library.progress()[document.id].total, PATIENCE, "it is not read again")
        shut.gate.set()
        assert library.wait(document.id, PATIENCE).status == "ready"
        assert [text.split()[0] for text in texts(documents, document.id)] == [f"word{n}" for n in range(100)]


def test_what_was_cancelled_while_it_was_stored_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling waits for no model, and what comes after it is dropped."""
    storing, cancelled = threading.Event(), threading.Event()
    store = Documents.store

    def slow(documents: Documents, passages: list[Passage], vectors: object) -> object:
        storing.set()
        assert cancelled.wait(PATIENCE)
        return store(documents, passages, vectors)  # type: ignore[arg-type]

    with opened(tmp_path) as (library, documents):
        monkeypatch.setattr(Documents, "store", slow)
        document, _ = library.add("a.txt", b"Some words.")
        assert storing.wait(PATIENCE)
        assert documents.cancel(document.id)
        cancelled.set()
        assert library.wait(document.id, PATIENCE).status == "cancelled"
        assert texts(documents, document.id) == []


def test_closing_leaves_the_rest_for_the_next_start(tmp_path: Path, shut: HandEmbedder) -> None:
    """Nothing fails because the server ends."""
    with opened(tmp_path, shut) as (library, documents):
        files = [NewFile(f"{n}.md", f"Number {n}.\n\n".encode() + long(3)) for n in range(30)]
        added = [one.document for one in library.add_many(files) if one.document]
        assert shut.asked.wait(PATIENCE)
    with opened(tmp_path) as (library, documents):
        assert all(library.wait(document.id, PATIENCE).status == "ready" for document in added)
        assert [len(texts(documents, document.id)) for document in added] == [4] * 30
