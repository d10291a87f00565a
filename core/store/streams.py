"""Streams as rows: what was begun, what has come of it, how it was closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from core.models import Kind, Outcome, Status, Stream, Trace, Usage
from core.store.database import Database

_STREAM = """
select s.id, s.message_id, s.conversation_id, s.model, o.status, s.retrieve, s.document_ids, s.created_at,
    st.started_at
from streams s
left join starts st on st.stream_id = s.id
left join outcomes o on o.stream_id = s.id
"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one commit adds to one text of one stream."""

    stream_id: str
    kind: Kind
    position: int
    text: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Closing:
    """The row that closes a stream: its texts whole, and how it ended."""

    stream_id: str
    outcome: Outcome
    text: str
    reasoning: str
    trace: Trace
    reasoning_trace: Trace
    duration_ms: int
    closed_at: datetime


def append(cursor: DuckDBPyConnection, chunks: Iterable[Chunk], closings: Iterable[Closing]) -> None:
    """Appends chunks and closings inside the caller's transaction."""
    _append_rows(
        cursor, "chunks", [(c.stream_id, c.kind, c.position, c.text, c.trace.lengths, c.trace.times) for c in chunks]
    )
    _append_rows(cursor, "outcomes", [_outcome_row(closing) for closing in closings])


def _append_rows(cursor: DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        appender = cursor.appender(table)
        appender.append_rows(rows)
        appender.flush()


def _outcome_row(c: Closing) -> tuple[Any, ...]:
    o = c.outcome
    traces = (c.trace.lengths, c.trace.times, c.reasoning_trace.lengths, c.reasoning_trace.times)
    names = (o.finish_reason, o.error, o.model, o.provider)
    return (c.stream_id, o.status, c.text, c.reasoning, *traces, *names, *astuple(o.usage), c.duration_ms, c.closed_at)


class Streams:
    """The streams of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, stream_id: str) -> Stream | None:
        """A stream, unless it is unknown or its conversation was deleted."""
        rows = self._database.fetch(
            _STREAM + "join conversations c on c.id = s.conversation_id and c.deleted_at is null where s.id = ?",
            [stream_id],
        )
        return _stream(rows[0]) if rows else None

    def unfinished(self) -> list[Stream]:
        """The streams that nothing has closed, oldest first."""
        return [_stream(row) for row in self._database.fetch(_STREAM + "where o.stream_id is null order by s.seq")]

    def of_message(self, message_id: str) -> list[Stream]:
        """A message's streams in order; all but the first go on from the one before."""
        rows = self._database.fetch(_STREAM + "where s.message_id = ? order by s.seq", [message_id])
        return [_stream(row) for row in rows]

    def text(self, stream_id: str) -> tuple[str, str]:
        """The answer and the reasoning that are saved of a stream."""
        with self._database.snapshot() as cursor:
            sql = "select text, reasoning from outcomes where stream_id = ?"
            rows = cursor.execute(sql, [stream_id]).fetchall()
            if rows:
                return rows[0][0], rows[0][1]
            found = saved_chunks(cursor, [stream_id]).get(stream_id, {})
        return found.get(Kind.ANSWER, ("", Trace()))[0], found.get(Kind.REASONING, ("", Trace()))[0]

    def saved(self, stream_ids: list[str]) -> dict[str, dict[Kind, tuple[str, Trace]]]:
        """The texts and traces of streams that are not closed, from their chunks."""
        with self._database.read() as cursor:
            return saved_chunks(cursor, stream_ids)

    def traces(self, stream_id: str) -> tuple[Trace, Trace]:
        """When each piece of the answer and of the reasoning arrived."""
        rows = self._database.fetch(
            "select lengths, times, reasoning_lengths, reasoning_times from outcomes where stream_id = ?", [stream_id]
        )
        if rows:
            lengths, times, reasoning_lengths, reasoning_times = (tuple(part) for part in rows[0])
            return Trace(lengths, times), Trace(reasoning_lengths, reasoning_times)
        found = self.saved([stream_id]).get(stream_id, {})
        return found.get(Kind.ANSWER, ("", Trace()))[1], found.get(Kind.REASONING, ("", Trace()))[1]

    def start(self, stream_id: str) -> None:
        """Saves that a pending stream was started."""
        row = [stream_id, self._database.clock.now()]
        self._database.write(lambda cursor: cursor.execute("insert into starts values (?, ?)", row).fetchall())

    def name(self, stream_id: str, generation_id: str, *, anew: bool = False) -> None:
        """Queues the generation's id to be saved with the next commit; `anew` when a try before had another."""

        def job(cursor: DuckDBPyConnection) -> None:
            if anew:
                cursor.execute("delete from generations where stream_id = ?", [stream_id]).fetchall()
            cursor.execute("insert into generations values (?, ?)", [stream_id, generation_id]).fetchall()

        self._database.submit(job)

    def add_cost(self, stream_id: str, usage: Usage) -> None:
        """Saves what the provider's books say of a generation, in place of what they said before."""
        row = [stream_id, *astuple(usage)]

        def job(cursor: DuckDBPyConnection) -> None:
            cursor.execute("delete from costs where stream_id = ?", [stream_id]).fetchall()
            cursor.execute("insert into costs values (?, ?, ?, ?, ?, ?)", row).fetchall()

        self._database.write(job)

    def without_cost(self, since: datetime) -> list[tuple[str, str, str]]:
        """Closed generations whose cost is not known: stream id, generation id, requested model."""
        rows = self._database.fetch(
            "select s.id, g.generation_id, s.model from generations g join streams s on s.id = g.stream_id "
            "join outcomes o on o.stream_id = s.id left join costs c on c.stream_id = s.id "
            "where o.cost is null and c.stream_id is null and s.created_at > ?",
            [since],
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def tidy(self) -> int:
        """Removes the chunks of closed streams, whose text is whole in `outcomes`; call it when nothing streams."""
        sql = "delete from chunks where stream_id in (select stream_id from outcomes)"
        removed: int = self._database.write(lambda cursor: cursor.execute(sql).fetchall()[0][0])
        return removed


def saved_chunks(cursor: DuckDBPyConnection, stream_ids: list[str]) -> dict[str, dict[Kind, tuple[str, Trace]]]:
    """The texts and traces that the chunks of some streams make, by stream and kind."""
    rows = cursor.execute(
        "select stream_id, kind, string_agg(text, '' order by position), flatten(list(lengths order by position)), "
        "flatten(list(times order by position)) from chunks where stream_id in (select unnest($1)) "
        "group by stream_id, kind",
        [stream_ids],
    ).fetchall()
    found: dict[str, dict[Kind, tuple[str, Trace]]] = {}
    for stream_id, kind, text, lengths, times in rows:
        found.setdefault(stream_id, {})[Kind(kind)] = (text, Trace(tuple(lengths), tuple(times)))
    return found


def _stream(row: tuple[Any, ...]) -> Stream:
    stream_id, message_id, conversation_id, model, status, retrieve, document_ids, created_at, started_at = row
    open_status = Status.STREAMING if started_at else Status.PENDING
    return Stream(
        id=stream_id,
        message_id=message_id,
        conversation_id=conversation_id,
        model=model,
        status=Status(status) if status else open_status,
        retrieve=retrieve,
        document_ids=None if document_ids is None else tuple(document_ids),
        created_at=created_at,
        started_at=started_at,
    )
