"""Conversations as tables in a file of their own: for analysts and their tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from core.ids import new_id
from core.store.database import Database
from core.store.writer import readable

# One row a message: an answer's has the text of all its streams, and how the last of them ended.
_TABLES = {
    "conversations": """
select id, title, model, pinned, archived, created_at from conversations where deleted_at is null
""",
    "messages": """
with answers as (
    select s.message_id, string_agg(o.text, '' order by s.seq) as text,
        string_agg(o.reasoning, '' order by s.seq) as reasoning, arg_max(s.id, s.seq) as last, min(o.times[1]) as first,
        sum(coalesce(k.prompt_tokens, o.prompt_tokens)) as prompt_tokens,
        sum(coalesce(k.completion_tokens, o.completion_tokens)) as completion_tokens,
        sum(coalesce(k.reasoning_tokens, o.reasoning_tokens)) as reasoning_tokens,
        sum(coalesce(k.cached_tokens, o.cached_tokens)) as cached_tokens, sum(coalesce(k.cost, o.cost)) as cost
    from streams s left join outcomes o on o.stream_id = s.id left join costs k on k.stream_id = s.id
    group by s.message_id
), ratings as (select message_id, arg_max(rating, created_at) as rating from feedback group by message_id)
select m.conversation_id, c.title, m.id as message_id, m.parent_id, m.seq, m.role,
    coalesce(a.text, m.content) as content, a.reasoning, m.created_at, coalesce(o.model, s.model) as model, o.status,
    o.finish_reason, o.error, o.closed_at as completed_at, a.first as first_token_ms, o.duration_ms,
    a.prompt_tokens::bigint as prompt_tokens, a.completion_tokens::bigint as completion_tokens,
    a.reasoning_tokens::bigint as reasoning_tokens, a.cached_tokens::bigint as cached_tokens, a.cost, r.rating
from messages m join conversations c on c.id = m.conversation_id and c.deleted_at is null
left join answers a on a.message_id = m.id left join streams s on s.id = a.last
left join outcomes o on o.stream_id = a.last left join ratings r on r.message_id = m.id
""",
    "sources": """
select s.conversation_id, s.message_id, r.mark, r.rank, r.document_id, r.title, r.page, r.heading, r.quote, r.score
from retrieved r join streams s on s.id = r.stream_id
join conversations c on c.id = s.conversation_id and c.deleted_at is null
""",
}


class TableExports:
    """Writes the conversations of one database as tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def parquet(self, path: Path, conversation_ids: Sequence[str] | None = None) -> None:
        """Writes one row a message into a new Parquet file.

        Raises:
            StorageError: the disk is full.
        """
        sql = f"from ({_TABLES['messages']}) where {_chosen(conversation_ids, 'conversation_id')} order by seq"
        with _readable():
            self._database.fetch(f"copy ({sql}) to {_literal(path)} (format parquet)", _parameters(conversation_ids))

    def duckdb(self, path: Path, conversation_ids: Sequence[str] | None = None) -> None:
        """Writes conversations, messages and the sources of answers into a new DuckDB file.

        Raises:
            StorageError: the disk is full.
        """
        name = f"export_{new_id()}"
        with self._database.read() as cursor, _readable():
            cursor.execute(f"attach {_literal(path)} as {name}").fetchall()
            try:
                for table, rows in _TABLES.items():
                    column = "id" if table == "conversations" else "conversation_id"
                    sql = f"create table {name}.{table} as from ({rows}) where {_chosen(conversation_ids, column)}"
                    cursor.execute(sql, _parameters(conversation_ids)).fetchall()
            finally:
                cursor.execute(f"detach {name}").fetchall()


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise readable(error) from error


def _chosen(conversation_ids: Sequence[str] | None, column: str) -> str:
    return "true" if conversation_ids is None else f"{column} in (select unnest($1))"


def _parameters(conversation_ids: Sequence[str] | None) -> list[Any]:
    return [] if conversation_ids is None else [list(conversation_ids)]


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
