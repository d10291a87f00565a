"""Passages and their vectors as rows of a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import NotFound
from core.ids import new_id
from core.models import Passage
from core.store.database import Database
from core.store.documents import Documents
from core.store.states import Finished


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    database = Database(tmp_path / "test.duckdb")
    yield Documents(database)
    database.close()


def unit(n: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(n).standard_normal((n, 384), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ready(documents: Documents, name: str, n: int) -> tuple[str, NDArray[np.float32]]:
    sha256 = f"hash of {name} {n}"
    document, _ = documents.add(title=name, filename=name, media_type="text/plain", size=3, sha256=sha256)
    rows = [Passage(new_id(), document.id, "", i, f"{name} {i}", "A › B", 2, 10 * i, 10 * i + 9) for i in range(n)]
    vectors = unit(n)
    assert documents.append(rows, vectors)
    assert documents.finish([Finished(document.id)])
    return document.id, vectors


def test_passages_come_back_as_they_were_stored(documents: Documents) -> None:
    """Text, heading, page, span and vector, with the title of their document."""
    document_id, vectors = ready(documents, "one", 300)
    stored = documents.passages.of([document_id])
    assert [passage.ordinal for passage in stored] == list(range(300))
    assert stored[7] == Passage(stored[7].id, document_id, "one", 7, "one 7", "A › B", 2, 70, 79)
    assert documents.passages.get(stored[7].id) == stored[7]
    found = documents.passages.named([stored[9].id, stored[7].id, "nothing"])
    assert set(found) == {stored[9].id, stored[7].id}
    assert found[stored[9].id].passage == stored[9]
    assert np.array_equal(found[stored[9].id].vector, vectors[9])
    assert documents.passages.named([]) == {}


def test_all_vectors_are_read_bit_by_bit(documents: Documents) -> None:
    """Each row once, all documents or some."""
    ids = [ready(documents, f"d{i}", 3 + i)[0] for i in range(3)]
    batches = list(documents.passages.batches())
    assert sum(len(batch.ids) for batch in batches) == 12
    assert {name for batch in batches for name in batch.document_ids} == set(ids)
    (some,) = documents.passages.batches([ids[1]])
    assert set(some.document_ids) == {ids[1]}
    assert some.vectors.shape == (4, 384)
    assert documents.passages.counts() == {ids[0]: 3, ids[1]: 4, ids[2]: 5}
    assert list(documents.passages.batches([])) == []


def test_what_is_not_ready_is_not_searched(documents: Documents) -> None:
    """Neither while it is being indexed nor once it is removed."""
    document_id, _ = ready(documents, "gone", 2)
    (first, _) = documents.passages.of([document_id])
    documents.remove(document_id)
    half, _ = documents.add(title="half", filename="half", media_type="text/plain", size=3, sha256="half")
    documents.append([Passage(new_id(), half.id, "", 0, "half", None, None, 0, 4)], unit(1))
    assert list(documents.passages.batches()) == []
    assert documents.passages.counts() == {}
    assert documents.passages.named([first.id]) == {}
    assert documents.passages.of([document_id, half.id]) == ()


def test_a_passage_of_an_older_version_still_opens(documents: Documents) -> None:
    """An answer may cite it; it is searched no more."""
    old, _ = ready(documents, "a.txt", 2)
    (first, _) = documents.passages.of([old])
    ready(documents, "a.txt", 3)
    assert documents.passages.get(first.id) == first
    assert len(documents.passages.surroundings(first.id)) == 2
    assert documents.passages.named([first.id]) == {}


def test_surroundings_stop_at_the_ends_of_the_document(documents: Documents) -> None:
    """A passage is shown with its neighbours, and only those of its own document."""
    one, _ = ready(documents, "one", 4)
    ready(documents, "two", 5)
    inside = documents.passages.of([one])
    around = documents.passages.surroundings
    assert [p.ordinal for p in around(inside[1].id)] == [0, 1, 2]
    assert [p.ordinal for p in around(inside[3].id, 2)] == [1, 2, 3]
    assert {p.document_id for p in around(inside[3].id)} == {one}
    with pytest.raises(NotFound):
        around("nothing")
