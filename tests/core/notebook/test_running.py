"""What runs when something changes: it and what reads it, in order, and nothing else; who cannot run says why."""

from __future__ import annotations

import pytest

from core.errors import Conflict
from core.notebook.values import CellKind, NewCell
from tests.core.notebook.support import FOR_EVER, PATIENCE, Desk, chart, field, sql
from tests.support.server import wait_for

CHAIN = (
    sql("c", "select n * 10 as n from b"),  # Its place in the notebook does not matter.
    sql("a", "select count(*) as n from turns"),
    sql("b", "select n + 1 as n from a"),
    sql("apart", "select 1 as n"),
)


def test_cells_read_each_other(at: Desk) -> None:
    """A SQL cell is a table of the others, whatever their order."""
    notebook = at.made(*CHAIN)
    assert at.statuses(notebook) == dict.fromkeys(["c", "a", "b", "apart"], "done")
    assert at.rows(notebook, "c") == [[40]]


def test_what_changes_runs_with_what_reads_it_and_nothing_else(at: Desk) -> None:
    """Neither what it reads nor what has nothing to do with it."""
    notebook = at.made(*CHAIN)
    before = at.ran(notebook)
    at.change(notebook, "b", text="select n + 5 as n from a")
    after = at.ran(notebook)
    assert {name for name in after if after[name] != before[name]} == {"b", "c"}
    assert at.rows(notebook, "c") == [[80]]


@pytest.mark.parametrize("changes", [{"text": "select n + 1 as n from a"}, {"settings": {"height": 300}}])
def test_what_changes_nothing_runs_nothing(at: Desk, changes: dict[str, object]) -> None:
    """The same text again, and what only a page looks at."""
    notebook = at.made(*CHAIN)
    before = at.ran(notebook)
    at.change(notebook, "b", **changes)
    assert at.ran(notebook) == before


def test_a_change_can_be_left_to_be_run_later(at: Desk) -> None:
    """What it makes stale says so, and a run of the last brings all of them up to date."""
    notebook = at.made(*CHAIN)
    at.change(notebook, "a", text="select 7 as n", run=False)
    assert at.statuses(notebook) == {"a": "stale", "b": "stale", "c": "stale", "apart": "done"}
    before = at.ran(notebook)
    at.notebooks.run(notebook.id, [at.cell(notebook, "c").id])
    at.settle(notebook)
    assert set(at.statuses(notebook).values()) == {"done"}
    assert at.rows(notebook, "c") == [[80]]
    assert at.ran(notebook)["apart"] == before["apart"]


def test_an_input_is_a_value_of_its_type(at: Desk) -> None:
    """It is bound and never spliced in; what reads it follows it."""
    notebook = at.made(
        field("word", "text", "it's $n; drop view turns --"),
        field("n", "number", 2),
        field("day", "date", "2026-01-31"),
        field("model", "choice", "fake/b", choices=["fake/echo", "fake/b"]),
        sql("texts", "select $word as it, typeof($word) as kind"),
        sql("sums", "select $n + 1 as it, typeof($n) as kind, $N as again"),
        sql("days", "select $day + 1 as it, typeof($day) as kind"),
        sql("models", "select count(*) as n from turns where model = $model"),
    )
    assert at.rows(notebook, "texts") == [["it's $n; drop view turns --", "VARCHAR"]]
    assert at.rows(notebook, "sums") == [[3, "INTEGER", 2]]
    assert at.rows(notebook, "days") == [["2026-02-01", "DATE"]]
    assert at.rows(notebook, "models") == [[1]]
    before = at.ran(notebook)
    at.change(notebook, "model", settings={"value": "fake/echo"})
    after = at.ran(notebook)
    assert at.rows(notebook, "models") == [[2]]
    assert [name for name in after if after[name] != before[name]] == ["models"]


def test_a_circle_is_named_and_the_others_run(at: Desk) -> None:
    """Who is in it says so itself, who reads it says what it waits for, who has nothing to do with it is done."""
    notebook = at.made(
        sql("a", "from b"),
        sql("b", "from a"),
        sql("itself", "from itself"),
        sql("after", "from a"),
        sql("ok", "select 1"),
    )
    states = at.states(notebook)
    assert at.statuses(notebook) == {"a": "failed", "b": "failed", "itself": "failed", "after": "stale", "ok": "done"}
    assert "a → b → a" in str(states["a"].error)
    assert "b → a → b" in str(states["b"].error)
    assert "itself → itself" in str(states["itself"].error)
    assert states["after"].error == "It waits for “a”, which failed."
    at.change(notebook, "b", text="select 2 as n")
    assert at.statuses(notebook) == {"a": "done", "b": "done", "itself": "failed", "after": "done", "ok": "done"}


