"""Results that are kept: whole or cut, with their types, and read by others without a way to any other file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from core.analysis.reader import Reader
from core.analysis.sandbox import Kept, Limits, Sandbox
from core.analysis.tables import Table
from core.errors import QueryError, TooLarge
from tests.core.analysis.support import History, history


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A reader of kept results."""
    opened = Reader()
    yield opened
    opened.close()


def kept(sandbox: Sandbox, path: Path, sql: str, **tables: Table) -> tuple[Kept, Table]:
    """A result in a file."""
    with path.open("wb") as file:
        found = sandbox.keep(sql, None, file, tables=tables)
    return found, Table(path, found.columns)


TYPES = {
    "TINYINT": "-1::tinyint",
    "UBIGINT": "18446744073709551615::ubigint",
    "HUGEINT": "170141183460469231731687303715884105727",
    "UHUGEINT": "340282366920938463463374607431768211455::uhugeint",
    "BIGNUM": "123456789012345678901234567890123456789012::bignum",
    "DOUBLE": "'nan'::double",
    "DECIMAL(38,10)": "1.5::decimal(38,10)",
    "VARCHAR": "'é🌊\n''\"'",
    "BLOB": "'\\x00\\xAA'::blob",
    "BIT": "'0101'::bit",
    "BOOLEAN": "true",
    "UUID": "'f2f9f53c-6097-48aa-a614-ad4162e8a458'::uuid",
    "JSON": "'{\"a\": 1}'::json",
    "DATE": "date 'infinity'",
    "TIME": "time '12:00:00.123456'",
    "TIME WITH TIME ZONE": "'12:00:00+02'::timetz",
    "TIMESTAMP": "timestamp '2024-05-01 12:00:00'",
    "TIMESTAMP_S": "timestamp_s '2024-05-01 12:00:00'",
    "TIMESTAMP_NS": "timestamp_ns '2024-05-01 12:00:00.123456789'",
    "TIMESTAMP WITH TIME ZONE": "timestamptz '2024-05-01 12:00:00+02'",
    "INTERVAL": "interval '1 month 2 days 3 microseconds'",
    "ENUM('a', 'b')": "'b'::enum('a', 'b')",
    "INTEGER[]": "[1, null]",
    "INTEGER[2]": "[1, 2]::integer[2]",
    "INTERVAL[]": "[interval '1 day', null]",
    "STRUCT(a INTERVAL, b VARCHAR)": "{'a': interval '1 day', 'b': 'it''s, {\"x\"}: ['}",
    "TUPLE(INTEGER, VARCHAR)": "row(1, 'x,y')",
    "MAP(VARCHAR, UHUGEINT)": "map {'k': 1::uhugeint}",
    'MAP("NULL", "NULL")': "map {}",
    '"NULL"': "null",
    "GEOMETRY": "'POINT (1 2)'::geometry",
}


def test_a_type_comes_back_as_it_was(filled: tuple[History, list[object]], reader: Reader, tmp_path: Path) -> None:
    """Also those that Parquet does not know, and whatever is nested in what."""
    sandbox = filled[0].sandbox
    columns = ", ".join(f"{value} as c{place}" for place, value in enumerate(TYPES.values()))
    found, table = kept(sandbox, tmp_path / "types.parquet", f"select {columns}; -- all of them")
    assert [column.type for column in found.columns] == list(TYPES)
    same = ", ".join(f"c{place} is not distinct from ({value})" for place, value in enumerate(TYPES.values()))
    asked = sandbox.run(f"select {same} from kept", tables={"kept": table}).rows[0]
    assert [kind for kind, is_same in zip(TYPES, asked, strict=True) if not is_same] == []
    assert [type_ for _, type_ in reader.rows(table, 0, 1).columns] == list(TYPES)


@pytest.mark.parametrize(
    ("sql", "text"), [("union_value(n := 1)", "1"), ("1::variant", "1"), ("[union_value(n := 1)]", "[1]")]
)
def test_what_a_text_cannot_tell_is_kept_as_text(
    filled: tuple[History, list[object]], reader: Reader, tmp_path: Path, sql: str, text: str
) -> None:
    """The type that is said is the one that it has."""
    found, table = kept(filled[0].sandbox, tmp_path / "kept.parquet", f"select {sql} as it")
    assert [column.type for column in found.columns] == ["VARCHAR"]
    assert reader.rows(table, 0, 1).rows == [[text]]


