"""Conversations and the tree of their messages: what is asked, renamed, rated, deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from core.errors import Conflict, NotFound
from core.models import Asked, Conversation, Node, Role
from core.store.database import Database
from core.store.writer import WriteJob

_SUMMARY = """
select c.id, c.title, c.model, c.pinned, c.archived, c.created_at, m.updated_at, m.messages, c.document_ids
from conversations c
join (
    select conversation_id, max(created_at) as updated_at, count(*) as messages from messages group by conversation_id
) m on m.conversation_id = c.id
where c.deleted_at is null
"""


@dataclass(frozen=True, slots=True)
class NewConversation:
    """The row of a conversation that begins."""

    title: str
    document_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """The rows of a question and of the stream that will answer it.

    With `begins` the conversation is made too; without `content` there is no new question (an answer is made anew,
    as a child of `parent_id`); without `answer` the stream goes on with the message that is there. `newest` says that
    `parent_id` has to be the newest message.
    """

    ids: Asked
    seq: int
    model: str
    retrieve: bool
    document_ids: tuple[str, ...] | None
    parent_id: str | None
    content: str | None
    started: bool
    client_id: str | None = None
    begins: NewConversation | None = None
    answer: bool = True
    newest: bool = False


class Conversations:
    """The conversations of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first_pages: tuple[int, dict[Any, list[Conversation]]] = (-1, {})

    def last_seq(self) -> int:
        """The highest order number given so far, 0 in a new database."""
        rows = self._database.fetch(
            "select greatest((select coalesce(max(seq), 0) from messages), (select coalesce(max(seq), 0) from streams))"
        )
        return int(rows[0][0])

    def newest(self) -> datetime | None:
        """When the newest message was saved."""
        found: datetime | None = self._database.fetch("select max(created_at) from messages")[0][0]
        return found

    def now(self) -> datetime:
        """The time to store."""
        return self._database.clock.now()

    def add_answer(self, new: NewAnswer) -> tuple[Asked, bool]:
        """Saves a question and its coming answer in one transaction, and says whether they are new.

        A `client_id` that was used before changes nothing and gives the ids of that time.

        Raises:
            NotFound: the conversation was deleted meanwhile.
            Conflict: somebody else asked there meanwhile.
        """
        now = self._database.clock.now()
        result: tuple[Asked, bool] = self._write(lambda cursor: _add_answer(cursor, new, now))
        return result

    def asked(self, client_id: str) -> bool:
        """Whether a question with that `client_id` is saved."""
        return bool(self._database.fetch("select 1 from messages where client_id = ? limit 1", [client_id]))

    def get(self, conversation_id: str) -> Conversation | None:
        """A conversation, unless it is unknown or deleted."""
        rows = self._database.fetch(_SUMMARY + "and c.id = ?", [conversation_id])
        return _conversation(rows[0]) if rows else None

    def page(
        self,
        limit: int,
        before: tuple[datetime, str] | None = None,
        archived: bool | None = False,
        pinned: bool | None = None,
    ) -> list[Conversation]:
        """The conversations with the newest messages first, from behind `before` (its `updated_at` and id)."""
        if before:
            return self._page(limit, before, archived, pinned)
        revision = self._database.revision
        if self._first_pages[0] != revision:
            self._first_pages = (revision, {})
        pages, key = self._first_pages[1], (limit, archived, pinned)
        if key not in pages:  # Every run of every page asks, and a long history takes its time.
            pages[key] = self._page(limit, None, archived, pinned)
        return list(pages[key])

    def _page(
        self, limit: int, before: tuple[datetime, str] | None, archived: bool | None, pinned: bool | None
    ) -> list[Conversation]:
        sql, parameters = _SUMMARY, list[Any]()
        for column, value in (("archived", archived), ("pinned", pinned)):
            if value is not None:
                sql += f" and c.{column} = ?"
                parameters.append(value)
        if before:
            sql += " and (m.updated_at, c.id) < (?, ?)"
            parameters += before
        rows = self._database.fetch(sql + " order by m.updated_at desc, c.id desc limit ?", [*parameters, limit])
        return [_conversation(row) for row in rows]

    def change(self, conversation_id: str, column: str, value: Any) -> None:
        """Sets `title`, `model`, `pinned`, `archived` or `deleted_at`."""
        if column not in ("title", "model", "pinned", "archived", "deleted_at"):
            raise ValueError(column)
        sql = f"update conversations set {column} = ? where id = ?"
        self._write(lambda cursor: cursor.execute(sql, [value, conversation_id]).fetchall())

    def delete(self, conversation_id: str) -> None:
        """Hides a conversation until it is purged."""
        self.change(conversation_id, "deleted_at", self._database.clock.now())

    def tree(self, conversation_id: str) -> list[Node]:
        """Every message's place, in the order of asking."""
        rows = self._database.fetch(
            "select id, parent_id, role, seq from messages where conversation_id = ? order by seq", [conversation_id]
        )
        return [Node(row[0], row[1], Role(row[2]), row[3]) for row in rows]

    def conversation_of(self, message_id: str) -> str | None:
        """The conversation that holds a message, unless it was deleted."""
        rows = self._database.fetch(
            "select c.id from messages m join conversations c on c.id = m.conversation_id "
            "where m.id = ? and c.deleted_at is null",
            [message_id],
        )
        return rows[0][0] if rows else None

    def rate(self, message_id: str, rating: int, comment: str | None) -> None:
        """Saves a thumb; the newest counts, and 0 takes it back."""
        row = [message_id, rating, comment, self._database.clock.now()]
        self._write(lambda cursor: cursor.execute("insert into feedback values (?, ?, ?, ?)", row).fetchall())

    def purge(self, before: datetime) -> int:
        """Removes for good what was deleted before `before`; call it when it is quiet."""
        sql = "select id from conversations where deleted_at < ?"
        gone = [row[0] for row in self._database.fetch(sql, [before])]
        if gone:
            self._database.write(lambda cursor: _purge(cursor, gone))
        return len(gone)

    def _write(self, job: WriteJob) -> Any:
        result = self._database.write(job)
        self._database.revision += 1
        return result


