"""The history as its search follows it: what messages can be filtered by, and which have changed.

A message is named by its order number, which never changes; the version of its text is a number made of the id of the
question, or of the last stream of an answer that was closed, and 0 while there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from duckdb import DuckDBPyConnection

from core.store.database import Database

STEP = 50_000
"""Messages whose rows are read at a time."""
_ROWS = """
with chosen as materialized (select id, seq, conversation_id, role, created_at from messages m where {which}),
s as materialized (
    select s.id, s.message_id, s.seq, o.stream_id is not null as closed, o.status, o.error,
        coalesce(o.model, s.model) as model, coalesce(c.cost, o.cost) as answering, r.cost as rewriting,
        exists (from starts t where t.stream_id = s.id) as started
    from (select * from streams where message_id in (select id from chosen)) s
    left join outcomes o on o.stream_id = s.id
    left join costs c on c.stream_id = s.id
    left join retrievals r on r.stream_id = s.id
),
answers as (
    select message_id, arg_max(id, seq) filter (where closed) as text_id, arg_max(model, seq) as model,
        arg_max(case when closed then status when started then 'streaming' else 'pending' end, seq) as status,
        arg_max(error is not null or coalesce(status, '') in ('error', 'timeout', 'interrupted'), seq) as failed,
        sum(coalesce(answering, 0) + coalesce(rewriting, 0))
            filter (where answering is not null or rewriting is not null) as cost
    from s group by message_id
),
ratings as (
    select message_id, arg_max(rating, created_at) as rating from feedback
    where message_id in (select id from chosen) group by message_id
)
select m.seq, m.conversation_id, epoch_us(m.created_at) as created_at, m.role, coalesce(a.status, 'done') as status,
    a.model, coalesce(a.failed, false) as failed, coalesce(f.rating, 0)::tinyint as rating, a.cost,
    case when m.role = 'user' then md5_number_lower(m.id) when a.text_id is null then 0
        else md5_number_lower(a.text_id) end::ubigint as version
from chosen m left join answers a on a.message_id = m.id left join ratings f on f.message_id = m.id
"""
_OF_STREAM = "select m.seq from {table} t join streams s on s.id = t.stream_id join messages m on m.id = s.message_id"
_OF_MESSAGE = "select m.seq from {table} t join messages m on m.id = t.message_id"
_FOLLOWED = {  # What tells the rows of a table apart, and the messages that some of its rows belong to.
    "messages": ("id", "select t.seq from messages t"),
    "streams": ("id", _OF_MESSAGE),
    "starts": ("stream_id", _OF_STREAM),
    "outcomes": ("stream_id", _OF_STREAM),
    "costs": ("stream_id", _OF_STREAM),
    "feedback": ("concat(message_id, epoch_us(created_at))", _OF_MESSAGE),
}
_UNPAID = "select stream_id from retrievals where generation_id is not null and cost is null"
_PAID = (
    "select m.seq from streams s join messages m on m.id = s.message_id where s.id in (select unnest($1::varchar[]))"
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a table was read: its rows then, and the last of them by row id and key."""

    rows: int
    last: int
    key: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """How far the tables were read, and the retrievals whose cost was not known."""

    tables: Mapping[str, Place]
    unpaid: frozenset[str]


class History:
    """Reads what has become of the messages of one database, many at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def revision(self) -> int:
        """Another number after whatever pages show has changed."""
        return self._database.revision

    def places(self) -> Places:
        """Where the tables end now: what comes behind that is found by `changed`."""
        with self._database.snapshot() as cursor:
            return Places({table: _end(cursor, table) for table in _FOLLOWED}, _unpaid(cursor))

    def quiet(self, before: Places) -> bool:
        """Whether every table has as many rows as before: a glance, to be trusted while `revision` is the same."""
        sql = " union all ".join(f"select '{table}', count(*) from {table}" for table in before.tables)
        return dict(self._database.fetch(sql)) == {table: place.rows for table, place in before.tables.items()}

    def changed(self, before: Places) -> tuple[Places, list[int]] | None:
        """Where the tables end now, and the messages that something was added to since `before`, by their numbers.

        None if rows have gone since: then everything is to be read anew.
        """
        seqs: set[int] = set()
        tables = {}
        with self._database.snapshot() as cursor:
            for table, place in before.tables.items():
                tables[table] = end = _end(cursor, table)
                if not _goes_on(cursor, table, place, end):
                    return None
                if end.rows > place.rows:
                    sql = f"{_FOLLOWED[table][1].format(table=table)} where t.rowid > ?"
                    seqs.update(row[0] for row in cursor.execute(sql, [place.last]).fetchall())
            unpaid = _unpaid(cursor)
            if paid := sorted(before.unpaid - unpaid):
                seqs.update(row[0] for row in cursor.execute(_PAID, [paid]).fetchall())
        return Places(tables, unpaid), sorted(seqs)

    def rows(self, seqs: Sequence[int] | None = None) -> Iterator[pa.Table]:
        """What all or some messages can be filtered by, bit by bit; those that are not there are left out."""
        if seqs is not None:
            for start in range(0, len(seqs), STEP):
                yield self._rows("seq in (select unnest($1::bigint[]))", [list(seqs[start : start + STEP])])
            return
        low = -1
        while (first := self._database.fetch("select min(seq) from messages where seq > ?", [low])[0][0]) is not None:
            low = first + STEP - 1
            yield self._rows("seq between $1 and $2", [first, low])

    def hidden(self) -> list[str]:
        """The conversations that were deleted and can still be restored."""
        return [row[0] for row in self._database.fetch("select id from conversations where deleted_at is not null")]

    def _rows(self, which: str, parameters: list[object]) -> pa.Table:
        with self._database.read() as cursor:
            return cursor.sql(_ROWS.format(which=which), params=parameters).to_arrow_table()


def _end(cursor: DuckDBPyConnection, table: str) -> Place:
    rows, last = cursor.execute(f"select count(*), coalesce(max(rowid), -1) from {table}").fetchall()[0]
    return Place(rows, last, _key(cursor, table, last))


def _key(cursor: DuckDBPyConnection, table: str, row: int) -> str | None:
    found = cursor.execute(f"select {_FOLLOWED[table][0]} from {table} where rowid = ?", [row]).fetchall()
    return str(found[0][0]) if found else None


def _goes_on(cursor: DuckDBPyConnection, table: str, before: Place, end: Place) -> bool:
    """Whether rows were only added: a purge takes some away, and the checkpoint after it numbers the rest anew."""
    added = cursor.execute(f"select count(*) from {table} where rowid > ?", [before.last]).fetchall()[0][0]
    return _key(cursor, table, before.last) == before.key and end.rows - before.rows == added


def _unpaid(cursor: DuckDBPyConnection) -> frozenset[str]:
    return frozenset(row[0] for row in cursor.execute(_UNPAID).fetchall())