def test_columns_of_one_name_are_told_apart(
    filled: tuple[History, list[object]], reader: Reader, tmp_path: Path
) -> None:
    """By a number behind it, under which others read them; whatever stands in a name is a name."""
    sql = 'select 1 as a, 2 as "A", 3 as "a_1", 4 as "x""; drop", interval 5 seconds as "é \' --"'
    found, table = kept(filled[0].sandbox, tmp_path / "kept.parquet", sql)
    assert [column.name for column in found.columns] == ["a", "A_1", "a_1_1", 'x"; drop', "é ' --"]
    assert reader.rows(table, 0, 1, ('x"; drop', True)).rows == [[1, 2, 3, 4, 5]]
    strange = {'n"; select 1': table}
    assert filled[0].sandbox.run('select "A_1" from "n""; select 1"', tables=strange).rows == [[2]]


@pytest.mark.parametrize("sql", ["describe turns", "explain from turns", "summarize turns", "from turns where false"])
def test_every_query_can_be_kept(
    filled: tuple[History, list[object]], reader: Reader, tmp_path: Path, sql: str
) -> None:
    """What a query alone shows is kept alike."""
    sandbox = filled[0].sandbox
    found, table = kept(sandbox, tmp_path / "kept.parquet", sql)
    asked = sandbox.run(sql)
    read = reader.rows(table, 0, 100)
    assert (read.columns, len(read.rows), found.rows) == (asked.columns, len(asked.rows), len(asked.rows))


def test_a_value_of_every_type_there_is_can_be_kept(
    filled: tuple[History, list[object]], reader: Reader, tmp_path: Path
) -> None:
    """Its largest, its smallest, and nothing."""
    found, table = kept(filled[0].sandbox, tmp_path / "kept.parquet", "from test_all_types()")
    read = reader.rows(table, 0, 100)
    assert found.rows == len(read.rows) == 3
    assert dict(read.columns)["empty_struct"] == "VARCHAR"


def test_rows_keep_their_order_and_come_by_the_page(
    filled: tuple[History, list[object]], reader: Reader, tmp_path: Path
) -> None:
    """Or sorted, with what is missing last either way."""
    sql = "select range as n, nullif(range % 100, 7) as m from range(30000) order by n desc"
    _, table = kept(filled[0].sandbox, tmp_path / "kept.parquet", sql)
    assert [row[0] for row in reader.rows(table, 20_000, 3).rows] == [9_999, 9_998, 9_997]
    assert [row[1] for row in reader.rows(table, 0, 2, ("m", True)).rows] == [99, 99]
    assert [row[1] for row in reader.rows(table, 29_999, 2, ("m", False)).rows] == [None]
    assert reader.rows(table, 30_000, 10).rows == []


LIMITS = Limits(kept_rows=50_000, kept_bytes=200_000, kept_plain=2_000_000, bytes=100_000)


@pytest.mark.parametrize(
    "sql",
    [
        "from range(1000000000000)",
        "select md5(range::varchar) from range(1000000000000)",
        "select repeat('x', 1000) from range(10000000)",  # 10 GB, of which little is left when it is packed.
        "select interval (range) days from range(1000000000000)",
    ],
)
def test_a_result_without_an_end_is_cut(tmp_path: Path, reader: Reader, sql: str) -> None:
    """By rows, by the size of the file or by what it holds, whichever comes first; what is there can be read."""
    with history(tmp_path, LIMITS) as opened:
        found, table = kept(opened.sandbox, tmp_path / "kept.parquet", sql)
        assert found.truncated
        assert 0 < found.rows <= 50_000
        assert table.path.stat().st_size < 2 * LIMITS.kept_bytes
        assert opened.sandbox.run("select count(*) from kept", tables={"kept": table}).rows == [[found.rows]]


def test_a_result_that_just_fits_is_whole(tmp_path: Path) -> None:
    """And one row more is not."""
    with history(tmp_path, LIMITS) as opened:
        for rows, truncated in ((50_000, False), (50_001, True)):
            found, _ = kept(opened.sandbox, tmp_path / "kept.parquet", f"select 1 from range({rows})")
            assert (found.rows, found.truncated) == (50_000, truncated)