def _add_answer(cursor: DuckDBPyConnection, new: NewAnswer, now: datetime) -> tuple[Asked, bool]:
    if new.client_id and (found := _by_client_id(cursor, new.client_id)):
        return found, False
    ids, insert = new.ids, "insert into messages values (?, ?, ?, ?, ?, ?, ?, ?)"
    if not new.begins:
        _check_place(cursor, new)
    if new.begins:
        cursor.execute(
            "insert into conversations values (?, ?, ?, ?, false, false, ?, null)",
            [ids.conversation_id, new.begins.title, new.model, new.begins.document_ids, now],
        )
    parent_id, role, client_id = new.parent_id, Role.USER.value, new.client_id
    if new.content is not None:
        row = [ids.user_message_id, ids.conversation_id, parent_id, new.seq, role, new.content, client_id, now]
        cursor.execute(insert, row)
        parent_id, client_id = ids.user_message_id, None
    if new.answer:
        role = Role.ASSISTANT.value
        cursor.execute(insert, [ids.message_id, ids.conversation_id, parent_id, new.seq + 1, role, "", client_id, now])
    cursor.execute(
        "insert into streams values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            ids.stream_id,
            ids.message_id,
            ids.conversation_id,
            new.seq + 1,
            new.model,
            new.retrieve,
            new.document_ids,
            now,
        ],
    )
    if new.started:
        cursor.execute("insert into starts values (?, ?)", [ids.stream_id, now])
    return ids, True


def _check_place(cursor: DuckDBPyConnection, new: NewAnswer) -> None:
    """What was looked at before may have changed: the writer alone knows what is there now."""
    here = new.ids.conversation_id
    sql = "select 1 from conversations where id = ? and deleted_at is null"
    if not cursor.execute(sql, [here]).fetchall():
        raise NotFound("conversation", here)
    sql = "select id from messages where conversation_id = ? order by seq desc limit 1"
    if new.newest and cursor.execute(sql, [here]).fetchall() != [(new.parent_id,)]:
        raise Conflict("Another question was asked in this conversation just now. Wait for its answer, then ask again.")
    sql = "select 1 from streams s where message_id = ? and id not in (select stream_id from outcomes)"
    if not new.answer and cursor.execute(sql, [new.ids.message_id]).fetchall():
        raise Conflict("This answer is still being written. Stop it first, or wait for it.")


def _by_client_id(cursor: DuckDBPyConnection, client_id: str) -> Asked | None:
    rows = cursor.execute(
        "select q.conversation_id, q.id, a.id, s.id from messages q "
        "join messages a on a.parent_id = q.id and a.conversation_id = q.conversation_id "
        "join streams s on s.message_id = a.id "
        "join conversations c on c.id = q.conversation_id and c.deleted_at is null "
        "where q.client_id = ? order by s.seq limit 1",
        [client_id],
    ).fetchall()
    return Asked(*rows[0]) if rows else None


def _purge(cursor: DuckDBPyConnection, conversation_ids: list[str]) -> None:
    streams = "select id from streams where conversation_id in (select unnest($1))"
    for table in ("chunks", "outcomes", "starts", "generations", "costs", "retrieved", "retrievals"):
        cursor.execute(f"delete from {table} where stream_id in ({streams})", [conversation_ids]).fetchall()
    messages = "select id from messages where conversation_id in (select unnest($1))"
    for table in ("feedback", "supports", "support_checks"):
        cursor.execute(f"delete from {table} where message_id in ({messages})", [conversation_ids]).fetchall()
    for table in ("streams", "messages"):
        sql = f"delete from {table} where conversation_id in (select unnest($1))"
        cursor.execute(sql, [conversation_ids]).fetchall()
    cursor.execute("delete from conversations where id in (select unnest($1))", [conversation_ids]).fetchall()


def _conversation(row: tuple[Any, ...]) -> Conversation:
    plain: tuple[Any, ...] = row[:-1]
    documents = None if row[-1] is None else tuple(row[-1])
    return replace(Conversation(*plain), document_ids=documents)
