"""What is tidied when it is quiet, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core import maintenance
from core.maintenance import Maintenance
from core.models import Kind
from tests.core.streams.support import PATIENCE, Rig
from tests.support.server import wait_for


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A database and its hub."""
    opened = Rig(tmp_path / "test.duckdb")
    yield opened
    opened.close()


@contextmanager
def maintained(rig: Rig, purged: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Maintenance of a database that is looked at all the time."""
    thread = Maintenance(rig.database, rig.conversations, rig.streams, rig.hub, purged)
    yield
    thread.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment is quiet enough, and any log is worth folding."""
    monkeypatch.setattr(maintenance, "_EVERY", 0.01)
    monkeypatch.setattr(maintenance, "_QUIET", 0.02)
    monkeypatch.setattr(maintenance, "_LOG_WORTH_FOLDING", 0)


def chunks(rig: Rig) -> int:
    return int(rig.database.fetch("select count(*) from chunks")[0][0])


def test_chunks_of_closed_streams_go_and_texts_stay(rig: Rig) -> None:
    """When it is quiet the chunks are removed and the log is folded; texts and traces are what they were."""
    log = rig.stream()
    rig.write(log, "one ", "two")
    rig.write(log, "hm", kind=Kind.REASONING)
    rig.end(log)
    text, traces = rig.streams.text(log.stream_id), rig.streams.traces(log.stream_id)
    with maintained(rig):
        wait_for(lambda: chunks(rig) == 0 and rig.database.log_size == 0, PATIENCE, "it is not tidied")
    assert rig.streams.text(log.stream_id) == text == ("one two", "hm")
    assert rig.streams.traces(log.stream_id) == traces


def test_nothing_is_tidied_while_an_answer_is_written(rig: Rig) -> None:
    """No viewer waits for a checkpoint: as long as something streams, chunks and log stay."""
    closed, going_on = rig.stream(), rig.stream()
    rig.write(closed, "closed")
    rig.end(closed)
    with maintained(rig):
        for number in range(5):
            rig.write(going_on, f"{number} ")
        assert chunks(rig) == 6
        rig.end(going_on)
        wait_for(lambda: chunks(rig) == 0, PATIENCE, "it is not tidied")
    assert rig.streams.text(going_on.stream_id)[0] == "0 1 2 3 4 "


def test_a_stream_that_nobody_started_does_not_keep_it_from_being_quiet(rig: Rig) -> None:
    """Pending streams may wait for a long time."""
    rig.stream(started=False)
    log = rig.stream()
    rig.write(log, "text")
    rig.end(log)
    with maintained(rig):
        wait_for(lambda: chunks(rig) == 0, PATIENCE, "it is not tidied")


def test_what_was_deleted_is_purged_when_it_can_no_longer_be_restored(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion is final after the time in which it can be undone, not before; who keeps copies then hears of it."""
    kept, gone = rig.stream(), rig.stream()
    for log in (kept, gone):
        rig.write(log, "text")
        rig.end(log)
    rig.conversations.delete(gone.conversation_id)
    with maintained(rig):
        wait_for(lambda: chunks(rig) == 0, PATIENCE, "it is not tidied")
    assert rig.count("outcomes", gone.stream_id) == 1
    monkeypatch.setattr(maintenance, "UNDO", timedelta(0))
    rig.write(rig.stream(), "more")
    for log in rig.hub.open_streams():
        rig.end(log)
    purged: list[int] = []
    with maintained(rig, lambda: purged.append(rig.count("outcomes", gone.stream_id))):
        wait_for(lambda: purged == [0], PATIENCE, "it is not purged")
    assert rig.streams.text(kept.stream_id)[0] == "text"


def test_a_failure_does_not_end_it(rig: Rig) -> None:
    """What could not be tidied is tried again."""
    log = rig.stream()
    rig.write(log, "text")
    rig.end(log)
    rig.database.write(lambda cursor: cursor.execute("alter table chunks rename to away").fetchall())
    with maintained(rig):
        wait_for(lambda: rig.database.log_size > 0, PATIENCE, "nothing is in the log")
        polls = iter(range(20))
        wait_for(lambda: next(polls, None) is None, PATIENCE, "it takes too long")
        rig.database.write(lambda cursor: cursor.execute("alter table away rename to chunks").fetchall())
        wait_for(lambda: chunks(rig) == 0, PATIENCE, "it is not tried again")
