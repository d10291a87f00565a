"""Conversations as tables in a file of their own: for analysts and their tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from core.store.database import Database
from core.store.snapshot import Snapshot
from core.store.writer import readable

# One row a message: an answer's has the text of all its streams, and how the last of them ended.
_MESSAGES = """
with answers as (
    select s.message_id, string_agg(o.text, '' order by s.seq) as text,
        string_agg(o.reasoning, '' order by s.seq) as reasoning, arg_max(s.id, s.seq) as last, min(o.times[1]) as first,
        sum(coalesce(k.prompt_tokens, o.prompt_tokens)) as prompt_tokens,
        sum(coalesce(k.completion_tokens, o.completion_tokens)) as completion_tokens,
        sum(coalesce(k.reasoning_tokens, o.reasoning_tokens)) as reasoning_tokens,
        sum(coalesce(k.cached_tokens, o.cached_tokens)) as cached_tokens, sum(coalesce(k.cost, o.cost)) as cost
    from streams s left join outcomes o on o.stream_id = s.id left join costs k on k.stream_id = s.id
    where s.message_id in (select id from messages where seq between $first and $last) group by s.message_id
), ratings as (select message_id, arg_max(rating, created_at) as rating from feedback group by message_id)
select m.conversation_id, c.title, m.id as message_id, m.parent_id, m.seq, m.role,
    coalesce(a.text, m.content) as content, a.reasoning, m.created_at, coalesce(o.model, s.model) as model, o.status,
    o.finish_reason, o.error, o.closed_at as completed_at, a.first as first_token_ms, o.duration_ms,
    a.prompt_tokens::bigint as prompt_tokens, a.completion_tokens::bigint as completion_tokens,
    a.reasoning_tokens::bigint as reasoning_tokens, a.cached_tokens::bigint as cached_tokens, a.cost, r.rating
from messages m join conversations c on c.id = m.conversation_id and c.deleted_at is null
left join answers a on a.message_id = m.id left join streams s on s.id = a.last
left join outcomes o on o.stream_id = a.last left join ratings r on r.message_id = m.id
where m.seq between $first and $last and {chosen} order by m.seq
"""
_NUMBERS = """
select m.seq from messages m join conversations c on c.id = m.conversation_id and c.deleted_at is null
where {chosen} order by m.seq
"""
_SLICE = 50_000  # Messages that are held in memory at a time.
_OF_THEM = "conversation_id in (select conversation_id from stored.conversations)"
_CHOSEN = {
    "conversations": "$ids::varchar[] is null or list_contains($ids, conversation_id)",
    "costs": "stream_id in (select stream_id from stored.answers)",
    "rewrites": "stream_id in (select stream_id from stored.retrievals)",
    "documents": "$ids::varchar[] is null or document_id in (select document_id from stored.retrieved)",
}
# DuckDB 1.0 and all later versions can open the file.
_STORAGE = "v1.0.0"
_MEMORY = "1GiB"
_PATIENCE = 600.0


class TableExports:
    """Writes the conversations of one database as tables."""

    def __init__(self, database: Database, snapshot: Snapshot, views: Sequence[str]) -> None:
        self._database, self._snapshot, self._views = database, snapshot, tuple(views)

    def parquet(self, path: Path, conversation_ids: Sequence[str] | None = None) -> None:
        """Writes one row a message into a new Parquet file, with its conversation's title.

        Raises:
            StorageError: the disk is full.
        """
        which = {} if conversation_ids is None else {"ids": list(conversation_ids)}
        chosen = "m.conversation_id in (select unnest($ids::varchar[]))" if which else "true"
        with _readable(), self._database.snapshot() as cursor, ExitStack() as stack:
            numbers = cursor.execute(_NUMBERS.format(chosen=chosen), which or None).fetchnumpy()["seq"]
            writer: pq.ParquetWriter | None = None
            for start in range(0, max(1, len(numbers)), _SLICE):  # Without messages there still are columns.
                part = numbers[start : start + _SLICE]
                ends = {"first": int(part[0]), "last": int(part[-1])} if len(part) else {"first": 0, "last": -1}
                table: Any = cursor.sql(_MESSAGES.format(chosen=chosen), params=which | ends).to_arrow_table()
                writer = writer or stack.enter_context(pq.ParquetWriter(path, table.schema))
                writer.write_table(table)

    def duckdb(self, path: Path, conversation_ids: Sequence[str] | None = None) -> None:
        """Writes a new DuckDB file with the tables that analysts see in the app, under the same names.

        Raises:
            Unavailable: a long history is still being prepared.
            StorageError: the disk is full.
        """
        ids = None if conversation_ids is None else list(conversation_ids)
        with self._snapshot.open(0, _PATIENCE) as files, _readable(), _new_file(path) as connection:
            connection.execute("create schema stored")
            # The tables that others are chosen by come first.
            for name in sorted(files.tables, key=lambda name: (name != "conversations", name in _CHOSEN)):
                parts = ", ".join(_literal(files.folder / file) for file in files.tables[name])
                chosen = _CHOSEN.get(name, _OF_THEM)
                sql = f"create table stored.{name} as from read_parquet([{parts}]) where {chosen}"
                connection.execute(sql, {"ids": ids} if "$ids" in chosen else None)
            for line in self._views:
                connection.execute(line)


@contextmanager
def _new_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, so that the app's has nothing to do with what is written."""
    config: dict[str, Any] = {"threads": 1, "memory_limit": _MEMORY, "temp_directory": str(path.parent)}
    with duckdb.connect(config=config) as connection:
        connection.execute(f"attach {_literal(path)} as history (storage_version '{_STORAGE}')")
        connection.execute("use history")
        yield connection


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise readable(error) from error


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