def test_a_failure_is_said_where_it_is(at: Desk) -> None:
    """In the database's words; who reads it waits, and its old result can still be looked at."""
    notebook = at.made(*CHAIN)
    at.change(notebook, "a", text="select nope from turns")
    states = at.states(notebook)
    assert at.statuses(notebook) == {"a": "failed", "b": "stale", "c": "stale", "apart": "done"}
    assert "nope" in str(states["a"].error)
    assert states["b"].error == "It waits for “a”, which failed."
    assert states["c"].error == "It waits for “b”, which has to run first."
    assert at.rows(notebook, "b") == [[4]]
    with pytest.raises(Conflict, match="Run it first"):
        at.rows(notebook, "a")
    at.change(notebook, "a", text="select 1 as n")
    assert at.rows(notebook, "c") == [[20]]


def test_what_was_renamed_or_removed_is_missed_by_name(at: Desk) -> None:
    """Until it is back, under the name that is asked for; a chart, which has no words of its own, follows."""
    notebook = at.made(*CHAIN, chart("a"))
    at.change(notebook, "a", name="first")
    states = at.states(notebook)
    assert states["first"].status == "done"
    assert (states["b"].status, states["b"].error) == (
        "stale",
        "There is no cell “a” any more. Name another one, or bring it back.",
    )
    assert at.notebooks.states(notebook.id)[notebook.cells[-1].id].status == "done"
    before = at.ran(notebook)["first"]
    at.change(notebook, "first", name="A")
    assert at.states(notebook)["b"].status == "done"
    assert at.ran(notebook)["A"] == before
    at.notebooks.remove_cell(notebook.id, at.cell(notebook, "a").id)
    assert "no cell “a”" in str(at.states(notebook)["b"].error)
    drawn = at.notebooks.states(notebook.id)[notebook.cells[-1].id]
    assert (drawn.status, drawn.error) == ("failed", "There is no SQL cell “A”. Pick another one to draw.")
    at.notebooks.add_cell(notebook.id, CellKind.SQL, name="a", text="select 8 as n")
    at.settle(notebook)
    assert at.rows(notebook, "c") == [[90]]


def test_an_input_that_is_gone_is_missed(at: Desk) -> None:
    """By its name with the dollar."""
    notebook = at.made(field("n", "number", 1), sql("a", "select $n as n"))
    at.notebooks.remove_cell(notebook.id, at.cell(notebook, "n").id)
    assert "“$n”" in str(at.states(notebook)["a"].error)
    at.notebooks.run(notebook.id)
    at.settle(notebook)
    state = at.states(notebook)["a"]
    assert (state.status, state.error) == ("failed", "There is no input “$n”. Add one of that name, or write a value.")
    at.notebooks.add_cell(notebook.id, CellKind.INPUT, name="n", settings={"type": "number", "value": 5})
    at.settle(notebook)
    assert at.rows(notebook, "a") == [[5]]


def test_a_table_that_the_query_makes_itself_is_no_cell(at: Desk) -> None:
    """CTEs, strings and comments name nothing; quoted names and capitals do."""
    notebook = at.made(
        sql("a", "select 1 as n"),
        sql("own", "with a as (select 2 as n) select n, 'from broken' as s from a -- from broken"),
        sql("quoted", 'select n from "A" union all select n from main.a'),
        sql("told", "summarize a"),
        sql("broken", "select nope"),
    )
    assert at.rows(notebook, "own") == [[2, "from broken"]]
    assert at.rows(notebook, "quoted") == [[1], [1]]
    assert at.rows(notebook, "told")[0][0] == "n"
    before = at.ran(notebook)
    at.change(notebook, "a", text="select 3 as n")
    after = at.ran(notebook)
    assert {name for name in after if after[name] != before[name]} == {"a", "quoted", "told"}


def test_a_chart_is_as_far_as_what_it_draws(at: Desk) -> None:
    """It shows the same rows, and choosing another one to draw runs that."""
    notebook = at.made(sql("a", "select 1 as n"), chart("a"))
    drawn = notebook.cells[1].id
    assert at.notebooks.states(notebook.id)[drawn].status == "done"
    assert at.notebooks.table(notebook.id, drawn).rows == [[1]]
    at.notebooks.add_cell(notebook.id, CellKind.SQL, name="b", text="select 2 as n")
    at.notebooks.change_cell(notebook.id, drawn, settings={"source": "b"})
    at.settle(notebook)
    assert at.notebooks.table(notebook.id, drawn).rows == [[2]]


