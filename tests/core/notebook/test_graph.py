"""What stands on what, as values: order, circles, and what has to run."""

from __future__ import annotations

from datetime import UTC, datetime

from core.analysis.reader import Names
from core.notebook.graph import Graph
from core.notebook.planning import to_run
from core.notebook.states import States
from core.notebook.values import Cell, CellKind, CellResult, CellState, CellStatus, Notebook

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def graph(**reads: str) -> Graph:
    """Cells that read others, which are named with spaces between; a cell's id is its name."""
    cells = tuple(Cell(name, CellKind.SQL, name, text, {}) for name, text in reads.items())
    return Graph(Notebook("n", "Test", cells, NOW, NOW), lambda text: Names(tuple(text.split())))


def test_every_cell_comes_behind_what_it_reads() -> None:
    """Those in a circle hold nobody up."""
    order = [cell.id for cell in graph(d="b c", c="a", x="y", b="a", a="", y="x z", z="x").ordered()]
    assert set(order) == set("abcdxyz")
    assert order.index("a") < order.index("b") < order.index("d") > order.index("c")


def test_the_shortest_circle_is_named() -> None:
    """From each cell in it; a cell that only reads one is in none."""
    found = graph(a="b", b="c", c="a b", itself="itself", out="a")
    assert found.circle("a") == ("a", "b", "c", "a")
    assert found.circle("b") == ("b", "c", "b")
    assert found.circle("itself") == ("itself", "itself")
    assert found.circle("out") == ()


def test_what_runs_is_what_was_asked_for_what_reads_it_and_what_it_lacks() -> None:
    """And nothing else: neither what is up to date nor what else reads that."""
    found = graph(a="", b="a", c="b", lacking="", d="c lacking", beside="lacking", apart="")
    undone = {
        cell.id: States(found, {}).of(cell)
        for cell in found.notebook.cells
        if cell.id in ("lacking", "d", "beside", "apart")
    }
    states = {cell.id: undone.get(cell.id) or CellState(CellStatus.DONE) for cell in found.notebook.cells}
    assert to_run(found, states, ["b"]) == ["lacking", "b", "c", "d"]
    assert to_run(found, states, ["b"], itself=False) == ["lacking", "c", "d"]


def test_a_long_chain_in_the_wrong_order_is_no_matter() -> None:
    """As many cells as a notebook has, each reading the next."""
    found = graph(**{f"c{n}": f"c{n + 1}" for n in range(199)}, c199="")
    states = States(found, {}).all()
    assert list(states) == [f"c{n}" for n in range(200)]
    assert {state.status for state in states.values()} == {CellStatus.IDLE}


def test_a_result_stands_for_its_text_its_inputs_and_what_it_read() -> None:
    """Any other of these, and it is stale."""
    found = graph(a="", b="a")
    a, b = found.notebook.cells
    first = CellResult("a", "run-1", States(found, {}).made_of(a), NOW)
    of_b = CellResult("b", "run-2", States(found, {"a": first}).made_of(b), NOW, tables=("a",))
    results = {"a": first, "b": of_b}
    assert {state.status for state in States(found, results).all().values()} == {CellStatus.DONE}
    again = CellResult("a", "run-3", first.made_of, NOW)
    assert States(found, {**results, "a": again}).of(b).status is CellStatus.STALE
    renamed = States(graph(x="", b="a"), {"b": of_b}).all()["b"]
    assert (renamed.status, "“a”" in str(renamed.error)) == (CellStatus.STALE, True)
