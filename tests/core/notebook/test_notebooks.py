"""Notebooks are kept as they are edited: by whom, in whatever order, and over a restart."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet
import pytest

from core.analysis.sandbox import Limits
from core.errors import Conflict, InvalidValue, NotFound, TooLarge
from core.notebook.notebooks import Notebooks
from core.notebook.values import CellKind, NewCell
from tests.core.analysis.test_hostile import NESTED
from tests.core.notebook.support import FOR_EVER, PATIENCE, Desk, chart, desk, field, sql
from tests.support.server import wait_for


def test_a_notebook_is_kept_whole(at: Desk) -> None:
    """Every kind of cell, in its order, with its settings; another server finds the same."""
    cells = (
        NewCell(CellKind.MARKDOWN, text="# É 🌊\n\0"),
        field("day", "date", "2026-01-31", label="Since"),
        sql("a", "select $day"),
        chart("a"),
    )
    notebook = at.notebooks.create("  Cost \n by day ", cells)
    assert notebook.title == "Cost by day"
    assert [cell.new for cell in notebook.cells] == [
        NewCell(cell.kind, cell.name, cell.text, {**cell.settings}) for cell in cells
    ]
    assert at.notebooks.get(notebook.id) == notebook
    listed = at.notebooks.list()[0]
    assert (listed.id, listed.title, listed.cells) == (notebook.id, "Cost by day", 4)


def test_it_is_edited_cell_by_cell(at: Desk) -> None:
    """Added, moved, changed, removed; the list has the one edited last first."""
    notebook, other = at.made(sql("a", "select 1"), run=False), at.made(run=False)
    at.notebooks.add_cell(notebook.id, CellKind.MARKDOWN, text="last")
    first = at.notebooks.add_cell(notebook.id, CellKind.SQL, place=0)
    assert [cell.name for cell in at.notebooks.get(notebook.id).cells] == ["query_1", "a", ""]
    at.notebooks.move_cell(notebook.id, first.id, 2)
    at.notebooks.change_cell(notebook.id, first.id, text="select 2", run=False)
    at.notebooks.remove_cell(notebook.id, notebook.cells[0].id)
    cells = at.notebooks.get(notebook.id).cells
    assert [(cell.name, cell.text) for cell in cells] == [("", "last"), ("query_1", "select 2")]
    at.notebooks.rename(notebook.id, "Renamed")
    assert [summary.id for summary in at.notebooks.list()[:2]] == [notebook.id, other.id]
    assert at.notebooks.list()[0].title == "Renamed"


def test_a_copy_stands_for_itself(at: Desk) -> None:
    """It has the same cells and no results."""
    notebook = at.made(field("n", "number", 3), sql("a", "select $n as n"))
    copy = at.notebooks.copy(notebook.id)
    assert copy.title == "Test (copy)"
    assert [cell.new for cell in copy.cells] == [cell.new for cell in notebook.cells]
    at.notebooks.run(copy.id)
    at.change(copy, "n", settings={"value": 4})
    assert (at.rows(copy, "a"), at.rows(notebook, "a")) == ([[4]], [[3]])


@pytest.mark.parametrize(
    "cells",
    [
        [sql("a", ""), sql("A", "")],
        [sql("a", ""), field("a", "text", "")],
        [sql('x"; drop', "")],
        [sql("turns", "")],
        [sql("select", "")],
        [field("n", "number", "abc")],
        [NewCell(CellKind.SQL, settings={"x": float("nan")})],
    ],
)
def test_what_cannot_be_is_refused_whole(at: Desk, cells: list[NewCell]) -> None:
    """Nothing of it is kept, be it new or an edit."""
    before = at.notebooks.list()
    with pytest.raises(InvalidValue):
        at.notebooks.create("Wrong", cells)
    assert at.notebooks.list() == before
    notebook = at.notebooks.create("Right", [*cells[:-1], sql("b", "select 1")])
    last = cells[-1]
    with pytest.raises(InvalidValue):
        at.notebooks.add_cell(notebook.id, last.kind, name=last.name, text="", settings=last.settings)
    if last.kind is CellKind.SQL:
        with pytest.raises(InvalidValue):
            at.notebooks.change_cell(
                notebook.id, notebook.cells[-1].id, name=last.name or None, settings=last.settings, text="select 2"
            )
    assert at.notebooks.get(notebook.id) == notebook


def test_there_are_so_many_cells_and_so_much_in_them(at: Desk) -> None:
    """More is refused with what to do."""
    notebook = at.notebooks.create("Full", [NewCell(CellKind.MARKDOWN)] * 200)
    with pytest.raises(TooLarge, match="200 cells"):
        at.notebooks.add_cell(notebook.id, CellKind.MARKDOWN)
    at.notebooks.move_cell(notebook.id, notebook.cells[0].id, 500)
    assert at.notebooks.get(notebook.id).cells[-1] == notebook.cells[0]
    with pytest.raises(TooLarge, match="100,000 characters"):
        at.notebooks.change_cell(notebook.id, notebook.cells[0].id, text="x" * 100_001)
    with pytest.raises(TooLarge):
        at.notebooks.change_cell(notebook.id, notebook.cells[0].id, settings={"x": "y" * 100_001})
    with pytest.raises(InvalidValue, match="title"):
        at.notebooks.rename(notebook.id, " \n")


def test_what_is_not_there_is_not_found(at: Desk) -> None:
    """Notebooks and cells alike; removing what is gone is no error."""
    notebook = at.made(run=False)
    for call in (at.notebooks.get, at.notebooks.run, at.notebooks.states, at.notebooks.copy):
        with pytest.raises(NotFound):
            call("nowhere")
    with pytest.raises(NotFound):
        at.notebooks.rename("nowhere", "x")
    for cell_call in (at.notebooks.change_cell, at.notebooks.table, at.notebooks.download):
        with pytest.raises(NotFound):
            cell_call(notebook.id, "nowhere")
    at.notebooks.remove("nowhere")
    at.notebooks.remove_cell(notebook.id, "nowhere")


def test_those_who_edit_at_once_lose_nothing_of_each_other(at: Desk) -> None:
    """One text is the last that was given; all else is as each of them left it."""
    notebook = at.made(sql("a", "select 0"), run=False)
    cell, barrier = notebook.cells[0].id, threading.Barrier(4)

    def edit(number: int) -> None:
        barrier.wait()
        for turn in range(5):
            at.notebooks.change_cell(notebook.id, cell, text=f"select {number}", run=False)
            at.notebooks.change_cell(notebook.id, cell, settings={f"by {number}": turn}, run=False)
            at.notebooks.add_cell(notebook.id, CellKind.MARKDOWN, text=f"{number}-{turn}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(edit, range(4)))
    found = at.notebooks.get(notebook.id)
    kept = found.cell(cell)
    assert kept is not None
    assert kept.text in {f"select {number}" for number in range(4)}
    assert kept.settings == {f"by {number}": 4 for number in range(4)}
    assert sorted(c.text for c in found.cells[1:]) == sorted(f"{n}-{t}" for n in range(4) for t in range(5))


def test_a_result_comes_by_the_page_sorted_and_as_a_file(at: Desk) -> None:
    """Whatever its types are."""
    notebook = at.made(sql("a", "select range as n, interval (range) hours as took, {'x': range} as s from range(500)"))
    cell = notebook.cells[0].id
    assert at.rows(notebook, "a", offset=490, limit=2) == [[490, 1764000, {"x": 490}], [491, 1767600, {"x": 491}]]
    assert at.rows(notebook, "a", limit=1, sort=("took", True))[0][0] == 499
    assert at.rows(notebook, "a", offset=500) == at.rows(notebook, "a", offset=-5, limit=-5) == []
    with pytest.raises(InvalidValue, match="no column “1; drop”"):
        at.rows(notebook, "a", sort=("1; drop", False))
    with at.notebooks.download(notebook.id, cell) as file:
        rows = list(csv.reader(io.StringIO(file.read().decode("utf-8"))))
    assert (rows[0], rows[500], len(rows)) == (["n", "took", "s"], ["499", "1796400.0", '{"x": 499}'], 501)
    with at.notebooks.download(notebook.id, cell, "parquet") as file:
        assert pyarrow.parquet.read_table(file).num_rows == 500
    with pytest.raises(InvalidValue, match="csv or parquet"):
        at.notebooks.download(notebook.id, cell, "xlsx")


def test_there_is_no_table_before_the_first_run(at: Desk) -> None:
    """A sentence says what to do."""
    notebook = at.made(sql("a", "select 1"), chart("b"), run=False)
    for cell in notebook.cells:
        with pytest.raises(Conflict, match="Run it first"):
            at.notebooks.table(notebook.id, cell.id)
    with pytest.raises(Conflict):
        at.notebooks.download(notebook.id, notebook.cells[0].id, "parquet")


def test_a_result_that_is_cut_says_so_and_so_do_those_that_stand_on_it(tmp_path: Path) -> None:
    """Nobody takes a part for the whole."""
    with desk(tmp_path, Limits(kept_rows=1_000)) as at:
        notebook = at.made(sql("a", "from range(5000)"), sql("b", "select count(*) as n from a"), sql("c", "from b"))
        states = at.states(notebook)
        assert (states["a"].rows, states["a"].truncated) == (1_000, True)
        assert "first 1,000 rows" in str(states["a"].note)
        assert (states["b"].truncated, states["b"].note) == (
            True,
            "“a” was cut, so this stands on its first rows alone.",
        )
        assert states["c"].truncated
        at.change(notebook, "a", text="from range(10)")
        assert not any(state.truncated or state.note for state in at.states(notebook).values())


def test_all_is_there_after_a_restart(tmp_path: Path) -> None:
    """Notebooks, states, results; and nothing runs by itself."""
    with desk(tmp_path) as at:
        notebook = at.made(sql("a", "select 1 as n"), sql("b", "select n from a"), sql("wrong", "selct"))
        at.change(notebook, "b", text="select n + 1 as n from a", run=False)
        states, rows = at.states(notebook), at.rows(notebook, "b")
        stray = at.folder / notebook.id / "stray.parquet.part"
        stray.write_bytes(b"half")
        (at.folder / "unknown").mkdir()
        (at.folder / "unknown" / "a.parquet").write_bytes(b"x")
        kept = [name for name in at.files() if name not in (stray.name, "a.parquet")]
        at.notebooks.close()
        at.notebooks = Notebooks(at.history.database, at.history.sandbox, at.folder)
        assert at.notebooks.get(notebook.id).cells == (notebook.cells[0], at.cell(notebook, "b"), notebook.cells[2])
        assert at.states(notebook) == states
        assert at.statuses(notebook) == {"a": "done", "b": "stale", "wrong": "failed"}
        assert at.rows(notebook, "b") == rows == [[1]]
        assert at.files() == kept
        assert not (at.folder / "unknown").exists()


@pytest.mark.parametrize("notebook_id", ["", ".", "..", "../snapshot", "/"])
def test_what_is_no_notebook_is_not_removed(at: Desk, notebook_id: str) -> None:
    """An id that comes from a page's address names no folder."""
    at.made(sql("a", "select 1"))
    before = at.files()
    at.notebooks.remove(notebook_id)
    assert at.files() == before
    assert at.history.folder.exists()