def test_an_input_offers_what_a_query_gives(at: Desk) -> None:
    """Each value once; when the rows change it offers others, but what was chosen stays, and nothing else runs."""
    notebook = at.made(
        sql("models", "select unnest(['b', 'a', null, 'b']) as model, 1 as n"),
        field("model", "choice", None, source="models"),
        sql("of_it", "select coalesce($model, 'all') as model"),
    )
    model = at.cell(notebook, "model").id
    assert at.notebooks.choices(notebook.id, model) == ["b", "a"]
    assert at.rows(notebook, "of_it") == [["all"]]
    at.change(notebook, "model", settings={"value": "b"})
    before = at.ran(notebook)["of_it"]
    at.change(notebook, "models", text="select range::int as n from range(2)")
    assert at.notebooks.choices(notebook.id, model) == [0, 1]
    assert (at.rows(notebook, "of_it"), at.ran(notebook)["of_it"]) == ([["b"]], before)
    at.change(notebook, "models", name="those")
    assert at.cell(notebook, "model").settings["source"] == "those"
    at.notebooks.remove_cell(notebook.id, at.cell(notebook, "those").id)
    state = at.notebooks.states(notebook.id)[model]
    assert (state.status, state.error) == ("failed", "There is no SQL cell “those”. Pick another one to choose from.")


def test_a_newer_run_takes_the_place_of_one_that_runs(at: Desk) -> None:
    """The older one is ended, whatever it would have given."""
    notebook = at.made(sql("a", FOR_EVER), sql("b", "from a"), sql("apart", FOR_EVER), run=False)
    at.notebooks.run(notebook.id, [at.cell(notebook, name).id for name in ("a", "apart")])
    wait_for(lambda: at.statuses(notebook)["a"] == "running", PATIENCE, "it does not run")
    assert at.statuses(notebook)["b"] == "queued"
    at.notebooks.change_cell(notebook.id, at.cell(notebook, "a").id, text="select 5 as n")
    wait_for(lambda: at.statuses(notebook)["b"] == "done", PATIENCE, "the newer run does not end")
    assert at.rows(notebook, "b") == [[5]]
    assert at.statuses(notebook)["apart"] == "running"
    at.notebooks.stop(notebook.id)
    assert at.statuses(notebook) == {"a": "done", "b": "done", "apart": "idle"}


def test_what_is_stopped_is_as_it_was(at: Desk) -> None:
    """With the result that it had, and no error."""
    notebook = at.made(sql("a", "select 1 as n"), sql("b", "select n from a"))
    at.notebooks.change_cell(notebook.id, at.cell(notebook, "a").id, text=FOR_EVER)
    wait_for(lambda: at.statuses(notebook)["a"] == "running", PATIENCE, "it does not run")
    assert at.states(notebook)["a"].rows == 1
    at.notebooks.stop(notebook.id)
    states = at.states(notebook)
    assert (states["a"].status, states["a"].error, states["b"].status) == ("stale", None, "stale")
    assert at.rows(notebook, "a") == [[1]]
    at.change(notebook, "a", text="select 1 as n", run=False)
    assert at.statuses(notebook) == {"a": "done", "b": "done"}


def test_one_cell_is_stopped_with_what_waits_for_it(at: Desk) -> None:
    """What has nothing to do with it runs on."""
    notebook = at.made(sql("a", FOR_EVER), sql("b", "from a"), sql("c", "from b"), sql("apart", FOR_EVER), run=False)
    at.notebooks.run(notebook.id)
    wait_for(lambda: at.statuses(notebook)["apart"] == "running", PATIENCE, "it does not run")
    at.notebooks.stop(notebook.id, [at.cell(notebook, "a").id])
    assert at.statuses(notebook) == {"a": "idle", "b": "idle", "c": "idle", "apart": "running"}
    at.notebooks.stop(notebook.id)


def test_a_removed_cell_stops(at: Desk) -> None:
    """And leaves nothing."""
    notebook = at.made(sql("a", FOR_EVER), run=False)
    at.notebooks.run(notebook.id)
    wait_for(lambda: at.statuses(notebook)["a"] == "running", PATIENCE, "it does not run")
    at.notebooks.remove_cell(notebook.id, notebook.cells[0].id)
    wait_for(lambda: not at.history.sandbox.busy, PATIENCE, "it still runs")
    assert at.notebooks.states(notebook.id) == {}
    at.notebooks.remove_cell(notebook.id, notebook.cells[0].id)


def test_markdown_and_inputs_have_nothing_to_run(at: Desk) -> None:
    """They are idle."""
    notebook = at.made(NewCell(CellKind.MARKDOWN, text="# $n"), field("n", "number", 1))
    assert {state.status.value for state in at.notebooks.states(notebook.id).values()} == {"idle"}


def test_every_change_can_be_noticed(at: Desk) -> None:
    """The revision grows with edits and with states, and with nothing else."""
    notebook = at.made(sql("a", "select 1"))
    seen = at.notebooks.revision(notebook.id)
    at.states(notebook)
    assert at.notebooks.revision(notebook.id) == seen
    at.notebooks.rename(notebook.id, "Other")
    assert at.notebooks.revision(notebook.id) > seen
    seen = at.notebooks.revision(notebook.id)
    at.notebooks.run(notebook.id)
    at.settle(notebook)
    assert at.notebooks.revision(notebook.id) > seen + 1
