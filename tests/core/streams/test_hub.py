"""The hub: one commit for all that is pending, each stream closed once, nothing kept that is closed."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from core.clock import Clock
from core.errors import StorageError
from core.models import Kind, Outcome, Status
from core.store.database import Database
from core.streams.hub import Hub
from tests.core.streams.support import PATIENCE, Rig, saving_fails, wait_for, writer_held


def test_a_stream_is_closed_once(rig: Rig) -> None:
    """The first closing counts, on disk too; later ones and later text are refused."""
    log = rig.stream()
    rig.write(log, "text")
    assert rig.hub.close_stream(log, Outcome(Status.STOPPED))
    assert not rig.hub.close_stream(log, Outcome(Status.DONE))
    rig.hub.append(log, Kind.ANSWER, " too late")
    rig.end(log)
    assert not rig.hub.close_stream(log, Outcome(Status.ERROR))
    assert log.status is Status.STOPPED
    assert rig.count("outcomes", log.stream_id) == 1
    assert rig.streams.text(log.stream_id)[0] == "text"


def test_of_many_closings_at_once_one_counts(rig: Rig) -> None:
    """Eight threads close the same stream; one is told that it did, and its status is the one on disk."""
    for _ in range(20):
        log = rig.stream()
        ready, won = threading.Barrier(8), list[Status]()
        statuses = [Status.DONE, Status.STOPPED, Status.ERROR, Status.TIMEOUT] * 2

        def close(status: Status, log: Any = log, ready: Any = ready, won: list[Status] = won) -> None:
            ready.wait(PATIENCE)
            if rig.hub.close_stream(log, Outcome(status)):
                won.append(status)

        threads = [threading.Thread(target=close, args=(status,), daemon=True) for status in statuses]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        rig.end(log)
        assert [log.status] == won
        assert rig.database.fetch("select status from outcomes where stream_id = ?", [log.stream_id]) == [(won[0],)]


def test_a_closing_carries_the_text_that_was_still_pending(rig: Rig) -> None:
    """What came just before the end is saved in the commit that closes the stream."""
    log = rig.stream()
    with writer_held(rig.database):
        for piece in ("all ", "of ", "it"):
            rig.hub.append(log, Kind.ANSWER, piece)
        rig.hub.close_stream(log, Outcome(Status.DONE))
        assert log.status is Status.STREAMING
    rig.end(log)
    assert rig.streams.text(log.stream_id)[0] == "all of it"
    assert log.read(Kind.ANSWER, 0) == "all of it"


def test_chunks_and_outcome_hold_the_same_text(rig: Rig) -> None:
    """The chunks of a stream, put together, are the text of its outcome, with the same trace."""
    log = rig.stream()
    for number in range(200):
        rig.hub.append(log, Kind.ANSWER, f"{number} ")
    rig.end(log)
    text, trace = rig.streams.saved([log.stream_id])[log.stream_id][Kind.ANSWER]
    assert text == rig.streams.text(log.stream_id)[0] == "".join(f"{number} " for number in range(200))
    assert trace == rig.streams.traces(log.stream_id)[0]
    positions = rig.database.fetch("select position, length(text) from chunks order by position")
    assert [position for position, _ in positions] == [
        sum(length for _, length in positions[:row]) for row in range(len(positions))
    ]


def test_all_streams_share_a_commit(rig: Rig) -> None:
    """What many streams have pending while a commit runs goes to disk with the next one: a chunk each, no more."""
    logs = [rig.stream() for _ in range(30)]
    with writer_held(rig.database):
        for number in range(20):
            for log in logs:
                rig.hub.append(log, Kind.ANSWER, f"{number} ")
    for log in logs:
        wait_for(lambda log=log: log.backlog() == 0, PATIENCE, "the text is not saved")  # type: ignore[misc]
    assert rig.database.fetch("select distinct c from (select count(*) as c from chunks group by stream_id)") == [(1,)]


def test_nothing_of_a_closed_stream_is_kept_in_memory(rig: Rig) -> None:
    """Once a stream is closed and nobody follows it, its log is gone without any further write."""
    logs = [rig.stream() for _ in range(3)]
    for log in logs:
        rig.hub.append(log, Kind.ANSWER, "text")
        rig.hub.close_stream(log, Outcome(Status.DONE))
    wait_for(lambda: not rig.hub.open_streams(), PATIENCE, "the streams are not closed")
    refs = [weakref.ref(log) for log in logs]
    del logs, log
    wait_for(lambda: gc.collect() >= 0 and not any(ref() for ref in refs), PATIENCE, "closed streams stay in memory")


def test_a_follower_keeps_its_stream_until_it_leaves(rig: Rig) -> None:
    """A closed stream lives as long as somebody reads it, and no longer."""
    log = rig.stream()
    updates = rig.follower.follow(log.stream_id)
    next(updates)
    rig.write(log, "text")
    rig.end(log)
    ref = weakref.ref(log)
    del log
    assert "".join(update.text for update in updates) == "text"
    del updates
    wait_for(lambda: gc.collect() >= 0 and ref() is None, PATIENCE, "the stream stays in memory")


class Refusal:
    """A database whose writer refuses every job before the caller has the future."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.revision = 0
        self.refused = 0

    def submit(self, _: object) -> Future[Any]:
        self.refused += 1
        future: Future[Any] = Future()
        future.set_exception(StorageError("The disk is full."))
        return future


