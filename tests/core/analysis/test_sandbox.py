"""Queries in the sandbox: typed and bounded results, errors in a sentence, a short line, a file to take away."""

from __future__ import annotations

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from core.analysis.sandbox import Limits
from core.errors import QueryError, TooLarge, TooMany, Unavailable
from core.models import Asked
from tests.core.analysis.support import PATIENCE, History, history, limited
from tests.support.server import wait_for

Filled = tuple[History, list[Asked]]
FOR_EVER = "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7"


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("1", "INTEGER", 1),
        ("9007199254740993", "BIGINT", "9007199254740993"),
        ("sum(1::bigint)", "HUGEINT", 1),
        ("1.50", "DECIMAL(3,2)", 1.5),
        ("1234567890123456.78", "DECIMAL(18,2)", "1234567890123456.78"),
        ("'nan'::double", "DOUBLE", "NaN"),
        ("'-inf'::double", "DOUBLE", "-Infinity"),
        ("'é🌊'", "VARCHAR", "é🌊"),
        ("null", '"NULL"', None),
        ("true", "BOOLEAN", True),
        ("timestamptz '2024-05-01 12:00:00.5+02'", "TIMESTAMP WITH TIME ZONE", "2024-05-01T10:00:00.500000Z"),
        ("timestamp '2024-05-01 12:00:00'", "TIMESTAMP", "2024-05-01T12:00:00.000000Z"),
        ("date '2024-05-01'", "DATE", "2024-05-01"),
        ("time '12:30:00'", "TIME", "12:30:00"),
        ("interval '90 seconds'", "INTERVAL", 90),
        ("'\\xAA\\x01'::blob", "BLOB", "qgE="),
        ("[1, null, 3]", "INTEGER[]", [1, None, 3]),
        ("{'a': 1, 'b': [date '2024-05-01']}", "STRUCT(a INTEGER, b DATE[])", {"a": 1, "b": ["2024-05-01"]}),
        ("map {1: 'x'}", "MAP(INTEGER, VARCHAR)", {"1": "x"}),
        ("'a'::enum('a', 'b')", "ENUM('a', 'b')", "a"),
    ],
)
def test_a_value_loses_nothing_on_its_way(filled: Filled, sql: str, kind: str, value: object) -> None:
    """Each kind has its one form in JSON, and its name beside the column's."""
    result = filled[0].sandbox.run(f"select {sql} as it")
    assert (result.columns, result.rows) == ([("it", kind)], [[value]])


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("$x::date = '2024-05-01'", "2024-05-01"),
        ("$x = 'it''s'", "it's"),
        ("$x + 1 = 3", 2),
        ("$x > 1.4", 1.5),
        ("$x", True),
        ("$x is null", None),
        ("list_contains($x, 'b')", ["a", "b"]),
        ("$x.a = 1", {"a": 1}),
        ("$x = $x", "twice"),
    ],
)
def test_a_parameter_is_a_value_and_never_sql(filled: Filled, sql: str, value: Any) -> None:
    """Whatever JSON it is, and whatever stands in it; those that are not named are left aside."""
    result = filled[0].sandbox.run(f"select {sql}", {"x": value, "not_named": "'; drop"})
    assert result.rows == [[True]]


