"""What tests of streams share: a database with a hub but no model, and a way to hold its writer up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duckdb import DuckDBPyConnection

from core.clock import Clock
from core.ids import new_id
from core.models import Asked, Kind, Outcome, Status
from core.store.conversations import Conversations, NewAnswer, NewConversation
from core.store.database import Database
from core.store.messages import Messages
from core.store.streams import Streams
from core.streams.follow import Follower
from core.streams.hub import Hub
from core.streams.log import StreamLog
from tests.support.server import wait_for

PATIENCE = 60.0


def new_answer(seq: int = 1, *, started: bool = True, client_id: str | None = None) -> NewAnswer:
    """The rows of a new conversation with one question."""
    return NewAnswer(
        ids=Asked(new_id(), new_id(), new_id(), new_id()),
        seq=seq,
        model="fake/echo",
        retrieve=False,
        document_ids=None,
        parent_id=None,
        content="Why?",
        started=started,
        client_id=client_id,
        begins=NewConversation("Why?", None),
    )


class Rig:
    """An open database, and the streams that a test writes into it by hand."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self.database = Database(path, clock)
        self.conversations = Conversations(self.database)
        self.messages = Messages(self.database)
        self.streams = Streams(self.database)
        self.hub = Hub(self.database)
        self.follower = Follower(self.hub, self.streams)

    def stream(self, *, started: bool = True) -> StreamLog:
        """A stream with all its rows, open in the hub."""
        asked, _ = self.conversations.add_answer(new_answer(self.conversations.last_seq() + 1, started=started))
        log = self.hub.open(asked.stream_id, asked.conversation_id)
        if started:
            log.begin()
        return log

    def write(self, log: StreamLog, *pieces: str, kind: Kind = Kind.ANSWER) -> None:
        """Appends pieces; back when they are on disk."""
        for piece in pieces:
            self.hub.append(log, kind, piece)
        wait_for(lambda: log.backlog() == 0, PATIENCE, "the text is not saved")

    def end(self, log: StreamLog, status: Status = Status.DONE) -> None:
        """Closes a stream; back when that is on disk."""
        self.hub.close_stream(log, Outcome(status))
        wait_for(lambda: log.outcome is not None, PATIENCE, "the stream is not closed")

    def count(self, table: str, stream_id: str) -> int:
        """How many rows of a table belong to a stream."""
        rows = self.database.fetch(f"select count(*) from {table} where stream_id = ?", [stream_id])
        return int(rows[0][0])

    def close(self) -> None:
        """Ends followers and lets go of the file."""
        self.hub.close()
        self.database.close()


@contextmanager
def writer_held(database: Database) -> Iterator[None]:
    """Nothing that is queued inside is committed before the end."""
    entered, released = threading.Event(), threading.Event()

    def job(_: DuckDBPyConnection) -> None:
        entered.set()
        assert released.wait(PATIENCE)

    held = database.submit(job)
    assert entered.wait(PATIENCE)
    try:
        yield
    finally:
        released.set()
        held.result(PATIENCE)


@contextmanager
def saving_fails(rig: Rig) -> Iterator[None]:
    """No text can be saved inside: the table that it goes to is away."""
    rig.database.write(lambda cursor: cursor.execute("alter table chunks rename to away").fetchall())
    try:
        yield
    finally:
        rig.database.write(lambda cursor: cursor.execute("alter table away rename to chunks").fetchall())
