"""Hostile SQL: whatever a query does, nothing outside the snapshot is read or written, and the next one works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.analysis.sandbox import Limits, Result
from core.errors import QueryError, ThroughlineError, TooLarge
from tests.core.analysis.heavy import HEAVY
from tests.core.analysis.support import History, fill, history, limited

SECRET = "sk-canary-0123456789"
LIMITS = Limits(rows=1_000, bytes=1_000_000)
SHORT = 2.0


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """A history whose server holds a secret in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENROUTER_API_KEY", SECRET)
        with history(tmp_path_factory.mktemp("history"), LIMITS) as opened:
            fill(opened)
            opened.told("select 1")
            yield opened


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file outside the snapshot, which is as it was when the test has ended, and alone."""
    path = tmp_path / "canary.csv"
    path.write_text(f"{SECRET}\n1\n", "utf-8")
    yield path
    assert path.read_text("utf-8") == f"{SECRET}\n1\n"
    assert list(tmp_path.iterdir()) == [path]


def outcome(opened: History, sql: str, seconds: float = LIMITS.seconds) -> Result | ThroughlineError:
    """What comes of a query; the next one works."""
    before = sorted(path.name for path in opened.folder.iterdir())
    found: Result | ThroughlineError
    try:
        with limited(opened, seconds):
            found = opened.sandbox.run(sql)
    except ThroughlineError as error:
        found = error
    assert opened.sandbox.run("select count(*) from turns").rows == [[3]]
    assert sorted(path.name for path in opened.folder.iterdir()) == before
    assert SECRET not in str(found)
    return found


READS = [
    "from read_csv('{}')",
    "from read_text('{}')",
    "from read_blob('{}')",
    "from read_json('{}')",
    "from read_json_objects('{}')",
    "from read_parquet('{}')",
    "from parquet_metadata('{}')",
    "from sniff_csv('{}')",
    "from glob('{}*')",
    "from '{}'",
    'from "{}"',
    "from query_table('{}')",
    "from query('from read_text(''{}'')')",
    "select * from json_execute_serialized_sql(json_serialize_sql('from read_text(''{}'')'))",
    "from read_text('file://{}')",
    "from read_text('stored://{}')",
    "from read_text('stored:///../../{}')",
    "from read_parquet(['stored://x', '{}'])",
]


@pytest.mark.parametrize("sql", READS)
def test_no_other_file_can_be_read(opened: History, canary: Path, sql: str) -> None:
    """By no function and under no spelling of its name."""
    found = outcome(opened, sql.format(canary))
    assert isinstance(found, QueryError) or (isinstance(found, Result) and found.rows == [])


WRITES = [
    "copy (select 1) to '{}'",
    "with x as (copy (select 1) to '{}') select 1",
    "with x as (copy (select 1) to '{}.new') from x",
    "explain analyze copy (select 1) to '{}'",
    "copy turns to '{}' (format parquet)",
    "export database '{}'",
    "attach '{}.db' as other",
    "attach '{}' as other (type sqlite)",
    "select * from json_execute_serialized_sql(json_serialize_sql('with x as (copy (select 1) to ''{}'') select 1'))",
    "copy (select 1) to 'stored://new.csv'",
    "with x as (copy (select 1) to 'stored://new.csv') select 1",
    "with x as (copy (select 1) to 'stored://manifest.json') select 1",
    "pragma enable_profiling; pragma profiling_output='{}'",
    "set profile_output = '{}'",
    "set log_query_path = '{}'",
]


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_can_be_written(opened: History, canary: Path, sql: str) -> None:
    """Neither outside the snapshot nor in it."""
    assert isinstance(outcome(opened, sql.format(canary)), QueryError)


def test_a_file_of_the_snapshot_cannot_be_overwritten(opened: History) -> None:
    """Not even under the name by which it is read."""
    with opened.snapshot.open() as files:
        name = files.tables["answers"][0]
    content = (opened.folder / name).read_bytes()
    for sql in ("copy (select 1) to '{}'", "with x as (copy (select 1) to '{}') select 1"):
        for place in (f"stored://{name}", opened.folder / name):
            assert isinstance(outcome(opened, sql.format(place)), QueryError)
    assert (opened.folder / name).read_bytes() == content


@pytest.mark.parametrize(
    "sql",
    [
        "create table t as select 1",
        "create or replace view turns as select 1",
        "create macro f() as 1",
        "create temp table t as select 1",
        "drop view turns",
        "delete from turns",
        "insert into turns values (1)",
        "with x as (delete from stored.answers returning *) from x",
        "with x as (insert into turns values (1) returning *) from x",
        "install httpfs",
        "load httpfs",
        "install 'x.duckdb_extension'",
        "set threads = 64",
        "set memory_limit = '64GB'",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "reset lock_configuration",
        "pragma memory_limit = '64GB'",
        "call pragma_version()",
        "select 1; select 2",
        "begin; commit",
        "rollback",
        "checkpoint",
        "vacuum",
        "prepare p as select 1",
        "use memory.main",
        "create secret s (type s3, key_id 'x')",
        "from read_parquet('https://localhost/x.parquet')",
        "from read_csv('s3://bucket/x')",
        "from read_text('http://169.254.169.254/latest')",
        "select getenv('OPENROUTER_API_KEY')",
        "from read_text('/proc/self/environ')",
        "from opened",
        "from history",
        "from sys",
        "from os.environ",
        "select load_extension('x')",
        "select system('id')",
        "copy (select 1) to '/dev/stdout'",
        "copy turns from '/etc/passwd'",
        "",
        "-- nothing",
        "select",
        "\0",
        "selct 1",
    ],
)
def test_what_is_no_query_of_the_history_is_refused(opened: History, canary: Path, sql: str) -> None:
    """Changes, settings, extensions, addresses, the environment and Python's variables are out of reach."""
    assert isinstance(outcome(opened, sql), QueryError)