def test_a_result_whose_file_is_lost_is_run_again(tmp_path: Path) -> None:
    """By a power cut or by whoever tidies the folder; the others stay."""
    with desk(tmp_path) as at:
        notebook = at.made(sql("a", "select 1 as n"), sql("b", "select 2 as n"), sql("c", "select 3 as n"))
        for name in ("a", "b"):
            path = next(at.folder.rglob(f"{at.cell(notebook, name).id}*"))
            path.unlink()
            if name == "b":
                path.write_bytes(b"PAR1")
        at.notebooks.close()
        at.notebooks = Notebooks(at.history.database, at.history.sandbox, at.folder)
        assert at.statuses(notebook) == {"a": "idle", "b": "idle", "c": "done"}
        assert len(at.files()) == 1


def test_what_is_removed_leaves_no_file(tmp_path: Path) -> None:
    """Nor does an older result, a failed one, or one that is stopped while it is written."""
    with desk(tmp_path) as at:
        notebook = at.made(sql("a", "select 1 as n"), sql("b", "select 2"), sql("c", "select 3"))
        assert len(at.files()) == 3
        at.change(notebook, "a", text="select 2 as n")
        assert len(at.files()) == 3
        at.change(notebook, "b", text="selct")
        assert len(at.files()) == 2
        at.notebooks.remove_cell(notebook.id, at.cell(notebook, "c").id)
        assert len(at.files()) == 1
        at.notebooks.change_cell(notebook.id, at.cell(notebook, "b").id, text=FOR_EVER)
        wait_for(lambda: at.statuses(notebook)["b"] == "running", PATIENCE, "it does not run")
        at.notebooks.remove(notebook.id)
        wait_for(lambda: not at.history.sandbox.busy, PATIENCE, "it still runs")
        wait_for(lambda: not at.files(), PATIENCE, "a file is left")
        assert at.notebooks.list() == []


