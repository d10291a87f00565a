"""Streams as rows: their state is the rows that are there, their text the same before and after they are closed."""

from __future__ import annotations

from datetime import timedelta

from core.models import Kind, Outcome, Status, Usage
from tests.core.streams.support import Rig

NASTY = "a\r\n\0b\u2028c 🌊\U0001f469‍👧 \ufeff'; drop table streams; --"


def test_a_state_is_the_rows_that_are_there(rig: Rig) -> None:
    """A stream is pending, then streaming once its start is saved, then what its outcome says."""
    log = rig.stream(started=False)

    def status() -> Status:
        found = rig.streams.get(log.stream_id)
        assert found is not None
        return found.status

    assert status() is Status.PENDING
    rig.streams.start(log.stream_id)
    assert status() is Status.STREAMING
    rig.end(log, Status.TIMEOUT)
    assert status() is Status.TIMEOUT


def test_text_is_the_same_before_and_after_closing_and_tidying(rig: Rig) -> None:
    """Chunks, the outcome and what is left after tidying give the same text and the same trace."""
    log = rig.stream()
    rig.write(log, NASTY, "second ")
    rig.write(log, "third")
    rig.write(log, "thought ", "twice", kind=Kind.REASONING)
    text, traces = rig.streams.text(log.stream_id), rig.streams.traces(log.stream_id)
    assert text == (NASTY + "second third", "thought twice")
    assert traces[0].lengths == (len(NASTY), 7, 5)
    rig.end(log)
    assert (rig.streams.text(log.stream_id), rig.streams.traces(log.stream_id)) == (text, traces)
    assert rig.streams.tidy() > 0
    assert (rig.streams.text(log.stream_id), rig.streams.traces(log.stream_id)) == (text, traces)


def test_tidying_removes_the_chunks_of_closed_streams_alone(rig: Rig) -> None:
    """What is still being written keeps its chunks, which are all there is of it."""
    closed, going_on = rig.stream(), rig.stream()
    rig.write(closed, "closed")
    rig.write(going_on, "going on")
    rig.end(closed)
    assert rig.streams.tidy() == 1
    assert rig.count("chunks", closed.stream_id) == 0
    assert rig.count("chunks", going_on.stream_id) == 1
    rig.write(going_on, " and on")
    assert rig.streams.text(going_on.stream_id)[0] == "going on and on"


def test_streams_that_nothing_has_closed_are_unfinished(rig: Rig) -> None:
    """Pending and streaming ones are, in the order of asking."""
    pending, streaming, closed = rig.stream(started=False), rig.stream(), rig.stream()
    rig.end(closed)
    found = [(stream.id, stream.status) for stream in rig.streams.unfinished()]
    assert found == [(pending.stream_id, Status.PENDING), (streaming.stream_id, Status.STREAMING)]


def test_a_generation_that_was_tried_again_keeps_its_newest_id(rig: Rig) -> None:
    """A second id replaces the first, so that the stream stays one row and is closed once after a crash."""
    log = rig.stream()
    rig.streams.name(log.stream_id, "gen-1")
    for name in ("gen-2", "gen-2", "gen-3"):
        rig.streams.name(log.stream_id, name, anew=True)
    rig.write(log, "text")
    assert rig.database.fetch("select generation_id from generations") == [("gen-3",)]
    assert len(rig.streams.unfinished()) == 1
    rig.end(log)
    assert [row[1] for row in rig.streams.without_cost(rig.database.clock.now() - timedelta(days=1))] == ["gen-3"]


def test_the_cost_is_asked_for_where_it_is_not_known(rig: Rig) -> None:
    """Only closed generations with an id, without a cost, and not too old, are asked for."""
    since = rig.database.clock.now() - timedelta(days=1)
    logs = {name: rig.stream() for name in ("unknown", "known", "asked", "open", "nameless")}
    for name, log in logs.items():
        if name != "nameless":
            rig.streams.name(log.stream_id, f"gen-{name}")
    rig.hub.close_stream(logs["known"], Outcome(Status.DONE, usage=Usage(cost=0.1)))
    for name in ("unknown", "asked", "nameless"):
        rig.end(logs[name], Status.STOPPED)
    rig.end(logs["known"])
    rig.streams.add_cost(logs["asked"].stream_id, Usage(cost=0.2))
    assert rig.streams.without_cost(since) == [(logs["unknown"].stream_id, "gen-unknown", "fake/echo")]
    assert rig.streams.without_cost(rig.database.clock.now()) == []
