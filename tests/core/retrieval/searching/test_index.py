"""The index is kept in step with the database, whatever happens between the two."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.retrieval.searching.index import Index
from core.store.database import Database
from core.store.documents import Documents
from tests.core.retrieval.shelves import put, unit
from tests.support.server import ROOT, wait_for

_PATIENCE = 60.0


@contextmanager
def kept(folder: Path) -> Iterator[tuple[Documents, Index]]:
    """An open database and the index of its passages."""
    database = Database(folder / "test.duckdb")
    documents = Documents(database)
    index = Index(documents.passages, folder / "index")
    documents.changed.append(index.changed)
    index.start()
    try:
        yield documents, index
    finally:
        index.close()
        database.close()


def found(documents: Documents, index: Index, query: str) -> set[str]:
    """The documents in which a word is found, once everything is taken up."""
    assert index.settled(_PATIENCE)
    named = documents.passages.named([name for name, _ in index.words(query, 100)])
    return {hit.passage.document_id for hit in named.values()}


def near(index: Index) -> int:
    """How many passages are found by meaning."""
    return len(index.vectors.nearest(unit(1)[0], 1_000))


def test_documents_are_found_as_they_come_and_go(tmp_path: Path) -> None:
    """By words and by meaning; the newer version in place of the older."""
    with kept(tmp_path) as (documents, index):
        one, two = put(documents, "one", ["the tide", "the moon"]), put(documents, "two", ["the tide"])
        assert found(documents, index, "tide") == {one, two}
        assert near(index) == index.vectors.count() == 3
        newer = put(documents, "one", ["the tide, told anew"])
        documents.remove(two)
        assert found(documents, index, "tide") == {newer}
        assert len(index.words("tide", 100)) == near(index) == 1


def test_after_a_restart_everything_is_there(tmp_path: Path) -> None:
    """Without being taken up again."""
    with kept(tmp_path) as (documents, index):
        one = put(documents, "one", ["the tide"])
        assert found(documents, index, "tide") == {one}
    files = sorted((tmp_path / "index").rglob("*.term"))
    with kept(tmp_path) as (documents, index):
        assert found(documents, index, "tide") == {one}
        assert near(index) == 1
    assert sorted((tmp_path / "index").rglob("*.term")) == files != []


def test_what_happened_without_the_index_is_made_up_for(tmp_path: Path) -> None:
    """Documents that came, went and changed while it was not there."""
    with kept(tmp_path) as (documents, index):
        gone, stays = put(documents, "gone", ["the tide"]), put(documents, "stays", ["the tide"])
        assert found(documents, index, "tide") == {gone, stays}
    database = Database(tmp_path / "test.duckdb")
    documents = Documents(database)
    documents.remove(gone)
    new = put(documents, "new", ["the tide"])
    database.close()
    with kept(tmp_path) as (documents, index):
        assert found(documents, index, "tide") == {stays, new}
        assert len(index.words("tide", 100)) == 2


def test_a_kill_between_the_two_commits_loses_nothing(tmp_path: Path) -> None:
    """The database has the document, the index has not; the next start puts that right."""
    work = (
        "import os, sys; from pathlib import Path\n"
        "from core.retrieval.searching import lexical\n"
        "from tests.core.retrieval.searching.test_index import kept, found, put\n"
        "with kept(Path(sys.argv[1])) as (documents, index):\n"
        "    put(documents, 'one', ['the tide'])\n"
        "    assert found(documents, index, 'tide')\n"
        "    lexical._entry = lambda passage: os.kill(os.getpid(), 9)\n"
        "    put(documents, 'two', ['the tide'])\n"
        "    index.settled(30)\n"
    )
    done = subprocess.run([sys.executable, "-c", work, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    with kept(tmp_path) as (documents, index):
        assert found(documents, index, "tide") == {document.id for document in documents.list()}
        assert len(documents.list()) == 2


def test_an_index_that_is_lost_or_breaks_is_made_anew(tmp_path: Path) -> None:
    """Before the start or in the middle of it."""
    with kept(tmp_path) as (documents, index):
        one = put(documents, "one", ["the tide"])
        assert found(documents, index, "tide") == {one}
    shutil.rmtree(tmp_path / "index")
    with kept(tmp_path) as (documents, index):
        assert found(documents, index, "tide") == {one}
    for path in (tmp_path / "index").rglob("*.term"):
        path.write_bytes(b"\xff" * path.stat().st_size)
    with kept(tmp_path) as (documents, index):
        index.words("tide", 5)
        assert found(documents, index, "tide") == {one}


def test_a_database_that_fails_for_a_while_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there is searched meanwhile without waiting, a person is told, and then what came is found too."""
    monkeypatch.setattr("core.retrieval.searching.index._PAUSES", (0.01,))
    with kept(tmp_path) as (documents, index):
        one = put(documents, "one", ["the tide"])
        assert found(documents, index, "tide") == {one}
        documents.changed.clear()
        two = put(documents, "two", ["the tide"])
        with unreadable(documents):
            index.changed(two)
            wait_for(lambda: index.trouble, _PATIENCE, "it is not said")
            assert not index.settled(_PATIENCE)
            assert len(index.words("tide", 5)) == near(index) == 1
        wait_for(lambda: not index.trouble, _PATIENCE, "it is said for ever")
        assert found(documents, index, "tide") == {one, two}
        assert near(index) == index.vectors.count() == 2


def test_a_database_that_fails_at_the_start_is_read_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is kept of the words stays."""
    monkeypatch.setattr("core.retrieval.searching.index._PAUSES", (0.01,))
    with kept(tmp_path) as (documents, index):
        one = put(documents, "one", ["the tide"])
        assert found(documents, index, "tide") == {one}
    database = Database(tmp_path / "test.duckdb")
    documents = Documents(database)
    index = Index(documents.passages, tmp_path / "index")
    with unreadable(documents):
        assert not index.loaded(0.1)
    assert index.loaded(_PATIENCE)
    assert found(documents, index, "tide") == {one}
    index.close()
    database.close()


@contextmanager
def unreadable(documents: Documents) -> Iterator[None]:
    """Has no document be read inside the block."""
    documents._database.write(lambda cursor: cursor.execute("alter table documents rename to elsewhere"))
    try:
        yield
    finally:
        documents._database.write(lambda cursor: cursor.execute("alter table elsewhere rename to documents"))


def test_words_that_cannot_be_written_leave_meaning_to_be_searched(tmp_path: Path) -> None:
    """A search still finds, and does not wait."""
    (tmp_path / "index").write_text("no folder")
    with kept(tmp_path) as (documents, index):
        assert index.loaded(_PATIENCE)
        put(documents, "one", ["the tide"])
        assert index.settled(_PATIENCE)
        assert near(index) == 1
        assert index.words("tide", 5) == []
