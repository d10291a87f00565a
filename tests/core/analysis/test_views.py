"""The views: what they hold of the history, explained column by column, and common questions in a line."""

from __future__ import annotations

import pytest

from core.analysis.views import VIEWS, View
from core.models import Asked, Status, Usage
from tests.core.analysis.support import History, passage, searched

Filled = tuple[History, list[Asked]]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_column_of_a_view_is_explained(filled: Filled, view: View) -> None:
    """The columns that a page explains are those that a query sees, in their order, each in a short line."""
    described = [row[0] for row in filled[0].told(f"describe {view.name}")]
    assert described == list(view.columns)
    assert all(0 < len(text) < 100 for text in view.columns.values())
    assert view.description.endswith(".")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_of_nothing_is_empty(empty: History, view: View) -> None:
    """A new history can be asked already."""
    assert empty.told(f"from {view.name}") == []


def test_a_turn_is_a_question_with_its_answer(filled: Filled) -> None:
    """What was asked, what was answered, and how it went stand on one row."""
    rows = filled[0].told("select question, answer, status, error, rating from turns order by asked_at")
    assert rows == [
        ["How do tides work?", "The moon pulls [1]. `[2]` and [2](x) are none.", "done", None, 1],
        ["What is a tide?", "It is water.", "done", None, None],
        ["Why?", "", "error", "The model is gone.", None],
    ]


def test_a_question_stands_alone_until_its_answer_has_ended(empty: History) -> None:
    """The answer that is being written is null, and not yet among the answers or the messages."""
    ids = empty.ask("Why?")
    assert empty.told("select question, answer, status from turns") == [["Why?", None, None]]
    assert empty.told("select role from messages") == [["user"]]
    empty.answer(ids, "Because.")
    assert empty.told("select question, answer, status from turns") == [["Why?", "Because.", "done"]]
    assert empty.told("select role, content from messages order by role") == [
        ["assistant", "Because."],
        ["user", "Why?"],
    ]


def test_an_answer_that_was_continued_is_one(empty: History) -> None:
    """Its texts are joined in order, its tokens and costs added up, its state is the last part's."""
    ids = empty.ask()
    empty.answer(ids, "one [1] ", Status.STOPPED, usage=Usage(completion_tokens=3, cost=0.5))
    empty.answer(empty.go_on(ids), "two", model="fake/b", usage=Usage(completion_tokens=4, cost=0.25))
    other = empty.ask()
    empty.answer(other, "alone")
    rows = empty.told(
        "select text, status, model, completion_tokens, cost, parts, marks from answers order by created_at"
    )
    assert rows == [
        ["one [1] two", "done", "fake/b", 7, 0.75, 2, [1]],
        ["alone", "done", "fake/echo", None, None, 1, []],
    ]
    assert empty.told("select answers, completion_tokens from tokens_by_day order by model") == [[1, 7], [1, None]]


def test_the_books_of_the_provider_win(empty: History) -> None:
    """What is known later takes the place of what the stream said."""
    ids = empty.ask()
    empty.answer(ids, "text", usage=Usage(prompt_tokens=5, cost=1.0))
    assert empty.told("select prompt_tokens, cost from answers") == [[5, 1]]
    empty.streams.add_cost(ids.stream_id, Usage(cost=0.125))
    assert empty.told("select prompt_tokens, cost from answers") == [[5, 0.125]]


def test_the_newest_thumb_counts(empty: History) -> None:
    """It can be turned and taken back."""
    ids = empty.ask()
    empty.answer(ids, "text")
    empty.conversations.rate(ids.message_id, 1, None)
    empty.conversations.rate(ids.message_id, -1, "wrong")
    assert empty.told("select rating, comment from feedback") == [[-1, "wrong"]]
    empty.conversations.rate(ids.message_id, 0, None)
    assert empty.told("select count(*) from feedback") == [[0]]
    assert empty.told("select rating from answers") == [[None]]


def test_marks_are_those_that_a_reader_sees(filled: Filled) -> None:
    """Numbers in code and before links are none; a passage is cited when its mark stands there."""
    opened, (cited, *_) = filled
    rows = opened.told(
        "select mark, cited, support from citations where message_id = $id order by mark", id=cited.message_id
    )
    assert rows == [[1, True, 0.3], [2, False, None]]
    assert opened.told("select marks from answers where rating = 1") == [[[1]]]


def test_an_answer_is_unsupported_when_documents_were_searched_and_none_is_cited(filled: Filled) -> None:
    """As the app itself says it beside the answer."""
    assert filled[0].told("select text from answers where unsupported") == [["It is water."]]


def test_what_was_searched_of_an_answer_without_documents_supports_nothing(empty: History) -> None:
    """Where there was nothing to search, no mark is missed."""
    ids = empty.ask()
    retrieval = searched()
    empty.evidence.add(ids.stream_id, type(retrieval)(retrieval.question, retrieval.query))
    empty.answer(ids, "text")
    assert empty.told("select searched, unsupported from answers") == [[False, False]]
    assert empty.told("select query, found from retrievals") == [["Why?", 0]]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select count(*) from turns where asked_at >= current_date - 1", [[3]]),
        ("select model, sum(cost) from answers group by all order by all", [["fake/b", None], ["fake/echo", 0.5]]),
        ("select sum(answers), sum(cost) from tokens_by_day where model = 'fake/echo'", [[2, 0.5]]),
        ("select question, error from turns where status <> 'done'", [["Why?", "The model is gone."]]),
        ("select title, count(*) from citations where cited group by all", [["Tides", 1]]),
        ("select question from turns where unsupported", [["What is a tide?"]]),
        (
            "select question, comment from turns join feedback on message_id = answer_id",
            [["How do tides work?", "good"]],
        ),
        ("select title, messages from conversations where title like 'What%'", [["What is a tide?", 2]]),
    ],
)
def test_common_questions_are_a_line_of_sql(filled: Filled, sql: str, rows: list[list[object]]) -> None:
    """How many, at what cost, what failed, what is cited, what is not supported, what is liked."""
    assert filled[0].told(sql) == rows


def test_times_are_in_utc(filled: Filled) -> None:
    """A day of the history is a day in UTC, wherever the server stands."""
    moments = filled[0].told("select created_at from answers")
    assert all(moment.endswith("Z") for [moment] in moments)
    days = filled[0].told("select distinct day from tokens_by_day")
    assert {day for [day] in days} == {moment[:10] for [moment] in moments}


def test_a_deleted_conversation_is_gone_at_once(empty: History) -> None:
    """With its messages, answers, searches, citations and thumbs; when it is restored they are back."""
    ids = empty.ask()
    empty.evidence.add(ids.stream_id, searched(passage(1)))
    empty.answer(ids, "text [1]")
    empty.conversations.rate(ids.message_id, 1, None)
    tables = ("turns", "answers", "messages", "conversations", "retrievals", "citations", "feedback", "tokens_by_day")
    counts = "select " + ", ".join(f"(select count(*) from {table})" for table in tables)
    assert empty.told(counts) == [[1, 1, 2, 1, 1, 1, 1, 1]]
    empty.conversations.delete(ids.conversation_id)
    assert empty.told(counts) == [[0] * 8]
    empty.conversations.change(ids.conversation_id, "deleted_at", None)
    assert empty.told(counts) == [[1, 1, 2, 1, 1, 1, 1, 1]]
