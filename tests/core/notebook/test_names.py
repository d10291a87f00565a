"""Names of cells: those that SQL takes as they are, alone in their notebook."""

from __future__ import annotations

import duckdb
import pytest

from core.analysis.views import VIEWS
from core.errors import InvalidValue
from core.notebook.names import RESERVED, check, named
from core.notebook.values import CellKind, NewCell


@pytest.mark.parametrize("name", ["a", "_", "Day_2", "x" * 63, "query", "date", "count"])
def test_a_plain_name_can_be_had(name: str) -> None:
    """Letters, digits and lines below; functions and types are no obstacle."""
    check(name, ["b"])


@pytest.mark.parametrize(
    "name", ['x"; drop', "", " a", "a b", "2a", "a-b", "a.b", "é", "ａ", "a\n", "a\0", "$a", "x" * 64, "a;", "/*a"]
)
def test_what_sql_would_not_take_is_no_name(name: str) -> None:
    """The sentence says what one is."""
    with pytest.raises(InvalidValue, match="cannot name a cell"):
        check(name, [])


def test_a_table_of_the_history_keeps_its_name() -> None:
    """However it is written."""
    for view in VIEWS:
        with pytest.raises(InvalidValue, match="table of the history"):
            check(view.name.upper(), [])


def test_a_name_is_had_once() -> None:
    """Capitals make no other name of it, as in SQL."""
    with pytest.raises(InvalidValue, match="Another cell is called"):
        check("Day", ["day"])


def test_the_words_that_cannot_name_a_table_are_known() -> None:
    """They are what the database refuses, and no more."""
    refused = set()
    with duckdb.connect() as connection:
        words = connection.execute("select keyword_name from duckdb_keywords()").fetchall()
        for (word,) in words:
            connection.execute(f'create view "{word}" as select 1 as n')
            try:
                connection.execute(f"select * from {word}").fetchall()
            except duckdb.Error:
                refused.add(word)
            connection.execute(f'drop view "{word}"')
    assert refused == RESERVED
    with pytest.raises(InvalidValue, match="word of SQL"):
        check("Order", [])


def test_who_needs_a_name_is_given_one() -> None:
    """One that nobody has; who needs none has none."""
    assert named(NewCell(CellKind.SQL), ["QUERY_1", "query_3"]) == "query_2"
    assert named(NewCell(CellKind.INPUT), []) == "input_1"
    assert named(NewCell(CellKind.MARKDOWN), []) == named(NewCell(CellKind.CHART), []) == ""