def test_a_cell_reads_its_own_notebook_alone(at: Desk) -> None:
    """Neither by name nor by the place of a file that is no other cell's of it."""
    other = at.made(sql("secret", "select 'canary' as it"))
    place = next(at.folder.joinpath(other.id).iterdir())
    texts = [
        "from secret",
        f"from read_parquet('{place}')",
        f"from read_blob('{place}')",
        f"from glob('{at.folder}/**')",
    ]
    notebook = at.made(*(sql(f"try_{number}", text) for number, text in enumerate(texts)))
    states = at.states(notebook)
    assert {state.status.value for state in states.values()} == {"failed"}
    assert "canary" not in str(states)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Notebooks whose cells have little time."""
    with desk(tmp_path_factory.mktemp("short"), Limits(exporting=4.0)) as opened:
        yield opened


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_a_cell_that_is_deep_or_long_harms_nobody(short: Desk, text: str) -> None:
    """It fails, or gives a result, and the others run."""
    notebook = short.made(sql("deep", text[:100_000]), sql("ok", "select 1 as n"), sql("after", "from ok"))
    assert short.statuses(notebook)["deep"] in ("failed", "done")
    assert short.rows(notebook, "after") == [[1]]


def test_the_oldest_results_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that all of them together are bounded."""
    with desk(tmp_path) as at:
        notebook = at.made(sql("a", "select md5(range::varchar) as x from range(3000)"))
        size = sum(path.stat().st_size for path in at.folder.rglob("*.parquet"))
        monkeypatch.setattr("core.notebook.working._MOST", size + size // 2)
        at.notebooks.add_cell(
            notebook.id, CellKind.SQL, name="b", text="select md5(range::varchar) as x from range(3000)"
        )
        at.notebooks.run(notebook.id, [at.cell(notebook, "b").id])
        at.settle(notebook)
        assert at.statuses(notebook) == {"a": "idle", "b": "done"}
        assert len(at.files()) == 1
