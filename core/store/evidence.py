"""What answers rest on: how each retrieval went, the passages it gave, how well they support what cites them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import astuple, replace
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from core.models import Citation, Filter, Retrieval, Support, Timings, Usage
from core.store.database import Database

_SOURCES = """
select stream_id, mark, passage_id, document_id, title, page, quote, score, rank, heading, start_char, end_char,
    coalesce(passage_ids, [passage_id]), lexical_rank, lexical_score, semantic_rank, semantic_score, rerank_score
from retrieved where stream_id in (select unnest($1)) order by mark
"""
_RETRIEVALS = """
select stream_id, question, query, searched, document_ids, tags, since, until, rewrite_ms, wait_ms, embed_ms,
    lexical_ms, semantic_ms, rerank_ms, total_ms, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens,
    cost
from retrievals where stream_id in (select unnest($1))
"""
_PAID = """
update retrievals set prompt_tokens = coalesce(?, prompt_tokens), completion_tokens = coalesce(?, completion_tokens),
    reasoning_tokens = coalesce(?, reasoning_tokens), cached_tokens = coalesce(?, cached_tokens),
    cost = coalesce(?, cost)
where stream_id = ?
"""
_UNPAID = """
select r.stream_id, r.generation_id, s.model from retrievals r
join streams s on s.id = r.stream_id join outcomes o on o.stream_id = s.id
where r.generation_id is not null and r.cost is null and r.created_at > ?
"""
_SUPPORTS = """
select message_id, mark, start_char, end_char, score from supports where message_id in (select unnest($1))
order by start_char, mark
"""
# The last stream of an answer that was given passages, where it is closed and not the one that was looked at.
_UNCHECKED = """
select s.message_id, s.conversation_id, s.id
from streams s
join conversations c on c.id = s.conversation_id and c.deleted_at is null
join outcomes o on o.stream_id = s.id
where s.message_id in (select message_id from streams where id in (select stream_id from retrieved))
    and s.seq = (select max(seq) from streams l where l.message_id = s.message_id)
    and s.id not in (select stream_id from support_checks)
order by s.seq desc
"""


class Evidence:
    """The retrievals and supports of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, stream_id: str, retrieval: Retrieval, unpaid: str | None = None) -> None:
        """Saves a retrieval with the passages that its generation is given, in one write; finding none counts too.

        `unpaid` is the generation that made its question stand alone, while what that cost is not known.
        """
        self.submit(stream_id, retrieval, unpaid).result()

    def submit(self, stream_id: str, retrieval: Retrieval, unpaid: str | None = None) -> Future[None]:
        """As `add`, without waiting for the disk."""
        r, f = retrieval, retrieval.filter
        asked = (r.question, r.query, f.document_ids, f.tags, f.since, f.until, r.searched)
        row = (stream_id, *asked, *astuple(r.timings), unpaid, *astuple(r.usage), self._database.clock.now())
        rows = [_row(stream_id, citation) for citation in r.citations]

        def job(cursor: DuckDBPyConnection) -> None:
            _append(cursor, "retrievals", [row])
            _append(cursor, "retrieved", rows)

        future: Future[None] = self._database.submit(job)
        return future

    def add_cost(self, stream_id: str, usage: Usage) -> None:
        """Saves what the provider's books say of making a question stand alone."""
        row = [*astuple(usage), stream_id]
        self._database.write(lambda cursor: cursor.execute(_PAID, row).fetchall())
        self._database.revision += 1

    def without_cost(self, since: datetime) -> list[tuple[str, str, str]]:
        """Questions made to stand alone at a cost that is not known: stream id, generation id, requested model."""
        return [(row[0], row[1], row[2]) for row in self._database.fetch(_UNPAID, [since])]

    def sources(self, stream_id: str) -> tuple[Citation, ...]:
        """The passages that a generation was given, in the order of their marks."""
        with self._database.read() as cursor:
            return sources_of(cursor, [stream_id]).get(stream_id, ())

    def retrieval(self, stream_id: str) -> Retrieval | None:
        """How a generation's retrieval went; None where nothing was searched."""
        with self._database.read() as cursor:
            return retrievals_of(cursor, [stream_id]).get(stream_id)

    def add_supports(self, message_id: str, stream_id: str, supports: Sequence[Support]) -> None:
        """Saves how well an answer is supported up to the end of `stream_id`, in place of what was saved before."""
        rows = [(message_id, s.mark, s.start, s.end, s.score) for s in supports]
        check = (message_id, stream_id, self._database.clock.now())

        def job(cursor: DuckDBPyConnection) -> int:
            cursor.execute("delete from support_checks where message_id = ?", [message_id]).fetchall()
            gone = cursor.execute("delete from supports where message_id = ?", [message_id]).fetchall()
            _append(cursor, "supports", rows)
            _append(cursor, "support_checks", [check])
            return int(gone[0][0])

        if self._database.write(job) or rows:
            self._database.revision += 1

    def unchecked(self) -> list[tuple[str, str, str]]:
        """Closed answers that were given passages and not looked at, newest first: message, conversation, stream."""
        return [(row[0], row[1], row[2]) for row in self._database.fetch(_UNCHECKED)]


