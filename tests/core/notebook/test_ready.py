"""The ready-made notebooks: they run on any history, say what is so, and draw what they found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.models import Asked
from core.notebook.charts import parsed
from core.notebook.formats import Shown
from core.notebook.formats.drawing import drawn
from core.notebook.inputs import parameter, settled
from core.notebook.ready import ready_made
from core.notebook.values import JSON, Cell, CellKind, NewNotebook
from tests.core.analysis.support import History, fill, history

USAGE, SPEED, ERRORS, CITATIONS, SUPPORT, FEEDBACK = ready_made()
Filled = tuple[History, list[Asked]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A cited answer with a thumb, one that cites nothing, and one that failed."""
    with history(tmp_path_factory.mktemp("ready")) as opened:
        yield opened, fill(opened)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """A history in which nothing was ever asked."""
    with history(tmp_path_factory.mktemp("nothing")) as opened:
        yield opened


def results(opened: History, notebook: NewNotebook, **values: JSON) -> dict[str, Shown]:
    """What each of its queries gives, with other values of its inputs than its own."""
    params = dict[str, Any]()
    for cell in notebook.cells:
        if cell.kind is CellKind.INPUT:
            given = {"value": values[cell.name]} if cell.name in values else {}
            params[cell.name] = parameter(Cell("", cell.kind, cell.name, "", settled(cell.name, cell.settings, given)))
    found = dict[str, Shown]()
    for cell in notebook.cells:
        if cell.kind is CellKind.SQL:
            plain = {name: str(value) if hasattr(value, "isoformat") else value for name, value in params.items()}
            result = opened.sandbox.run(cell.text, plain)
            found[cell.name] = Shown(tuple(result.columns), tuple(map(tuple, result.rows)), len(result.rows))
    return found


