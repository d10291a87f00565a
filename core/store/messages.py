"""Messages as they are read: rows of several tables, put together as of one commit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from core.models import Citation, Kind, Message, Role, Status, Trace, Usage
from core.store.database import Database
from core.store.streams import SOURCES, saved_chunks

_ROWS = """
select m.id, m.parent_id, m.seq, m.role, m.content, m.created_at
from messages m where m.conversation_id = $1 and m.id in (select unnest($2)) order by m.seq
"""
_STREAMS = """
select s.message_id, s.id, coalesce(o.model, s.model), st.started_at is not null, o.status, o.text, o.reasoning,
    o.finish_reason, o.error, o.closed_at, o.duration_ms, o.times[1],
    coalesce(c.prompt_tokens, o.prompt_tokens), coalesce(c.completion_tokens, o.completion_tokens),
    coalesce(c.reasoning_tokens, o.reasoning_tokens), coalesce(c.cached_tokens, o.cached_tokens),
    coalesce(c.cost, o.cost)
from (
    select * from streams where conversation_id = $1 and message_id in (select unnest($2))
) s
left join starts st on st.stream_id = s.id
left join outcomes o on o.stream_id = s.id
left join costs c on c.stream_id = s.id
order by s.seq
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
            parts: dict[str, list[_Part]] = defaultdict(list)
            for part in map(_Part._make, cursor.execute(_STREAMS, [conversation_id, message_ids]).fetchall()):
                parts[part.message_id].append(part)
            every = [part for of_message in parts.values() for part in of_message]
            unfinished = [part.stream_id for part in every if part.status is None]
            found = _Found(
                parts,
                saved_chunks(cursor, unfinished) if unfinished else {},
                _sources(cursor, [part.stream_id for part in every]) if every else {},
                dict(cursor.execute(_RATINGS, [message_ids]).fetchall()),
            )
        return [_message(conversation_id, row, found) for row in rows]


def _sources(cursor: DuckDBPyConnection, stream_ids: list[str]) -> dict[str, tuple[Citation, ...]]:
    found: dict[str, list[Citation]] = defaultdict(list)
    rows = cursor.execute(SOURCES + "where stream_id in (select unnest($1)) order by mark", [stream_ids]).fetchall()
    for row in rows:
        found[row[0]].append(Citation(*row[1:]))
    return {stream_id: tuple(sources) for stream_id, sources in found.items()}


class _Part(NamedTuple):
    """One stream of a message, as `_STREAMS` gives it."""

    message_id: str
    stream_id: str
    model: str
    started: bool
    status: str | None
    text: str | None
    reasoning: str | None
    finish_reason: str | None
    error: str | None
    closed_at: datetime | None
    duration_ms: int | None
    first_token_ms: int | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    cost: float | None


class _Found(NamedTuple):
    """What is read beside the messages themselves, by stream or by message."""

    parts: dict[str, list[_Part]]
    chunks: dict[str, dict[Kind, tuple[str, Trace]]]
    sources: dict[str, tuple[Citation, ...]]
    ratings: dict[str, int]


def _message(conversation_id: str, row: tuple[Any, ...], found: _Found) -> Message:
    message_id, parent_id, seq, role, content, created_at = row
    message = Message(message_id, conversation_id, parent_id, seq, Role(role), content, created_at)
    parts = found.parts.get(message_id)
    if not parts:
        return message
    last = parts[-1]
    texts = [_texts(part, found.chunks.get(part.stream_id, {})) for part in parts]
    return replace(
        message,
        content="".join(answer for answer, _ in texts),
        reasoning="".join(reasoning for _, reasoning in texts),
        status=Status(last.status) if last.status else Status.STREAMING if last.started else Status.PENDING,
        model=last.model,
        stream_id=last.stream_id,
        completed_at=last.closed_at,
        finish_reason=last.finish_reason,
        error=last.error,
        usage=_usage(parts),
        sources=next((found.sources[p.stream_id] for p in reversed(parts) if p.stream_id in found.sources), ()),
        rating=found.ratings.get(message_id) or None,
        first_token_ms=parts[0].first_token_ms,
        duration_ms=last.duration_ms,
        continued_from=sum(len(answer) for answer, _ in texts[:-1]),
    )


def _texts(part: _Part, chunks: dict[Kind, tuple[str, Trace]]) -> tuple[str, str]:
    if part.text is not None:
        return part.text, part.reasoning or ""
    nothing = ("", Trace())
    return chunks.get(Kind.ANSWER, nothing)[0], chunks.get(Kind.REASONING, nothing)[0]


def _usage(parts: list[_Part]) -> Usage:
    """What all streams of a message took, where it is known."""
    totals: dict[str, Any] = {}
    for field in fields(Usage):
        known = [getattr(part, field.name) for part in parts if getattr(part, field.name) is not None]
        totals[field.name] = sum(known) if known else None
    return Usage(**totals)