@pytest.mark.parametrize("sql", ["from duckdb_secrets()", "from duckdb_variables()", "from duckdb_databases()"])
def test_what_the_database_knows_of_itself_is_no_secret(opened: History, sql: str) -> None:
    """Its catalogue can be read; there is nothing in it."""
    found = outcome(opened, sql)
    assert isinstance(found, Result)
    assert str(opened.folder) not in str(found.rows)


@pytest.mark.parametrize("kind", ["rows for ever", "repeat", "pad", "string_agg", "levenshtein"])
def test_what_takes_too_much_is_ended(opened: History, kind: str) -> None:
    """Time, memory and a crash are the worker's alone, and a sentence says what to do."""
    found = outcome(opened, HEAVY[kind], SHORT)
    assert isinstance(found, QueryError | TooLarge)
    assert len(found.message) < 2_001


NESTED = {
    "brackets": "select " + "[" * 40_000 + "1" + "]" * 40_000,
    "parentheses": "select " + "(" * 40_000 + "1" + ")" * 40_000,
    "sums": "select " + "+".join(["1"] * 40_000),
    "unions": " union all ".join(["select 1"] * 5_000),
    "subqueries": "select * from (" * 5_000 + "select 1" + ")" * 5_000,
    "cases": "select " + "case when true then " * 4_000 + "1" + " end" * 4_000,
    "text of a list": f"select '{'[' * 90_000}'::integer[][]",
    "text of JSON": f"select json('{'[' * 45_000}{']' * 45_000}')",
    "too long": "select '" + "x" * 200_000 + "'",
}


@pytest.mark.parametrize("sql", NESTED.values(), ids=NESTED)
def test_a_query_that_is_deep_or_long_harms_nobody(opened: History, sql: str) -> None:
    """The parser may give up, hang or crash: the next query works."""
    outcome(opened, sql, SHORT)


def test_a_worker_knows_no_secret(opened: History) -> None:
    """The environment that it was started with holds none of the server's."""
    opened.sandbox.run("select 1")
    environments = [_environment(path) for path in Path("/proc").glob("[0-9]*") if _is_worker(path)]
    assert environments
    assert not any(SECRET.encode() in environment for environment in environments)
    assert os.environ["OPENROUTER_API_KEY"] == SECRET


def _environment(process: Path) -> bytes:
    try:
        return process.joinpath("environ").read_bytes()
    except OSError:  # It has ended meanwhile.
        return b""


def _is_worker(process: Path) -> bool:
    try:
        ours = process.joinpath("stat").read_text("utf-8").rpartition(")")[2].split()[1] == str(os.getpid())
        return ours and b"core.analysis.worker" in process.joinpath("cmdline").read_bytes()
    except OSError:
        return False