def test_a_write_that_is_refused_at_once_blocks_nobody() -> None:
    """The refusal is kept as the failure to show, and the hub answers on."""
    database = Refusal()
    hub = Hub(cast(Database, database))
    log = hub.open("stream", "conversation")

    def work() -> None:
        hub.append(log, Kind.ANSWER, "text")
        hub.append(log, Kind.ANSWER, "more")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert hub.failure is not None
    assert hub.failure.message == "The disk is full."
    assert log.read(Kind.ANSWER, 0) == ""
    assert log.backlog() == 8
    wait_for(lambda: database.refused >= 2, PATIENCE, "it is not tried again")
    hub.close()


def test_text_that_comes_after_the_writer_ended_is_let_go(tmp_path: Path) -> None:
    """A stream that outlives its database shows nothing more, and who appends to it meets no error."""
    rig = Rig(tmp_path / "ended.duckdb")
    log = rig.stream()
    rig.write(log, "saved")
    rig.close()
    rig.hub.append(log, Kind.ANSWER, " lost")
    rig.hub.append(log, Kind.ANSWER, " lost")
    assert log.read(Kind.ANSWER, 0) == "saved"


def test_a_failure_is_shown_and_ends_with_the_next_commit(rig: Rig) -> None:
    """While nothing can be saved the failure says why; what was pending is saved when it can be, in order."""
    log = rig.stream()
    rig.write(log, "before ")
    with saving_fails(rig):
        for piece in ("during ", "it "):
            rig.hub.append(log, Kind.ANSWER, piece)
        wait_for(lambda: rig.hub.failure, PATIENCE, "no failure is told")
        assert log.read(Kind.ANSWER, 0) == "before "
        rig.hub.append(log, Kind.ANSWER, "and ")
    wait_for(lambda: rig.hub.failure is None, PATIENCE, "the failure does not end")
    rig.write(log, "after")
    assert log.read(Kind.ANSWER, 0) == rig.streams.text(log.stream_id)[0] == "before during it and after"
    rig.end(log)
    assert rig.streams.text(log.stream_id)[0] == "before during it and after"


def test_a_stream_that_ends_while_nothing_can_be_saved_is_closed_later(rig: Rig) -> None:
    """A closing is not lost with the commit that carried it, and is on disk once."""
    log = rig.stream()
    with saving_fails(rig):
        rig.hub.append(log, Kind.ANSWER, "text")
        rig.hub.close_stream(log, Outcome(Status.DONE))
        wait_for(lambda: rig.hub.failure, PATIENCE, "no failure is told")
        assert log.status is Status.STREAMING
    wait_for(lambda: log.status is Status.DONE, PATIENCE, "the stream is not closed")
    assert rig.count("outcomes", log.stream_id) == 1
    assert rig.streams.saved([log.stream_id])[log.stream_id][Kind.ANSWER][0] == "text"


def test_a_list_of_conversations_can_tell_that_it_changed(rig: Rig) -> None:
    """A new question and a closed stream raise the revision; text alone does not."""
    before = rig.database.revision
    log = rig.stream()
    asked = rig.database.revision
    assert asked > before
    rig.write(log, "text")
    assert rig.database.revision == asked
    rig.end(log)
    wait_for(lambda: rig.database.revision > asked, PATIENCE, "the closing is not told")


def test_closing_the_hub_first_tells_what_was_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that ended just before is seen as ended by its follower, and is so on disk."""
    monkeypatch.setattr("core.streams.hub._PATIENCE", PATIENCE)  # However long the disk takes.
    rig = Rig(tmp_path / "closing.duckdb")
    log = rig.stream()
    seen: list[Status] = []
    thread = threading.Thread(
        target=lambda: seen.extend(u.status for u in rig.follower.follow(log.stream_id)), daemon=True
    )
    thread.start()
    wait_for(lambda: seen, PATIENCE, "nothing is followed")
    rig.hub.append(log, Kind.ANSWER, "text")
    rig.hub.close_stream(log, Outcome(Status.INTERRUPTED))
    rig.hub.close()
    thread.join(PATIENCE)
    assert seen[-1] is Status.INTERRUPTED
    assert rig.streams.text(log.stream_id)[0] == "text"
    rig.close()
