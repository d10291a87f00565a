"""Results that were kept, as tables that later queries can name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.analysis.views import SCHEME

RESULT = "result"
"""The name under which a kept result is read when it is read alone."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a kept result: `type` is DuckDB's; `made` says that the file holds it as something else."""

    name: str
    type: str
    made: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A file that `Sandbox.keep` wrote."""

    path: Path
    columns: tuple[Column, ...]


def place(number: int) -> str:
    """The name of the file of the table with that number, inside the worker."""
    return f"table-{number}.parquet"


def asked(tables: Mapping[str, Table]) -> list[dict[str, Any]]:
    """What a worker is told of tables; their files come beside it, in this order."""
    return [
        {"name": name, "file": place(number), "setup": _view(name, SCHEME + place(number), table.columns)}
        for number, (name, table) in enumerate(tables.items())
    ]


def page(sort: tuple[str, bool] | None) -> str:
    """The query of some rows of a result, from `$offset` on; `sort` is a column, and whether the largest come first."""
    order = f"order by {quoted(sort[0])} {'desc' if sort[1] else 'asc'} nulls last " if sort else ""
    return f"from {RESULT} {order}limit $limit offset $offset"


def whole() -> str:
    """The query of a whole result."""
    return f"from {RESULT}"


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def _view(name: str, file: str, columns: Sequence[Column]) -> str:
    made = [
        f"cast({quoted(column.name)} as {column.type}) as {quoted(column.name)}" if column.made else quoted(column.name)
        for column in columns
    ]
    return f"create view {quoted(name)} as select {', '.join(made)} from read_parquet('{file}')"
