"""The streams of answers with the times of their pieces, as they are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from core.models import Kind, Trace
from core.store.database import Database
from core.store.streams import saved_chunks

# One query a table, each by the streams' ids: a join would read the columns of every answer there is.
_STREAMS = "select id, message_id, created_at from streams where message_id in (select unnest($1)) order by seq"
_STARTS = "select stream_id, started_at from starts where stream_id in (select unnest($1))"
_OUTCOMES = """
select stream_id, text, lengths, times, reasoning, reasoning_lengths, reasoning_times
from outcomes where stream_id in (select unnest($1))
"""
_Texts = dict[Kind, tuple[str, Trace]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is kept of one stream: when it began, its texts whole or as far as they are saved, and their traces."""

    stream_id: str
    began_at: datetime
    text: str = ""
    trace: Trace = field(default_factory=Trace)
    reasoning: str = ""
    reasoning_trace: Trace = field(default_factory=Trace)


class Traces:
    """Reads how answers of one database came."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_messages(self, message_ids: Sequence[str]) -> dict[str, list[Recorded]]:
        """The streams of each message in order; a message that has none, as a question, is left out."""
        with self._database.snapshot() as cursor:
            streams = cursor.execute(_STREAMS, [list(message_ids)]).fetchall()
            ids = [row[0] for row in streams]
            started = dict(cursor.execute(_STARTS, [ids]).fetchall()) if ids else {}
            texts = _texts(cursor, ids) if ids else {}
        found = defaultdict[str, list[Recorded]](list)
        for stream_id, message_id, created_at in streams:
            answer, reasoning = (texts.get(stream_id, {}).get(kind, ("", Trace())) for kind in Kind)
            began_at = started.get(stream_id, created_at)
            found[message_id].append(Recorded(stream_id, began_at, *answer, *reasoning))
        return dict(found)


def _texts(cursor: DuckDBPyConnection, stream_ids: list[str]) -> dict[str, _Texts]:
    """The texts of closed streams from their outcomes, of the others from their chunks."""
    closed = {row[0]: _of_outcome(row) for row in cursor.execute(_OUTCOMES, [stream_ids]).fetchall()}
    unfinished = [stream_id for stream_id in stream_ids if stream_id not in closed]
    return closed | (saved_chunks(cursor, unfinished) if unfinished else {})


def _of_outcome(row: tuple[Any, ...]) -> _Texts:
    _, text, lengths, times, reasoning, reasoning_lengths, reasoning_times = row
    return {
        Kind.ANSWER: (text, Trace(tuple(lengths), tuple(times))),
        Kind.REASONING: (reasoning, Trace(tuple(reasoning_lengths), tuple(reasoning_times))),
    }