def rows(found: dict[str, Shown], name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a result."""
    names = [column for column, _ in found[name].columns]
    return [tuple(row[names.index(column)] for column in columns) for row in found[name].rows]


def fields(part: object) -> Iterator[str]:
    """The columns that a chart names."""
    if isinstance(part, dict):
        yield from (str(value) for key, value in part.items() if key == "field")
        yield from (str(name) for key, value in part.items() if key == "fold" for name in value)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from fields(inner)


def made(part: object) -> Iterator[str]:
    """The columns that a chart makes itself."""
    if isinstance(part, dict) and "as" in part:
        yield from part["as"] if isinstance(part["as"], list) else [part["as"]]
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from made(inner)


@pytest.mark.parametrize("notebook", ready_made(), ids=lambda notebook: notebook.title)
def test_each_runs_on_an_empty_history(nothing: History, notebook: NewNotebook) -> None:
    """Without an error, and without a row that claims anything."""
    for name, found in results(nothing, notebook).items():
        assert name == "totals" or found.rows == ()


@pytest.mark.parametrize("notebook", ready_made(), ids=lambda notebook: notebook.title)
def test_each_draws_what_it_finds(filled: Filled, notebook: NewNotebook) -> None:
    """Every chart names columns of its query, and is drawn from its rows."""
    found = results(filled[0], notebook)
    charts = [cell for cell in notebook.cells if cell.kind is CellKind.CHART]
    for cell in charts:
        spec = parsed(cell.text)
        columns = {name for name, _ in found[str(cell.settings["source"])].columns}
        assert set(fields(spec)) <= columns | set(made(spec))
    pictures = drawn([(cell.text, found[str(cell.settings["source"])]) for cell in charts])
    assert all(picture and "<path" in picture and "NaN" not in picture for picture in pictures)


@pytest.mark.parametrize("notebook", ready_made(), ids=lambda notebook: notebook.title)
def test_each_says_what_it_means_and_names_its_cells(notebook: NewNotebook) -> None:
    """It begins with its title, explained; every query and chart has a name of its own."""
    first, *rest = notebook.cells
    assert first.kind is CellKind.MARKDOWN and first.text.startswith(f"# {notebook.title}\n\n")
    names = [cell.name for cell in rest if cell.kind is not CellKind.MARKDOWN]
    assert all(names) and len(set(names)) == len(names)
    assert json.dumps([dict(cell.settings) for cell in rest if cell.kind is CellKind.INPUT]).count('"label"') >= 2


def test_usage_adds_up_what_is_known(filled: Filled) -> None:
    """A cost that is not known is none, not nothing."""
    found = results(filled[0], USAGE)
    assert rows(found, "totals", "answers", "models", "prompt_tokens", "cost", "without_cost") == [(3, 2, 200, 0.5, 1)]
    assert rows(found, "by_model", "model", "answers", "completion_tokens", "cost", "cost_of_1000_answers") == [
        ("fake/echo", 2, 40, 0.5, 250.0),
        ("fake/b", 1, None, None, None),
    ]
    assert rows(found, "by_day", "model", "answers", "cost") == [("fake/b", 1, None), ("fake/echo", 2, 0.5)]
    assert [cost for (cost,) in rows(found, "dearest", "cost")] == [0.25, 0.25]


def test_a_link_leads_to_the_answer(filled: Filled) -> None:
    """By its conversation and its message."""
    opened, (_, uncited, failed) = filled
    ids = {"unsupported": uncited, "failed": failed}
    links = {name: f"/?conversation={one.conversation_id}&message={one.message_id}" for name, one in ids.items()}
    assert rows(results(opened, ERRORS), "newest", "link") == [(links["failed"],)]
    assert rows(results(opened, SUPPORT), "newest_unsupported", "link") == [(links["unsupported"],)]


def test_only_whole_answers_have_a_speed(filled: Filled) -> None:
    """The one that failed is not among them."""
    found = results(filled[0], SPEED)
    assert rows(found, "by_model", "model", "answers") == [("fake/echo", 2)]
    assert sum(count for (count,) in rows(found, "by_hour", "answers")) == 2
    assert len(rows(found, "slowest", "link")) == 2


def test_errors_are_counted_by_model_and_kind(filled: Filled) -> None:
    """With their share of all answers."""
    found = results(filled[0], ERRORS)
    columns = ("model", "answers", "failed", "failed_percent", "timeout")
    assert rows(found, "by_model", *columns) == [("fake/b", 1, 1, 100.0, 0), ("fake/echo", 2, 0, 0.0, 0)]
    assert rows(found, "by_kind", "kind", "answers") == [("The model is gone.", 1)]


def test_citations_are_counted_by_document_passage_and_rank(filled: Filled) -> None:
    """Three passages were found, and one is cited."""
    found = results(filled[0], CITATIONS)
    columns = ("title", "cited", "found", "cited_percent")
    assert rows(found, "documents_by_citations", *columns) == [("Tides", 1, 2, 50.0), ("Moon", 0, 1, 0.0)]
    assert rows(found, "passages_by_citations", "cited", "quote") == [(1, "Quote 1.")]
    assert rows(found, "by_rank", "rank", "found", "cited_percent") == [(1, 2, 50.0), (2, 1, 0.0)]


def test_weak_support_is_shown_with_sentence_and_passage(filled: Filled) -> None:
    """From the support on that the reader calls weak."""
    assert rows(results(filled[0], SUPPORT), "weakest_sentences", "support") == []
    found = results(filled[0], SUPPORT, weak=0.5)
    assert rows(found, "weakest_sentences", "support", "sentence", "passage") == [(0.3, "The m", "Quote 1.")]
    columns = ("searched", "unsupported_percent", "weak", "weak_percent", "median_of_weakest")
    assert rows(found, "by_model", *columns) == [(2, 50.0, 1, 100.0, 0.3)]


def test_feedback_compares_what_was_rated(filled: Filled) -> None:
    """The share of thumbs up is of those that were given."""
    found = results(filled[0], FEEDBACK)
    assert rows(found, "by_model", "model", "answers", "rated", "up_percent", "rated_percent") == [
        ("fake/echo", 2, 1, 100.0, 50.0)
    ]
    assert rows(found, "newest_comments", "comment", "question") == [("good", "How do tides work?")]
    assert rows(found, "by_support", "kind", "up") == [("cites its sources", 1)]


def test_days_begin_and_end_in_utc(tmp_path: Path) -> None:
    """Both days of a period belong to it, from the first moment to the last."""
    with history(tmp_path) as opened:
        for _ in fill(opened):
            pass
        moments = ("2026-01-01 23:59:59.999999+00", "2026-01-02 00:00:00+00", "2026-01-02 23:59:59.999999+00")
        opened.database.write(
            lambda cursor: [
                cursor.execute(
                    "update messages set created_at = ? where id in "
                    "(select id from messages where role = 'assistant' order by seq limit 1 offset ?)",
                    [moment, place],
                )
                for place, moment in enumerate(moments)
            ]
        )
        assert rows(results(opened, USAGE, since="2026-01-02", until="2026-01-02"), "totals", "answers") == [(2,)]
        assert rows(results(opened, USAGE, until="2026-01-01"), "totals", "answers") == [(1,)]
        assert rows(results(opened, USAGE, since="2026-01-03"), "by_model", "model") == []
        days = rows(results(opened, USAGE), "by_day", "day", "answers")
        assert sorted(days) == [("2026-01-01", 1), ("2026-01-02", 1), ("2026-01-02", 1)]


def test_a_model_is_chosen_from_those_that_answered(filled: Filled) -> None:
    """Each is offered, whichever is chosen; without a choice all count."""
    for notebook in (USAGE, SPEED, ERRORS, SUPPORT, FEEDBACK):
        model = next(cell for cell in notebook.cells if cell.name == "model")
        found = results(filled[0], notebook, model="fake/b")
        offered = rows(found, str(model.settings["source"]), "model", "answers")
        assert offered == [("fake/echo", 2), ("fake/b", 1)]
        assert "fake/echo" not in {
            model for name in ("by_model",) if name in found for (model,) in rows(found, name, "model")
        }
    assert rows(results(filled[0], USAGE, model="fake/echo"), "by_model", "model") == [("fake/echo",)]


def test_days_begin_and_end_what_is_counted(filled: Filled) -> None:
    """Nothing is of a day that is yet to come."""
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert rows(results(filled[0], ERRORS, since=tomorrow), "newest", "link") == []