@pytest.mark.parametrize(
    "sql",
    [
        "select md5(range::varchar) || repeat(md5(random()::varchar), 100000) from range(100)",
        "select repeat('x', 100000000) from range(100)",
        f"select {', '.join(f'{n} as c{n}' for n in range(1_001))}",
        f"select 'v1'::enum({', '.join(repr(f'v{n}') for n in range(3_000))})",
        "select case when range = 9000 then error('late') else 1 end from range(10000)",
        "selct",
    ],
)
def test_what_cannot_be_kept_says_so(tmp_path: Path, sql: str) -> None:
    """And the next one is kept."""
    with history(tmp_path, LIMITS) as opened:
        with pytest.raises((TooLarge, QueryError)):
            kept(opened.sandbox, tmp_path / "kept.parquet", sql)
        assert kept(opened.sandbox, tmp_path / "kept.parquet", "select 1")[0].rows == 1


def test_only_the_tables_that_are_given_can_be_read(filled: tuple[History, list[object]], tmp_path: Path) -> None:
    """Neither by their place, nor by the number of the open file, nor those of an earlier query."""
    sandbox = filled[0].sandbox
    _, one = kept(sandbox, tmp_path / "one.parquet", "select 1 as n")
    _, other = kept(sandbox, tmp_path / "other.parquet", "select 2 as n")
    assert sandbox.run("from one, other", tables={"one": one, "other": other}).rows == [[1, 2]]
    tries = ["from other", "from read_parquet('stored://table-1.parquet')", f"from read_parquet('{other.path}')"]
    tries += [f"from read_blob('/proc/self/fd/{number}')" for number in range(3, 16)]
    for sql in tries:
        with pytest.raises(QueryError):
            sandbox.run(sql, tables={"one": one})
    assert sandbox.run("select n from read_parquet('stored://table-0.parquet')", tables={"one": one}).rows == [[1]]


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 3 as n) to 'stored://table-0.parquet'",
        "with x as (copy (select 3 as n) to 'stored://table-0.parquet') select 1",
        "with x as (delete from one returning *) from x",
    ],
)
def test_a_table_cannot_be_written(filled: tuple[History, list[object]], tmp_path: Path, sql: str) -> None:
    """It is read alone."""
    _, one = kept(filled[0].sandbox, tmp_path / "one.parquet", "select 1 as n")
    content = one.path.read_bytes()
    with pytest.raises(QueryError):
        filled[0].sandbox.run(sql, tables={"one": one})
    assert one.path.read_bytes() == content


def test_a_file_that_is_gone_or_spoilt_is_named(
    filled: tuple[History, list[object]], reader: Reader, tmp_path: Path
) -> None:
    """The snapshot is not blamed for it."""
    sandbox, generations = filled[0].sandbox, sorted(path.name for path in filled[0].folder.iterdir())
    _, table = kept(sandbox, tmp_path / "one.parquet", "select 1 as n")
    for content in (b"PAR1 nothing PAR1", b"", table.path.read_bytes()[:-20]):
        table.path.write_bytes(content)
        with pytest.raises(QueryError, match=r"“one” cannot be read\. Run that cell again"):
            sandbox.run("from one", tables={"one": table})
        with pytest.raises(QueryError, match="cannot be read"):
            reader.rows(table, 0, 1)
    table.path.unlink()
    with pytest.raises(QueryError, match="“one” is gone"):
        sandbox.run("from one", tables={"one": table})
    assert sorted(path.name for path in filled[0].folder.iterdir()) == generations


def test_a_kept_result_can_be_taken_as_csv(filled: tuple[History, list[object]], tmp_path: Path) -> None:
    """And is a Parquet file as it is."""
    _, table = kept(filled[0].sandbox, tmp_path / "one.parquet", "select 1 as n, interval 90 seconds as i")
    file = io.BytesIO()
    filled[0].sandbox.export("from one", None, file, tables={"one": table})
    assert file.getvalue() == b"n,i\r\n1,90.0\r\n"
    assert pyarrow.parquet.read_table(table.path).to_pylist() == [{"n": 1, "i": "00:01:30"}]