def test_a_parameter_that_is_missing_is_named(filled: Filled) -> None:
    """The sentence says which."""
    with pytest.raises(QueryError, match="parameters: day"):
        filled[0].sandbox.run("from turns where asked_at > $day")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("selct 1", r'syntax error at or near "selct"'),
        ("select nope from turns", r"(?s)nope.*LINE 1.*\^"),
        ("from no_such_table", "no_such_table does not exist"),
        ("select 'a'::integer", "Could not convert"),
        ("select error('my words')", "my words"),
        ("select 1; select 2", "Write one query"),
        ("drop view turns", "Only queries that read"),
        ("  ", "There is no query"),
        ("pivot turns on model using count(*)", "Say which values"),
        ("from read_text('/etc/hosts')", "reaches the tables of the history alone"),
        ("select '" + "x" * 100_000 + "'", "100,000 characters"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(filled: Filled, sql: str, words: str) -> None:
    """In the database's words and with its place where it is the query's own, else in ours."""
    with pytest.raises(QueryError, match=words):
        filled[0].sandbox.run(sql)


def test_a_long_result_is_cut_and_says_so(tmp_path: Path) -> None:
    """By rows or by bytes, whichever comes first; one that just fits is whole."""
    with history(tmp_path, Limits(rows=100, bytes=10_000)) as opened:
        whole = opened.sandbox.run("from range(100)")
        assert (len(whole.rows), whole.truncated) == (100, False)
        by_rows = opened.sandbox.run("from range(101)")
        assert (by_rows.rows, by_rows.truncated) == (whole.rows, True)
        by_bytes = opened.sandbox.run("select repeat('x', 996) from range(20)")
        assert (len(by_bytes.rows), by_bytes.truncated) == (10, True)
        with pytest.raises(TooLarge, match="One row"):
            opened.sandbox.run("select repeat('x', 20000)")


def test_a_result_that_never_ends_is_cut_as_soon_as_it_is_long_enough(filled: Filled) -> None:
    """Rows are taken as they come: nothing waits for the last."""
    result = filled[0].sandbox.run("from range(1000000000000)")
    assert (len(result.rows), result.truncated) == (10_000, True)


def test_a_query_has_so_much_time(filled: Filled) -> None:
    """Then it is ended, and the next one is answered."""
    with limited(filled[0], 1), pytest.raises(QueryError, match="stopped after 1 seconds"):
        filled[0].sandbox.run(FOR_EVER)
    assert filled[0].sandbox.run("select 1").rows == [[1]]


def test_a_query_can_be_cancelled(filled: Filled) -> None:
    """While it runs, and the next one is answered."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(filled[0].sandbox.run, FOR_EVER, stop=stop)
        wait_for(lambda: bool(filled[0].sandbox.busy), PATIENCE, "the query does not run")
        stop.set()
        with pytest.raises(QueryError, match="cancelled"):
            running.result(PATIENCE)
    assert filled[0].sandbox.run("select 1").rows == [[1]]


def test_few_run_few_wait_and_the_rest_are_sent_away(tmp_path: Path) -> None:
    """Who comes when the line is full hears it at once; who waits can leave, and has a turn when one is free."""
    with history(tmp_path, Limits(workers=1, waiting=1)) as opened, ThreadPoolExecutor(2) as pool:
        stop, leave = threading.Event(), threading.Event()
        running = pool.submit(opened.sandbox.run, FOR_EVER, stop=stop)
        wait_for(lambda: bool(opened.sandbox.busy), PATIENCE, "the query does not run")
        waiting = pool.submit(opened.sandbox.run, "select 1", stop=leave)
        wait_for(lambda: bool(opened.sandbox.waiting), PATIENCE, "the query does not wait")
        with pytest.raises(TooMany):
            opened.sandbox.run("select 1")
        leave.set()
        stop.set()
        for query in (waiting, running):
            with pytest.raises(QueryError, match="cancelled"):
                query.result(PATIENCE)
        assert opened.sandbox.run("select 1").rows == [[1]]


def test_many_at_once_all_have_their_own_answer(filled: Filled) -> None:
    """None gets another's rows."""
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(
            lambda number: filled[0].sandbox.run("select $n, count(*) from turns", {"n": number}), range(16)
        )
        assert [result.rows for result in found] == [[[number, 3]] for number in range(16)]


def test_one_query_leaves_nothing_for_the_next(filled: Filled) -> None:
    """Neither a variable nor a table: each has a database of its own."""
    sandbox = filled[0].sandbox
    first = sandbox.run("from duckdb_tables()").rows
    for _ in range(3):
        assert sandbox.run("from duckdb_variables()").rows == []
        assert sandbox.run("from duckdb_tables()").rows == first == []


def test_a_file_of_the_snapshot_that_is_spoilt_is_written_anew(empty: History) -> None:
    """The query that finds it is answered all the same."""
    empty.answer(empty.ask(), "text")
    assert empty.told("select text from answers") == [["text"]]
    for path in empty.folder.glob("*.parquet"):
        path.write_bytes(b"PAR1 nothing PAR1")
    assert empty.told("select text from answers") == [["text"]]


def test_a_snapshot_that_was_removed_is_written_anew(empty: History) -> None:
    """Even while the server runs."""
    empty.answer(empty.ask(), "text")
    assert empty.told("select text from answers") == [["text"]]
    for path in empty.folder.iterdir():
        path.unlink()
    empty.folder.rmdir()
    assert empty.told("select text from answers") == [["text"]]


def test_what_is_closed_ends_what_runs(tmp_path: Path) -> None:
    """Nobody waits for it, and nothing new begins."""
    with history(tmp_path) as opened, ThreadPoolExecutor(1) as pool:
        opened.sandbox.run("select 1")
        running = pool.submit(opened.sandbox.run, FOR_EVER)
        wait_for(lambda: bool(opened.sandbox.busy), PATIENCE, "the query does not run")
        opened.sandbox.close()
        with pytest.raises(QueryError):
            running.result(PATIENCE)
        with pytest.raises(Unavailable):
            opened.sandbox.run("select 1")


def test_a_result_can_be_taken_as_csv(filled: Filled) -> None:
    """With a heading, whole however long, and with lists and structs as JSON."""
    file = io.BytesIO()
    sql = "select range as n, [range, null] as list, 'a,\"b\"\né' as text, null as nothing from range($rows)"
    filled[0].sandbox.export(sql, {"rows": 20_000}, file)
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8"), newline="")))
    assert rows[0] == ["n", "list", "text", "nothing"]
    assert rows[-1] == ["19999", "[19999, null]", 'a,"b"\né', ""]
    assert len(rows) == 20_001


def test_a_result_can_be_taken_as_parquet(filled: Filled) -> None:
    """With its types, whole however long."""
    file = io.BytesIO()
    sql = "select range as n, [range] as list, timestamptz '2024-05-01 12:00:00+00' as at from range(20000)"
    filled[0].sandbox.export(sql, None, file, format="parquet")
    table = pyarrow.parquet.read_table(file)
    assert table.num_rows == 20_000
    assert table.slice(19_999).to_pylist()[0]["list"] == [19_999]
    assert str(table.schema.field("at").type).startswith("timestamp[us")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_too_large_to_take_is_refused(tmp_path: Path, kind: str) -> None:
    """A part of a file would pass for the whole."""
    with history(tmp_path, Limits(exported=100_000)) as opened:
        with pytest.raises(TooLarge, match=r"over 0\.1 MB"):
            opened.sandbox.export("select uuid() from range(100000)", None, io.BytesIO(), format=kind)
        assert opened.sandbox.run("select 1").rows == [[1]]


def test_a_query_that_fails_leaves_no_file(filled: Filled) -> None:
    """Its own error is said, as when it is run."""
    with pytest.raises(QueryError, match="nope"):
        filled[0].sandbox.export("select nope from turns", None, io.BytesIO())
    with pytest.raises(ValueError, match="xlsx"):
        filled[0].sandbox.export("select 1", None, io.BytesIO(), format="xlsx")
