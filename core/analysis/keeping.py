"""A result on its way into a file that is kept: as Parquet, up to so many rows and bytes, with its types noted.

What Parquet cannot hold goes into the file as DuckDB's own text of it, or as something near, and is made again what it
was when the file is read. Of unions, variants and structs of nothing, whose text does not say what they were, the text
alone is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import DuckDBPyType

from core.analysis.frames import LONGEST_HEAD, Kind, packed_json
from core.analysis.results import Send, Sink, TooBig
from core.analysis.tables import quoted

_BATCH = 2_048
_GROUP = 1 << 23
_WIDEST = 1_000
_LONGEST_TYPE = 10_000
_SAME = frozenset(
    (
        *("boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint"),
        *("float", "double", "decimal", "varchar", "blob", "null"),
        *("date", "time", "time_ns", "timestamp", "timestamp_ns", "timestamp with time zone"),
    )
)
_NEAR = frozenset(("hugeint", "enum", "uuid", "timestamp_s", "timestamp_ms"))
_NESTED = frozenset(("list", "struct", "map", "array", "tuple"))
_LOST = frozenset(("union", "variant"))


class _Way(IntEnum):
    """How a type goes into the file; of what is nested, the last of these among its parts."""

    SAME = 0
    NEAR = 1
    TEXT = 2
    TEXT_ALONE = 3


def keep(
    connection: DuckDBPyConnection, sql: str, params: Mapping[str, Any], send: Send, limits: Mapping[str, int]
) -> dict[str, Any]:
    """Sends the columns and a Parquet file of what `sql` gives; says how many rows it has, and whether there were more.

    A column is its name, which is unique, its type, and whether it is made so when the file is read.

    Raises:
        TooBig: it has too many columns, or its last rows go far past the limits.
    """
    source = connection.sql(sql, params=dict(params))
    names, types = _unique(source.columns), list(source.types)
    ways = [_way(type_) for type_ in types]
    columns = packed_json(Kind.COLUMNS, _columns(names, types, ways))
    if len(columns) > LONGEST_HEAD:
        raise TooBig("The names and types of these columns are too long. Take fewer, or cast some to text.")
    send(columns)
    if max(ways) >= _Way.TEXT:
        source = connection.sql(_with_texts(sql, ways), params=dict(params))
    batches = _Batches(source.to_arrow_reader(_BATCH), Sink(send, {"bytes": 2 * limits["bytes"]}), limits)
    _write(batches, names)
    return {"truncated": batches.truncated, "rows": batches.rows}


class _Batches:
    """The batches of a result, as far as the limits let them through."""

    def __init__(self, reader: Any, sink: Sink, limits: Mapping[str, int]) -> None:
        self.reader, self.sink, self.limits = reader, sink, limits
        self.rows = self._plain = 0
        self.truncated = False

    def __iter__(self) -> Iterator[Any]:
        for batch in self.reader:
            room = self.limits["rows"] - self.rows
            if not room or self.sink.tell() >= self.limits["bytes"] or self._plain >= self.limits["plain"]:
                self.truncated = True
                return
            self.truncated = batch.num_rows > room
            self.rows += min(room, batch.num_rows)
            self._plain += batch.nbytes
            yield batch.slice(0, room)
            if self.truncated:
                return


def _write(batches: _Batches, names: Sequence[str]) -> None:
    from pyarrow import PythonFile, Table, schema
    from pyarrow.parquet import ParquetWriter

    shape = schema([field.with_name(name) for field, name in zip(batches.reader.schema, names, strict=True)])
    with PythonFile(batches.sink, mode="w") as file, ParquetWriter(file, shape, compression="zstd") as writer:
        for group in _groups(batches, min(_GROUP, batches.limits["bytes"])):
            writer.write_table(Table.from_batches(group).rename_columns(list(names)))


def _groups(batches: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Batches together, about `most` bytes each time."""
    group, size = list[Any](), 0
    for batch in batches:
        group.append(batch)
        size += batch.nbytes
        if size >= most:
            yield group
            group, size = [], 0
    if group:
        yield group


def _columns(names: Sequence[str], types: Sequence[DuckDBPyType], ways: Sequence[_Way]) -> list[tuple[str, str, bool]]:
    if len(names) > _WIDEST:
        raise TooBig(f"This result has {len(names):,} columns. Take {_WIDEST:,} at most.")
    return [_column(*column) for column in zip(names, types, ways, strict=True)]


def _column(name: str, type_: DuckDBPyType, way: _Way) -> tuple[str, str, bool]:
    kind = str(type_)
    if way is _Way.TEXT_ALONE:
        return name, "VARCHAR", False
    if len(kind) > _LONGEST_TYPE:
        raise TooBig(f"The type of a column is too long. Cast it to text: {quoted(name)[:100]}::varchar.")
    return name, kind, way is not _Way.SAME


def _unique(names: Sequence[str]) -> list[str]:
    """The names with a number behind those that were there before; capitals do not make a difference."""
    seen, unique = set[str](), list[str]()
    for name in names:
        new, number = name, 0
        while new.lower() in seen:
            number += 1
            new = f"{name}_{number}"
        seen.add(new.lower())
        unique.append(new)
    return unique


def _way(type_: DuckDBPyType) -> _Way:
    kind = type_.id
    if kind in _NESTED:
        parts = [part for _, part in type_.children if isinstance(part, DuckDBPyType)]
        if kind == "map" and any(part.id == "null" for part in parts):
            return _Way.TEXT
        own = _Way.NEAR if kind in ("array", "tuple") else _Way.SAME
        return max(own, *map(_way, parts)) if parts else _Way.TEXT_ALONE
    if kind in _SAME:
        return _Way.NEAR if str(type_) == "JSON" else _Way.SAME
    return _Way.NEAR if kind in _NEAR else _Way.TEXT_ALONE if kind in _LOST else _Way.TEXT


def _with_texts(sql: str, ways: Sequence[_Way]) -> str:
    """The query with text in place of what Parquet cannot hold."""
    names = [f"c{place}" for place in range(len(ways))]
    values = ", ".join(f"{name}::varchar" if way >= _Way.TEXT else name for name, way in zip(names, ways, strict=True))
    return f"select {values} from (\n{_bare(sql)}\n) as cell({', '.join(names)})"


def _bare(sql: str) -> str:
    """A query without what ends it and what stands behind that."""
    tokens = [(start, kind) for start, kind in duckdb.tokenize(sql) if kind is not duckdb.token_type.comment]
    data = sql.encode()
    while tokens and data[tokens[-1][0] :].lstrip()[:1] == b";":
        data = data[: tokens.pop()[0]]
    return data.decode()
