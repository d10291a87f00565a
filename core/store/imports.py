"""Conversations that come from elsewhere: written as rows like any other, in slices that hold up no answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import astuple, dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from core.models import Role, Usage
from core.store.database import Database
from core.store.saved import SavedConversation, SavedMessage, SavedStream

Row = tuple[Any, ...]

_COLUMNS = {
    "conversations": "id title model document_ids pinned archived created_at",
    "messages": "id conversation_id parent_id seq role content created_at",
    "feedback": "message_id rating comment created_at",
    "streams": "id message_id conversation_id seq model retrieve document_ids created_at",
    "starts": "stream_id started_at",
    "outcomes": "stream_id status text reasoning lengths times reasoning_lengths reasoning_times finish_reason error "
    "model provider prompt_tokens completion_tokens reasoning_tokens cached_tokens cost duration_ms closed_at",
    "costs": "stream_id prompt_tokens completion_tokens reasoning_tokens cached_tokens cost",
    "retrievals": "stream_id question query document_ids tags since until searched rewrite_ms wait_ms embed_ms "
    "lexical_ms semantic_ms rerank_ms total_ms prompt_tokens completion_tokens reasoning_tokens cached_tokens cost "
    "created_at",
    "retrieved": "stream_id mark passage_id document_id title page quote score rank heading start_char end_char "
    "passage_ids lexical_rank lexical_score semantic_rank semantic_score rerank_score",
}


@dataclass(frozen=True, slots=True)
class Present:
    """What of some ids is here: `conversations` by id, True when shown and False when deleted; the others' ids.

    `hidden` are messages of deleted conversations.
    """

    conversations: dict[str, bool]
    messages: frozenset[str]
    hidden: frozenset[str]
    streams: frozenset[str]


@dataclass(frozen=True, slots=True)
class Slice:
    """Messages to add to a conversation, whose row is made with the first of them."""

    conversation: SavedConversation
    messages: Sequence[SavedMessage]
    begins: bool

    @property
    def numbers(self) -> int:
        """How many order numbers it needs: one a message, one for each further stream of an answer."""
        return sum(max(1, len(message.streams)) for message in self.messages)


class Imports:
    """Brings conversations into one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def present(self, conversation_ids: list[str], message_ids: list[str], stream_ids: list[str]) -> Present:
        """What of these is here already."""
        with self._database.snapshot() as cursor:
            conversations = dict(
                cursor.execute(
                    "select id, deleted_at is null from conversations where id in (select unnest($1))",
                    [conversation_ids],
                ).fetchall()
            )
            messages = cursor.execute(
                "select m.id, c.deleted_at is null from messages m join conversations c on c.id = m.conversation_id "
                "where m.id in (select unnest($1))",
                [message_ids],
            ).fetchall()
            streams = cursor.execute("select id from streams where id in (select unnest($1))", [stream_ids]).fetchall()
        return Present(
            conversations,
            frozenset(row[0] for row in messages),
            frozenset(row[0] for row in messages if not row[1]),
            frozenset(row[0] for row in streams),
        )

    def submit(self, slices: Sequence[Slice], first_seq: int) -> Future[bool]:
        """Queues slices to be saved in one transaction, numbered from `first_seq` on.

        It comes to False, and saves nothing, when a conversation that they add to went away, or one that they begin
        came to be, since it was looked for.

        Raises:
            StorageError: the database was closed.
        """
        rows = _rows(slices, first_seq)
        begun = [s.conversation.id for s in slices if s.begins]
        extended = [s.conversation.id for s in slices if not s.begins]
        future: Future[bool] = self._database.submit(lambda cursor: _write(cursor, rows, begun, extended))
        return future

    def shown(self) -> None:
        """Lets the pages know that there are other conversations now."""
        self._database.revision += 1


def _write(cursor: DuckDBPyConnection, rows: dict[str, list[Row]], begun: list[str], extended: list[str]) -> bool:
    sql = "select id, deleted_at is not null from conversations where id in (select unnest($1))"
    there = dict(cursor.execute(sql, [begun + extended]).fetchall())
    if set(there) != set(extended):
        return False
    for deleted in (conversation_id for conversation_id, is_deleted in there.items() if is_deleted):
        cursor.execute("update conversations set deleted_at = null where id = ?", [deleted]).fetchall()
    for table, added in rows.items():
        if added:
            appender = cursor.appender(table, columns=_COLUMNS[table].split())
            appender.append_rows(added)
            appender.flush()
    return True


def _rows(slices: Sequence[Slice], seq: int) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {table: [] for table in _COLUMNS}
    for part in slices:
        c = part.conversation
        if part.begins:
            rows["conversations"].append(
                (c.id, c.title, c.model, c.document_ids, c.pinned, c.archived, c.created_at),
            )
        for message in part.messages:
            _add_message(rows, c.id, message, seq)
            seq += max(1, len(message.streams))
    return rows


def _add_message(rows: dict[str, list[Row]], conversation_id: str, m: SavedMessage, seq: int) -> None:
    content = m.content if m.role is Role.USER else ""
    rows["messages"].append((m.id, conversation_id, m.parent_id, seq, m.role.value, content, m.created_at))
    if m.rating:
        rows["feedback"].append((m.id, m.rating.rating, m.rating.comment, m.rating.at))
    for number, stream in enumerate(m.streams, seq):
        s = stream
        rows["streams"].append(
            (s.id, m.id, conversation_id, number, s.model, s.retrieve, s.document_ids, s.created_at),
        )
        for table, added in _of_stream(stream):
            rows[table].append(added)


def _of_stream(s: SavedStream) -> Iterable[tuple[str, Row]]:
    o, closed_at = s.outcome, s.closed_at or s.created_at
    if s.started_at:
        yield "starts", (s.id, s.started_at)
    traces = (s.trace.lengths, s.trace.times, s.reasoning_trace.lengths, s.reasoning_trace.times)
    known = (o.finish_reason, o.error, o.model, o.provider, *_usage(o.usage), s.duration_ms, closed_at)
    yield "outcomes", (s.id, o.status.value, s.text, s.reasoning, *traces, *known)
    if s.booked:
        yield "costs", (s.id, *_usage(s.booked))
    if s.retrieval:
        r, f = s.retrieval, s.retrieval.filter
        asked = (r.question, r.query, f.document_ids, f.tags, f.since, f.until, r.searched)
        yield "retrievals", (s.id, *asked, *astuple(r.timings), *_usage(r.usage), s.created_at)
    for c in s.sources:
        place = (c.mark, c.passage_id, c.document_id, c.title, c.page, c.quote, c.score, c.rank, c.heading, c.start)
        scores = (c.lexical_rank, c.lexical_score, c.semantic_rank, c.semantic_score, c.rerank_score)
        yield "retrieved", (s.id, *place, c.end, c.passage_ids, *scores)


def _usage(u: Usage) -> Row:
    return (u.prompt_tokens, u.completion_tokens, u.reasoning_tokens, u.cached_tokens, u.cost)