def sources_of(cursor: DuckDBPyConnection, stream_ids: list[str]) -> dict[str, tuple[Citation, ...]]:
    """The passages that some generations were given, by stream."""
    found: dict[str, list[Citation]] = defaultdict(list)
    for stream_id, *values in cursor.execute(_SOURCES, [stream_ids]).fetchall():
        plain: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
        found[stream_id].append(Citation(*plain))
    return {stream_id: tuple(sources) for stream_id, sources in found.items()}


def retrievals_of(cursor: DuckDBPyConnection, stream_ids: list[str]) -> dict[str, Retrieval]:
    """How the retrievals of some generations went, by stream, without their passages."""
    found = {}
    for stream_id, question, query, searched, documents, tags, *rest in cursor.execute(
        _RETRIEVALS, [stream_ids]
    ).fetchall():
        filter = Filter(None if documents is None else tuple(documents), tuple(tags), *rest[:2])
        timings, usage = Timings(*rest[2:9]), Usage(*rest[9:])
        found[stream_id] = Retrieval(question, query, filter, (), searched, timings, usage)
    return found


def with_sources(
    retrievals: dict[str, Retrieval], sources: dict[str, tuple[Citation, ...]], stream_ids: Sequence[str]
) -> tuple[Retrieval | None, tuple[Citation, ...]]:
    """The retrieval that an answer of these streams rests on, and its passages: the last one that gave any."""
    given = next((stream_id for stream_id in reversed(stream_ids) if stream_id in sources), None)
    made = given or next((stream_id for stream_id in reversed(stream_ids) if stream_id in retrievals), None)
    passages = sources.get(given, ()) if given else ()
    retrieval = retrievals.get(made) if made else None
    return (replace(retrieval, citations=passages) if retrieval else None), passages


def supports_of(cursor: DuckDBPyConnection, message_ids: list[str]) -> dict[str, tuple[Support, ...]]:
    """How well the sentences of some answers are supported, by message."""
    found: dict[str, list[Support]] = defaultdict(list)
    for message_id, *values in cursor.execute(_SUPPORTS, [message_ids]).fetchall():
        found[message_id].append(Support(*values))
    return {message_id: tuple(supports) for message_id, supports in found.items()}


def _row(stream_id: str, c: Citation) -> tuple[Any, ...]:
    return (
        *(stream_id, c.mark, c.rank, c.passage_id, c.document_id, c.title, c.page, c.quote, c.score),
        *(c.heading, c.start, c.end, c.passage_ids),
        *(c.lexical_rank, c.lexical_score, c.semantic_rank, c.semantic_score, c.rerank_score),
    )


def _append(cursor: DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        appender = cursor.appender(table)
        appender.append_rows(list(rows))
        appender.flush()
