"""Notebooks in the database: whole edits or none, and one result a cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import InvalidValue, NotFound
from core.ids import new_id
from core.notebook.values import Cell, CellKind, CellResult, Notebook
from core.store.database import Database
from core.store.notebooks import StoredNotebooks
from tests.core.streams.support import Rig

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)
MOST = 1_000_000


def notebook(*names: str) -> Notebook:
    """A notebook of SQL cells."""
    cells = tuple(Cell(new_id(), CellKind.SQL, name, f"select '{name}'", {"x": [1, None]}) for name in names)
    return Notebook(new_id(), "Test", cells, NOW, NOW)


@pytest.fixture
def store(rig: Rig) -> StoredNotebooks:
    """The notebooks of a new database."""
    return StoredNotebooks(rig.database)


def test_an_edit_is_on_disk_when_it_is_acknowledged(tmp_path: Path) -> None:
    """Every field of it; places are as they were left."""
    database, made = Database(tmp_path / "test.duckdb"), notebook("a", "b", "c")
    stored = StoredNotebooks(database)
    stored.add(made)
    before, after = stored.edit(made.id, lambda found: replace(found, cells=found.cells[::-1], title="Other"))
    assert before == made
    database.close()
    database = Database(tmp_path / "test.duckdb")
    assert StoredNotebooks(database).get(made.id) == after == replace(made, **_edited(after))
    database.close()


def _edited(after: Notebook) -> dict[str, object]:
    return {"cells": after.cells, "title": "Other", "updated_at": after.updated_at}


def test_an_edit_that_is_refused_changes_nothing(store: StoredNotebooks) -> None:
    """Nor does one of a notebook that is not there."""
    made = notebook("a")
    store.add(made)

    def refuse(found: Notebook) -> Notebook:
        raise InvalidValue(found.title)

    with pytest.raises(InvalidValue, match="Test"):
        store.edit(made.id, refuse)
    assert store.get(made.id) == made
    with pytest.raises(NotFound):
        store.edit("nowhere", lambda found: found)


def test_a_cell_has_one_result(store: StoredNotebooks) -> None:
    """The last that was wanted; what it replaces, and what has no cell any more, is to be removed."""
    made = notebook("a", "b")
    store.add(made)
    a, b = (cell.id for cell in made.cells)
    newer = CellResult(a, "run-2", "x", NOW, ("b", "$n"), (("n", "INTEGER", True),), 1, 10, True, "cut", None, 1.5)
    assert store.save_result(made.id, newer, MOST) == []
    older = CellResult(a, "run-1", "x", NOW, bytes=5)
    assert store.save_result(made.id, older, MOST, lambda: False) == [(made.id, a, "run-1")]
    assert store.results(made.id) == {a: newer}
    assert store.save_result(made.id, CellResult(a, "run-3", "x", NOW, error="no"), MOST) == [(made.id, a, "run-2")]
    assert store.files() == {}
    store.save_result(made.id, CellResult(b, "run-4", "x", NOW, bytes=5), MOST)
    store.edit(made.id, lambda found: replace(found, cells=found.cells[:1]))
    assert set(store.results(made.id)) == {a}
    assert store.save_result(made.id, CellResult(b, "run-5", "x", NOW, bytes=5), MOST) == [(made.id, b, "run-5")]


def test_all_results_together_are_bounded(store: StoredNotebooks) -> None:
    """Those of other notebooks too: the oldest go, errors stay."""
    one, other = notebook("a", "b"), notebook("c")
    for made in (one, other):
        store.add(made)
    a, b = (cell.id for cell in one.cells)
    store.save_result(one.id, CellResult(a, "run-1", "x", NOW, bytes=40), 100)
    store.save_result(one.id, CellResult(b, "run-2", "x", NOW, error="no"), 100)
    gone = store.save_result(other.id, CellResult(other.cells[0].id, "run-3", "x", LATER, bytes=70), 100)
    assert gone == [(one.id, a, "run-1")]
    assert set(store.results(one.id)) == {b}
    assert store.files() == {(other.id, other.cells[0].id, "run-3"): 70}
    store.forget(store.files())
    assert (store.files(), set(store.results(one.id))) == ({}, {b})


def test_a_notebook_is_removed_with_all_that_is_known_of_it(store: StoredNotebooks, rig: Rig) -> None:
    """And the others stay."""
    one, other = notebook("a"), notebook("a")
    for made in (one, other):
        store.add(made)
        store.save_result(made.id, CellResult(made.cells[0].id, "run-1", "x", NOW), MOST)
    assert store.remove(one.id)
    assert not store.remove(one.id)
    assert store.get(one.id) is None
    assert [summary.id for summary in store.summaries()] == [other.id]
    assert rig.database.fetch("select count(*) from cells")[0][0] == 1
    assert rig.database.fetch("select count(*) from cell_results")[0][0] == 1
