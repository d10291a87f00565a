"""Vectors in memory, against exact arithmetic."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from core.ids import new_id
from core.retrieval.searching import codes as module
from core.retrieval.searching.vectors import Vectors


def unit(n: int, seed: int = 1) -> NDArray[np.float32]:
    made = np.random.default_rng(seed).standard_normal((n, 384), dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def filled(documents: int, passages: int) -> tuple[Vectors, list[str], list[str], NDArray[np.float32]]:
    index, rows = Vectors(), unit(documents * passages)
    owners = [f"d{i // passages}" for i in range(len(rows))]
    ids = [new_id() for _ in rows]
    index.add(owners, ids, rows)
    return index, owners, ids, rows


def test_the_nearest_are_those_of_exact_search() -> None:
    """All of the true ten are found, in all documents and in some, and the cosines are right."""
    index, owners, ids, rows = filled(200, 25)
    for query in unit(20, 2):
        for allowed in (None, {f"d{i}" for i in range(0, 200, 3)}):
            cosines = {ids[i]: rows[i] @ query for i in range(len(ids)) if allowed is None or owners[i] in allowed}
            truly = sorted(cosines, key=lambda name: -cosines[name])[:10]
            found = index.nearest(query, 30, allowed)
            assert set(truly) <= {near.id for near in found}
            assert [near.cosine for near in found] == pytest.approx([cosines[near.id] for near in found], abs=0.003)
            assert found[0].vector == pytest.approx(rows[ids.index(found[0].id)], abs=0.002)


def test_what_is_removed_is_not_found_and_its_room_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever order documents come and go."""
    monkeypatch.setattr(module, "_ROWS", 64)
    index, owners, ids, rows = filled(50, 20)
    gone = {f"d{i}" for i in range(50) if i % 5}
    index.remove(gone | {"unknown"})
    index.add(["new"] * 3, more := [new_id() for _ in range(3)], rows[:3])
    left = {name for owner, name in zip(owners, ids, strict=True) if owner not in gone} | set(more)
    assert {near.id for near in index.nearest(rows[0], 5_000)} == left
    assert index.count() == len(left) == 203
    assert index.count({"new", "d0", "d1"}) == 23
    assert index._codes.blocks <= 2 * len(left) // 64 + 1


def test_a_small_document_among_many_gives_its_best() -> None:
    """A filter is no sieve after the search."""
    index, _, ids, rows = filled(500, 10)
    assert {near.id for near in index.nearest(rows[0], 5, {"d499"})} <= set(ids[-10:])
    assert len(index.nearest(rows[0], 5, {"d499"})) == 5
    assert index.nearest(rows[0], 5, set()) == index.nearest(rows[0], 5, {"unknown"}) == []
    assert index.nearest(rows[0], 0) == Vectors().nearest(rows[0], 5) == []


def test_searching_goes_on_while_documents_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that stays is found every time, and nothing is found twice."""
    monkeypatch.setattr(module, "_ROWS", 64)
    index, _, ids, rows = filled(10, 10)
    wrong: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            found = [near.id for near in index.nearest(rows[5], 1_000)]
            if found[0] != ids[5] or len(found) != len(set(found)):
                wrong.append(str(found))

    thread = threading.Thread(target=look)
    thread.start()
    for turn in range(100):
        index.add([f"n{turn}"] * 30, [new_id() for _ in range(30)], unit(30, turn + 9))
        index.remove([f"n{turn - 3}"])
    done.set()
    thread.join()
    assert wrong == []
