"""Documents and passages in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import NotFound
from core.ids import new_id
from core.models import Document, Passage
from core.store.database import Database
from core.store.documents import Documents


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "test.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


def unit(n: int, seed: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, 384), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def add(documents: Documents, name: str = "a.txt") -> tuple[Document, bool]:
    return documents.add(title=name, filename=name, media_type="text/plain", size=3, sha256=f"hash of {name}")


def passages(document_id: str, n: int, first: int = 0) -> list[Passage]:
    return [
        Passage(new_id(), document_id, "", i, f"passage {i}", "A › B", 2, 10 * i, 10 * i + 9)
        for i in range(first, first + n)
    ]


def ready(documents: Documents, name: str, vectors: NDArray[np.float32]) -> str:
    document, _ = add(documents, name)
    assert documents.append(passages(document.id, len(vectors)), vectors)
    assert documents.set_ready(document.id)
    return document.id


def test_the_same_bytes_are_the_same_document(documents: Documents) -> None:
    """Adding a hash again gives the row that is there."""
    first, created = add(documents)
    again, created_again = add(documents)
    assert (created, created_again) == (True, False)
    assert again == first
    assert first.status == "indexing"
    assert documents.list() == (first,)


def test_a_failed_document_is_replaced_when_it_is_added_again(documents: Documents) -> None:
    """A failure is no obstacle to trying once more, and leaves one row."""
    first, _ = add(documents)
    documents.append(passages(first.id, 3), unit(3))
    assert documents.set_failed(first.id, "It broke.")
    assert documents.get(first.id).error == "It broke."
    again, created = add(documents)
    assert created
    assert [d.id for d in documents.list()] == [again.id]


def test_nearest_agrees_with_exact_search_in_sql(documents: Documents, database: Database) -> None:
    """The copy in memory ranks and scores as the database does."""
    one = ready(documents, "one", unit(300, 1))
    ready(documents, "two", unit(300, 2))
    query = unit(1, 3)[0]
    for chosen in (None, [one]):
        found = documents.passages.nearest(query, 7, chosen)
        expected = database.fetch(
            "select id, array_inner_product(embedding, ?::float[384]) s from passages "
            "where ? is null or document_id = ? order by s desc limit 7",
            [query.tolist(), one if chosen else None, one],
        )
        assert [p.id for p, _ in found] == [row[0] for row in expected]
        assert [s for _, s in found] == pytest.approx([row[1] for row in expected], abs=1e-5)


def test_a_passage_comes_back_as_it_was_stored(documents: Documents) -> None:
    """Text, heading, page and span survive, and the title is the document's."""
    document, _ = add(documents, "a.txt")
    (stored,) = passages(document.id, 1)
    vectors = unit(1)
    documents.append([stored], vectors)
    documents.set_title(document.id, "A title")
    documents.set_ready(document.id)
    ((found, score),) = documents.passages.nearest(vectors[0], 5)
    assert score == pytest.approx(1, abs=1e-5)
    assert found == Passage(stored.id, document.id, "A title", 0, "passage 0", "A › B", 2, 0, 9)
    assert documents.passages.get(stored.id) == found


def test_only_ready_documents_are_searched(documents: Documents) -> None:
    """What is still being indexed is not found, before and after the vectors were loaded."""
    document, _ = add(documents)
    vectors = unit(2)
    documents.append(passages(document.id, 2), vectors)
    assert documents.passages.nearest(vectors[0], 5) == []
    assert documents.get(document.id).passages == 0
    documents.set_ready(document.id)
    assert len(documents.passages.nearest(vectors[0], 5)) == 2
    assert documents.get(document.id).passages == 2


def test_a_removed_document_is_gone_but_remembered(documents: Documents, database: Database) -> None:
    """Its passages and name leave the database; only its hash tells that it was here."""
    gone = ready(documents, "gone", unit(5, 1))
    kept = ready(documents, "kept", unit(5, 2))
    documents.passages.nearest(unit(1)[0], 1)
    documents.remove(gone)
    assert {p.document_id for p, _ in documents.passages.nearest(unit(1)[0], 20)} == {kept}
    assert database.fetch("select count(*) from passages where document_id = ?", [gone]) == [(0,)]
    assert database.fetch("select count(*) from documents where filename = 'gone' or title = 'gone'") == [(0,)]
    assert documents.was_removed("hash of gone")
    assert documents.by_hash("hash of gone") is None
    for call in (documents.get, documents.remove):
        with pytest.raises(NotFound):
            call(gone)
    assert add(documents, "gone")[1]


def test_nothing_is_added_to_a_document_that_was_removed_meanwhile(documents: Documents, database: Database) -> None:
    """Indexing that outlives its document leaves nothing behind."""
    document, _ = add(documents)
    documents.remove(document.id)
    assert not documents.append(passages(document.id, 3), unit(3))
    assert not documents.set_ready(document.id)
    assert not documents.set_failed(document.id, "late")
    assert database.fetch("select count(*) from passages") == [(0,)]


def test_what_a_killed_server_left_half_indexed_is_said_to_be(documents: Documents, database: Database) -> None:
    """At the next start such documents have failed with a sentence, and hold nothing."""
    whole = ready(documents, "whole", unit(4))
    half, _ = add(documents, "half")
    documents.append(passages(half.id, 3), unit(3))
    assert documents.reset_unfinished() == 1
    assert documents.get(half.id).status == "failed"
    assert "Add the file again" in str(documents.get(half.id).error)
    assert documents.get(whole).status == "ready"
    assert database.fetch("select distinct document_id from passages") == [(whole,)]


def test_documents_are_found_again_after_a_restart(tmp_path: Path) -> None:
    """The vectors are read back from the file."""
    vectors = unit(200)
    database = Database(tmp_path / "again.duckdb")
    ready(Documents(database), "a", vectors)
    database.close()
    database = Database(tmp_path / "again.duckdb")
    found = Documents(database).passages.nearest(vectors[42], 1)
    database.close()
    assert found[0][0].ordinal == 42


def test_surroundings_stop_at_the_ends_of_the_document(documents: Documents) -> None:
    """A passage is shown with its neighbours, and only those of its own document."""
    one = ready(documents, "one", unit(4, 1))
    ready(documents, "two", unit(4, 2))
    inside = documents.passages.of(one)
    around = documents.passages.surroundings
    assert [p.ordinal for p in around(inside[1].id)] == [0, 1, 2]
    assert [p.ordinal for p in around(inside[3].id)] == [2, 3]
    assert {p.document_id for p in around(inside[3].id)} == {one}
    with pytest.raises(NotFound):
        around("nothing")


def test_nothing_is_nearest_in_an_empty_database(documents: Documents) -> None:
    """No passages, no documents chosen, no such document: an empty answer each."""
    assert documents.passages.nearest(unit(1)[0], 5) == []
    ready(documents, "one", unit(2))
    assert documents.passages.nearest(unit(1)[0], 5, []) == []
    assert documents.passages.nearest(unit(1)[0], 5, ["unknown"]) == []
