"""What messages say, for those who search and show them: read by order number, some hundreds at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from core.models import Kind, Role
from core.store.database import Database
from core.store.evidence import sources_of
from core.store.streams import saved_chunks

# With the values spelled out, as only so the indexes are used, however many there are.
_MESSAGES = (
    "select seq, id, conversation_id, role, created_at, left(content, {longest}), md5_number_lower(id) "
    "from messages where seq in"
)
_STREAMS = "select id, message_id, seq, md5_number_lower(id) from streams where message_id in"
_OUTCOMES = "select stream_id, left(text, {longest}), error from outcomes where stream_id in"
_TITLES = "select id, title, deleted_at from conversations where id in"

_WHOLE = 1 << 31
_TOLD = 1_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """What a message says in which version, and the documents that it was given, by their marks."""

    seq: int
    version: int
    text: str
    sources: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it is shown among others: the first million characters of its `text`, as far as that is saved."""

    seq: int
    message_id: str
    conversation_id: str
    title: str
    role: Role
    created_at: datetime
    text: str
    error: str | None


class _Message(NamedTuple):
    """A row of `_MESSAGES`."""

    seq: int
    id: str
    conversation_id: str
    role: str
    created_at: datetime
    content: str
    version: int


class _Stream(NamedTuple):
    """One stream of an answer; `text` is None until it is closed."""

    id: str
    version: int
    text: str | None
    error: str | None


class HistoryTexts:
    """Reads the texts of one database's messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def texts(self, seqs: Sequence[int]) -> list[Text]:
        """What some messages say, as far as it is closed: of those that say nothing yet, or are gone, nothing."""
        found = []
        with self._database.snapshot() as cursor:
            messages = _messages(cursor, seqs, _WHOLE)
            answers = _streams(cursor, [m.id for m in messages if m.role == Role.ASSISTANT], _WHOLE)
            closed = [stream.id for streams in answers.values() for stream in streams if stream.text is not None]
            sources = sources_of(cursor, closed) if closed else {}
        for message in messages:
            if message.role == Role.USER:
                found.append(Text(message.seq, message.version, message.content))
                continue
            said = [stream for stream in answers[message.id] if stream.text is not None]
            if said:
                given = next((sources[stream.id] for stream in reversed(said) if stream.id in sources), ())
                marks = tuple((source.mark, source.document_id) for source in given)
                text = "".join(stream.text or "" for stream in said)
                found.append(Text(message.seq, said[-1].version, text, marks))
        return found

    def told(self, seqs: Sequence[int]) -> dict[int, Told]:
        """Some messages by their numbers, without those whose conversation was deleted."""
        with self._database.snapshot() as cursor:
            messages = _messages(cursor, seqs, _TOLD)
            conversations = _listed(cursor, _TITLES, {message.conversation_id for message in messages})
            titles = {id_: title for id_, title, deleted_at in conversations if deleted_at is None}
            answers = _streams(cursor, [m.id for m in messages if m.role == Role.ASSISTANT], _TOLD)
            unfinished = [stream.id for streams in answers.values() for stream in streams if stream.text is None]
            chunks = saved_chunks(cursor, unfinished) if unfinished else {}
        texts = {stream_id: kinds[Kind.ANSWER][0] for stream_id, kinds in chunks.items() if Kind.ANSWER in kinds}
        return {
            message.seq: _told(message, titles[message.conversation_id], answers.get(message.id, ()), texts)
            for message in messages
            if message.conversation_id in titles
        }


def _told(message: _Message, title: str, streams: Sequence[_Stream], so_far: dict[str, str]) -> Told:
    told = Told(*message[:3], title, Role(message.role), message.created_at, message.content, None)
    if not streams:
        return told
    text = "".join(so_far.get(stream.id, "") if stream.text is None else stream.text for stream in streams)
    return replace(told, text=text, error=streams[-1].error)


def _messages(cursor: DuckDBPyConnection, seqs: Sequence[int], longest: int) -> list[_Message]:
    return [_Message(*row) for row in _listed(cursor, _MESSAGES.format(longest=longest), seqs)]


def _streams(cursor: DuckDBPyConnection, message_ids: Sequence[str], longest: int) -> dict[str, list[_Stream]]:
    """The streams of some answers by message, each in order, with at most so many characters of a text."""
    rows = sorted(_listed(cursor, _STREAMS, message_ids), key=lambda row: row[2])
    outcomes = {row[0]: row[1:] for row in _listed(cursor, _OUTCOMES.format(longest=longest), [row[0] for row in rows])}
    found: dict[str, list[_Stream]] = defaultdict(list)
    for stream_id, message_id, _, version in rows:
        found[message_id].append(_Stream(stream_id, version, *outcomes.get(stream_id, (None, None))))
    return found


def _listed(cursor: DuckDBPyConnection, sql: str, values: Collection[object]) -> list[tuple[Any, ...]]:
    if not values:
        return []
    return cursor.execute(f"{sql} ({', '.join('?' * len(values))})", list(values)).fetchall()
