"""The schema is brought up to date once, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from core.errors import DatabaseTooNew
from core.store import migrations
from core.store.database import Database
from core.store.migrations import MIGRATIONS, migrate


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[DuckDBPyConnection]:
    opened = duckdb.connect(str(tmp_path / "test.duckdb"))
    yield opened
    opened.close()


def tables(connection: DuckDBPyConnection) -> set[str]:
    return {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}


def versions(connection: DuckDBPyConnection) -> list[int]:
    return [row[0] for row in connection.execute("select version from migrations order by version").fetchall()]


def test_a_new_database_gets_every_table(connection: DuckDBPyConnection) -> None:
    """All migrations run on an empty file, and each is noted."""
    migrate(connection)
    assert versions(connection) == list(range(1, len(MIGRATIONS) + 1))
    assert tables(connection) >= {"conversations", "messages", "streams", "chunks", "outcomes", "retrieved", "costs"}


def test_a_database_that_is_up_to_date_is_left_alone(connection: DuckDBPyConnection) -> None:
    """Migrating again changes nothing."""
    migrate(connection)
    connection.execute("insert into starts values ('s', now())")
    migrate(connection)
    assert versions(connection) == list(range(1, len(MIGRATIONS) + 1))
    assert connection.execute("select stream_id from starts").fetchall() == [("s",)]


def test_only_what_is_missing_is_applied(connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that is added later runs once on a database of before."""
    migrate(connection)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, "create table later (n integer)"))
    migrate(connection)
    migrate(connection)
    assert "later" in tables(connection)
    assert versions(connection)[-1] == len(MIGRATIONS) + 1


def test_a_migration_that_fails_leaves_nothing_behind(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration is one transaction: its first half is taken back with the second."""
    migrate(connection)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, "create table half (n integer); select no_such"))
    with pytest.raises(duckdb.Error):
        migrate(connection)
    assert "half" not in tables(connection)
    assert versions(connection) == list(range(1, len(MIGRATIONS) + 1))


def test_a_newer_database_is_refused_untouched(tmp_path: Path) -> None:
    """What a newer version wrote is not opened, and the sentence says both versions and what to do."""
    path = tmp_path / "test.duckdb"
    Database(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into migrations values (99, now())")
        before = tables(connection)
    with pytest.raises(DatabaseTooNew, match=r"its version is 99.*Update Throughline"):
        Database(path)
    with duckdb.connect(str(path)) as connection:
        assert tables(connection) == before
