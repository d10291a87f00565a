"""The views that a query needs: those that it names, those that these are made of, and no others."""

from __future__ import annotations

import duckdb
import pytest

from core.analysis.needing import needed
from core.analysis.views import VIEWS, View, setup
from core.errors import QueryError
from tests.core.analysis.support import History


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_stands_on_what_it_needs(filled: tuple[History, object], view: View) -> None:
    """With that alone it can be made and read."""
    with filled[0].snapshot.open() as files, duckdb.connect() as connection:
        tables = {name: [str(files.folder / file) for file in names] for name, names in files.tables.items()}
        few = needed(f'select count(*) from "{view.name.upper()}" -- of all')
        assert few is not None
        lines = setup(tables, files.deleted)
        assert len(few) < len(lines) - 1
        for name, line in lines.items():
            if name in {"stored", *few}:
                connection.execute(line)
        assert connection.execute(f"select count(*) from {view.name}").fetchall()


def test_who_names_no_view_needs_none() -> None:
    """Such as a query of other cells."""
    assert needed("select sum(n) as n from daily where day > $since order by n desc") == []


@pytest.mark.parametrize(
    "sql",
    [
        "show tables",
        "desc",
        "from query('from tu' || 'rns')",
        "from query_table('tu' || 'rns')",
        "from duckdb_views()",
        "from information_schema.tables",
        "from stored.parts",
    ],
)
def test_what_cannot_be_told_needs_all(sql: str) -> None:
    """Names that are put together, and lists of what there is."""
    assert needed(sql) is None


def test_a_name_that_is_none_is_looked_for_among_all(filled: tuple[History, object]) -> None:
    """So that the one that was meant is told."""
    with pytest.raises(QueryError, match='Did you mean "turns"'):
        filled[0].told("from turnz")
