"""Messages as they are read: rows of several tables, put together as of one commit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, replace
from datetime import datetime
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from core.models import Citation, Kind, Message, Retrieval, Role, Status, Support, Trace, Usage
from core.store.database import Database
from core.store.evidence import retrievals_of, sources_of, supports_of, with_sources
from core.store.streams import saved_chunks

_ROWS = """
select m.id, m.parent_id, m.seq, m.role, m.content, m.created_at
from messages m where m.conversation_id = $1 and m.id in (select unnest($2)) order by m.seq
"""
# One query a table, each by the streams' ids: a join would read the columns of every answer there is.
_STREAMS = "select id, message_id, model from streams where message_id in (select unnest($1)) order by seq"
_STARTED = "select stream_id from starts where stream_id in (select unnest($1))"
_OUTCOMES = """
select stream_id, status, text, reasoning, model, finish_reason, error, closed_at, duration_ms, times[1],
    prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost
from outcomes where stream_id in (select unnest($1))
"""
_COSTS = """
select stream_id, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost
from costs where stream_id in (select unnest($1))
"""
_RATINGS = (
    "select message_id, arg_max(rating, created_at) from feedback where message_id in (select unnest($1)) group by 1"
)


class Messages:
    """Reads messages of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, conversation_id: str, message_ids: list[str]) -> list[Message]:
        """Some messages of a conversation in the order of asking; an unfinished one with its text so far."""
        with self._database.snapshot() as cursor:
            rows = cursor.execute(_ROWS, [conversation_id, message_ids]).fetchall()
            parts = _parts(cursor, message_ids)
            ids = [part.stream_id for part in parts]
            unfinished = [part.stream_id for part in parts if part.outcome is None]
            found = _Found(
                _by_message(parts),
                saved_chunks(cursor, unfinished) if unfinished else {},
                sources_of(cursor, ids) if ids else {},
                retrievals_of(cursor, ids) if ids else {},
                supports_of(cursor, message_ids) if ids else {},
                dict(cursor.execute(_RATINGS, [message_ids]).fetchall()),
            )
        return [_message(conversation_id, row, found) for row in rows]


class _Outcome(NamedTuple):
    """A row of `_OUTCOMES`."""

    stream_id: str
    status: str
    text: str
    reasoning: str
    model: str | None
    finish_reason: str | None
    error: str | None
    closed_at: datetime
    duration_ms: int | None
    first_token_ms: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    cost: float | None


class _Part(NamedTuple):
    """One stream of a message."""

    stream_id: str
    message_id: str
    model: str
    started: bool
    outcome: _Outcome | None
    usage: Usage


class _Found(NamedTuple):
    """What is read beside the messages themselves, by stream or by message."""

    parts: dict[str, list[_Part]]
    chunks: dict[str, dict[Kind, tuple[str, Trace]]]
    sources: dict[str, tuple[Citation, ...]]
    retrievals: dict[str, Retrieval]
    supports: dict[str, tuple[Support, ...]]
    ratings: dict[str, int]


def _parts(cursor: DuckDBPyConnection, message_ids: list[str]) -> list[_Part]:
    streams = cursor.execute(_STREAMS, [message_ids]).fetchall()
    ids = [row[0] for row in streams]
    started = {row[0] for row in cursor.execute(_STARTED, [ids]).fetchall()}
    outcomes = {row[0]: _Outcome(*row) for row in cursor.execute(_OUTCOMES, [ids]).fetchall()}
    books = {row[0]: Usage(*row[1:]) for row in cursor.execute(_COSTS, [ids]).fetchall()}
    return [
        _Part(i, message, model, i in started, outcomes.get(i), _usage(outcomes.get(i), books.get(i)))
        for i, message, model in streams
    ]


def _by_message(parts: list[_Part]) -> dict[str, list[_Part]]:
    found: dict[str, list[_Part]] = defaultdict(list)
    for part in parts:
        found[part.message_id].append(part)
    return found


def _message(conversation_id: str, row: tuple[Any, ...], found: _Found) -> Message:
    message_id, parent_id, seq, role, content, created_at = row
    message = Message(message_id, conversation_id, parent_id, seq, Role(role), content, created_at)
    parts = found.parts.get(message_id)
    if not parts:
        return message
    last = parts[-1]
    stream_ids = [part.stream_id for part in parts]
    retrieval, sources = with_sources(found.retrievals, found.sources, stream_ids)
    took = [found.retrievals[stream_id].usage for stream_id in stream_ids if stream_id in found.retrievals]
    texts = [_texts(part, found.chunks.get(part.stream_id, {})) for part in parts]
    message = replace(
        message,
        content="".join(answer for answer, _ in texts),
        reasoning="".join(reasoning for _, reasoning in texts),
        status=Status.STREAMING if last.started else Status.PENDING,
        model=last.model,
        stream_id=last.stream_id,
        usage=_total([part.usage for part in parts] + took),
        sources=sources,
        rating=found.ratings.get(message_id) or None,
        continued_from=sum(len(answer) for answer, _ in texts[:-1]),
        retrieval=retrieval,
        supports=found.supports.get(message_id, ()),
    )
    return _ended(message, parts[0], last.outcome) if last.outcome else message


def _ended(message: Message, first: _Part, outcome: _Outcome) -> Message:
    return replace(
        message,
        status=Status(outcome.status),
        model=outcome.model or message.model,
        completed_at=outcome.closed_at,
        finish_reason=outcome.finish_reason,
        error=outcome.error,
        first_token_ms=first.outcome.first_token_ms if first.outcome else None,
        duration_ms=outcome.duration_ms,
    )


def _texts(part: _Part, chunks: dict[Kind, tuple[str, Trace]]) -> tuple[str, str]:
    if part.outcome:
        return part.outcome.text, part.outcome.reasoning
    nothing = ("", Trace())
    return chunks.get(Kind.ANSWER, nothing)[0], chunks.get(Kind.REASONING, nothing)[0]


def _usage(outcome: _Outcome | None, books: Usage | None) -> Usage:
    """What a stream took: by the provider's books where they are known, else by its last word."""
    told = Usage(*outcome[-5:]) if outcome else Usage()
    if books is None:
        return told
    pairs = zip(astuple(books), astuple(told), strict=True)
    return Usage(*(said if booked is None else booked for booked, said in pairs))


def _total(usages: list[Usage]) -> Usage:
    """What all streams of a message and their retrievals took, where it is known."""
    known = ([value for value in values if value is not None] for values in zip(*map(astuple, usages), strict=True))
    return Usage(*(sum(values) if values else None for values in known))
