"""What a query names, by the database's own parser, in a process that may crash over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.analysis.reader import Names, Reader
from tests.core.analysis.test_hostile import NESTED


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """A reader of queries, which has the time to read them however busy the machine is."""
    opened = Reader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.analysis.reader._PARSING", 30.0)
        yield opened
    opened.close()


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("from a", {"a"}),
        ("select * from a join B using (x) natural join c", {"a", "B", "c"}),
        ('select "a".x from "A b" as a', {"A b"}),
        ("from main.a, memory.main.b, stored.c, information_schema.tables", {"a", "b"}),
        ("from 'a'", {"a"}),
        (
            "select (select max(x) from a), exists(from b), x in (from c) from d order by (from e) limit (from f)",
            set("abcdef"),
        ),
        ("with a as (from b) from a", {"b"}),
        ("with A as (from b) from a", {"b"}),
        ("with a as (from a) from a", {"a"}),
        ("with b as (from c), c as (select 1) from b, c", {"c"}),
        ("with a as (select 1) from (with b as (from a) from b), b", {"b"}),
        ("with recursive a as (select 1 union all (with b as (from a) from b)) from a", set()),
        ("from a union all by name (from b except from c)", {"a", "b", "c"}),
        ("from a, lateral (select b.y from b where b.k = a.k)", {"a", "b"}),
        ("pivot a on m in ('x') using count(*)", {"a"}),
        ("unpivot a on x", {"a"}),
        ("describe a", {"a"}),
        ("summarize from a", {"a"}),
        ("/* from c */ -- from d\n explain analyze from a", {"a"}),
        ("from query_table('a')", {"a"}),
        ("from query_table(['a', 'b'])", {"a", "b"}),
        ("select 'from b', \"from c\" from a -- from d\n /* from e */; -- from f", {"a"}),
        ("from range(10), read_csv('/etc/passwd'), unnest([1])", set()),
        ("select " + "+".join(["1"] * 900) + " from a", {"a"}),
    ],
)
def test_the_tables_of_a_query_are_those_that_it_does_not_make_itself(
    reader: Reader, sql: str, tables: set[str]
) -> None:
    """Wherever they stand, as they are written."""
    assert set(reader.names(sql).tables) == tables


def test_the_parameters_of_a_query_are_named(reader: Reader) -> None:
    """But not what stands in a text."""
    assert reader.names("select '$no', $Day -- $no\n from a where x = $n or y = $n").parameters == ("Day", "n")


@pytest.mark.parametrize("sql", ["", "selct", "from", "\0", "select 'half", "select $a, ?"])
def test_what_cannot_be_parsed_names_nothing(reader: Reader, sql: str) -> None:
    """It says so itself when it is run."""
    assert reader.names(sql) == Names()


@pytest.mark.parametrize("sql", NESTED.values(), ids=NESTED)
def test_what_is_deep_or_long_harms_nobody(reader: Reader, sql: str) -> None:
    """The next query is looked at."""
    reader.names(sql)
    assert reader.names("from a").tables == ("a",)
