"""Conversations as they are taken out: whole, some hundreds of messages at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from core.models import Kind, Outcome, Role, Status, Trace, Usage
from core.store.database import Database
from core.store.evidence import retrievals_of, sources_of
from core.store.saved import SavedConversation, SavedMessage, SavedRating, SavedStream
from core.store.streams import saved_chunks

_AT_ONCE = 2_000
_LISTED = """
select c.id, count(*) from conversations c join messages m on m.conversation_id = c.id
where c.deleted_at is null group by c.id, c.created_at order by c.created_at, c.id
"""
_CONVERSATIONS = """
select id, title, model, created_at, pinned, archived, document_ids
from conversations where deleted_at is null and id in (select unnest($1))
"""
_MESSAGES = """
select conversation_id, id, parent_id, role, created_at, content
from messages where conversation_id in (select unnest($1)) order by seq
"""
_SOME = _MESSAGES.replace("order by", "and id in (select unnest($2)) order by")
_RATINGS = """
select message_id, arg_max(rating, created_at), max(created_at), arg_max_null(comment, created_at)
from feedback where message_id in (select unnest($1)) group by message_id
"""
_STREAMS = """
select message_id, id, model, created_at, retrieve, document_ids
from streams where message_id in (select unnest($1)) order by seq
"""
_STARTS = "select stream_id, started_at from starts where stream_id in (select unnest($1))"
_COSTS = """
select stream_id, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost
from costs where stream_id in (select unnest($1))
"""
_OUTCOMES = """
select stream_id, text, reasoning, lengths, times, reasoning_lengths, reasoning_times, duration_ms, closed_at,
    status, finish_reason, error, model, provider, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens,
    cost
from outcomes where stream_id in (select unnest($1))
"""


class Exports:
    """Takes conversations out of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def batches(self, conversation_ids: Sequence[str] | None = None) -> list[list[str]]:
        """The ids of all or some conversations, oldest first, in batches that fit into memory."""
        wanted = None if conversation_ids is None else set(conversation_ids)
        batches: list[list[str]] = []
        room = 0
        for conversation_id, messages in self._database.fetch(_LISTED):
            if wanted is not None and conversation_id not in wanted:
                continue
            if room < messages:
                batches.append([])
                room = _AT_ONCE
            batches[-1].append(conversation_id)
            room -= messages
        return batches

    def titles(self, conversation_ids: Sequence[str]) -> dict[str, str]:
        """The titles of those of some conversations that are there, by id."""
        sql = "select id, title from conversations where deleted_at is null and id in (select unnest($1))"
        return dict(self._database.fetch(sql, [list(conversation_ids)]))

    def read(self, conversation_ids: list[str]) -> list[SavedConversation]:
        """Some conversations as of one commit, in the order of the ids; those deleted meanwhile are left out."""
        with self._database.snapshot() as cursor:
            rows = {row[0]: row for row in cursor.execute(_CONVERSATIONS, [conversation_ids]).fetchall()}
            messages = _messages(cursor, cursor.execute(_MESSAGES, [list(rows)]).fetchall())
        return [_conversation(rows[at], messages[at]) for at in conversation_ids if at in rows]

    def some(self, conversation_id: str, message_ids: Sequence[str]) -> SavedConversation | None:
        """A conversation with some of its messages, as of one commit; None when there is none."""
        with self._database.snapshot() as cursor:
            found = cursor.execute(_CONVERSATIONS, [[conversation_id]]).fetchall()
            rows = cursor.execute(_SOME, [[conversation_id], list(message_ids)]).fetchall()
            messages = _messages(cursor, rows)
        return _conversation(found[0], messages[conversation_id]) if found else None


def _conversation(row: tuple[Any, ...], messages: list[SavedMessage]) -> SavedConversation:
    at, title, model, created_at, pinned, archived, documents = row
    return SavedConversation(at, title, model, created_at, tuple(messages), pinned, archived, _names(documents))


def _messages(cursor: DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> dict[str, list[SavedMessage]]:
    """The messages of some rows, by conversation."""
    ids = [row[1] for row in rows]
    ratings = {row[0]: SavedRating(*row[1:]) for row in cursor.execute(_RATINGS, [ids]).fetchall() if row[1]}
    streams = _streams(cursor, ids)
    found: dict[str, list[SavedMessage]] = defaultdict(list)
    for conversation_id, message_id, parent_id, role, created_at, content in rows:
        found[conversation_id].append(
            SavedMessage(
                message_id,
                parent_id,
                Role(role),
                created_at,
                content,
                tuple(streams.get(message_id, ())),
                ratings.get(message_id),
            )
        )
    return found


def _streams(cursor: DuckDBPyConnection, message_ids: list[str]) -> dict[str, list[SavedStream]]:
    rows = cursor.execute(_STREAMS, [message_ids]).fetchall()
    ids = [row[1] for row in rows]
    starts = dict(cursor.execute(_STARTS, [ids]).fetchall())
    outcomes = {row[0]: row[1:] for row in cursor.execute(_OUTCOMES, [ids]).fetchall()}
    costs = {row[0]: Usage(*row[1:]) for row in cursor.execute(_COSTS, [ids]).fetchall()}
    retrievals, sources = retrievals_of(cursor, ids), sources_of(cursor, ids)
    open_ids = [stream_id for stream_id in ids if stream_id not in outcomes]
    chunks = saved_chunks(cursor, open_ids) if open_ids else {}
    found: dict[str, list[SavedStream]] = defaultdict(list)
    for message_id, stream_id, model, created_at, retrieve, documents in rows:
        started = starts.get(stream_id)
        if stream_id in outcomes:
            ended = _closed(outcomes[stream_id])
        else:
            ended = _unfinished(chunks.get(stream_id, {}), Status.STREAMING if started else Status.PENDING)
        outcome, text, reasoning, trace, reasoning_trace, duration_ms, closed_at = ended
        found[message_id].append(
            SavedStream(
                id=stream_id,
                model=model,
                created_at=created_at,
                outcome=outcome,
                text=text,
                reasoning=reasoning,
                started_at=started,
                closed_at=closed_at,
                duration_ms=duration_ms,
                retrieve=retrieve,
                document_ids=_names(documents),
                trace=trace,
                reasoning_trace=reasoning_trace,
                booked=costs.get(stream_id),
                retrieval=retrievals.get(stream_id),
                sources=sources.get(stream_id, ()),
            )
        )
    return found


def _closed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    text, reasoning, lengths, times, r_lengths, r_times, duration_ms, closed_at, status, reason, error, *rest = row
    model, provider, *usage = rest
    outcome = Outcome(Status(status), reason, error, model, provider, None, Usage(*usage))
    traces = Trace(tuple(lengths), tuple(times)), Trace(tuple(r_lengths), tuple(r_times))
    return outcome, text, reasoning, *traces, duration_ms, closed_at


def _unfinished(chunks: dict[Kind, tuple[str, Trace]], status: Status) -> tuple[Any, ...]:
    text, trace = chunks.get(Kind.ANSWER, ("", Trace()))
    reasoning, reasoning_trace = chunks.get(Kind.REASONING, ("", Trace()))
    return Outcome(status), text, reasoning, trace, reasoning_trace, None, None


def _names(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
