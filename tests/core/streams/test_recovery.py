"""The next start after a crash: what was being written is closed as interrupted, with every saved character."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.models import Kind, Status
from core.streams.recovery import INTERRUPTED, recover
from tests.core.streams.support import Rig

Crash = Callable[[Rig], Rig]


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Crash]:
    """Opens the files as they are on disk now, as the start after `kill -9` would."""
    opened: list[Rig] = []

    def crashed(rig: Rig) -> Rig:
        folder = tmp_path / f"crash-{len(opened)}"
        folder.mkdir()
        for name in (rig.path.name, f"{rig.path.name}.wal"):
            if rig.path.with_name(name).exists():
                shutil.copy(rig.path.with_name(name), folder / name)
        opened.append(Rig(folder / rig.path.name))
        return opened[-1]

    yield crashed
    for one in opened:
        one.close()


def test_every_character_that_was_shown_is_there_after_a_crash(rig: Rig, crash: Crash) -> None:
    """An answer that was being written is interrupted with the text that its followers had seen."""
    log = rig.stream()
    rig.write(log, "Once ", "upon ")
    rig.write(log, "a time 🌊")
    rig.write(log, "hm", kind=Kind.REASONING)
    shown = rig.follower.read(log.stream_id)
    again = crash(rig)
    assert recover(again.database, again.streams) == []
    found = again.follower.read(log.stream_id)
    assert (found.text, found.reasoning) == (shown.text, shown.reasoning) == ("Once upon a time 🌊", "hm")
    assert found.status is Status.INTERRUPTED
    message = again.messages.read(log.conversation_id, [again.conversations.tree(log.conversation_id)[-1].id])[0]
    assert (message.error, message.content) == (INTERRUPTED, "Once upon a time 🌊")
    assert message.continuable
    assert again.streams.traces(log.stream_id) == rig.streams.traces(log.stream_id)


def test_a_crash_at_any_moment_leaves_what_was_shown_by_then(rig: Rig, crash: Crash) -> None:
    """However far the answer had come, the next start finds at least what had been shown."""
    log = rig.stream()
    for number in range(6):
        rig.write(log, f"{number} ")
        shown = rig.follower.read(log.stream_id).text
        again = crash(rig)
        recover(again.database, again.streams)
        assert again.streams.text(log.stream_id)[0] == shown == "".join(f"{n} " for n in range(number + 1))


def test_an_answer_without_a_token_is_interrupted_too(rig: Rig, crash: Crash) -> None:
    """A stream that was started and had no text yet is closed with none."""
    log = rig.stream()
    again = crash(rig)
    recover(again.database, again.streams)
    found = again.follower.read(log.stream_id)
    assert (found.text, found.status) == ("", Status.INTERRUPTED)


def test_what_was_pending_is_still_pending(rig: Rig, crash: Crash) -> None:
    """A question that nobody had started can still be started after a crash."""
    pending = rig.stream(started=False)
    again = crash(rig)
    assert [stream.id for stream in recover(again.database, again.streams)] == [pending.stream_id]
    assert again.count("outcomes", pending.stream_id) == 0


def test_what_was_closed_stays_as_it_was(rig: Rig, crash: Crash) -> None:
    """Recovery touches no stream that has an outcome."""
    log = rig.stream()
    rig.write(log, "text")
    rig.end(log, Status.STOPPED)
    before = rig.database.fetch("select * from outcomes")
    again = crash(rig)
    recover(again.database, again.streams)
    assert again.database.fetch("select * from outcomes") == before


def test_a_crash_during_recovery_changes_nothing(rig: Rig, crash: Crash) -> None:
    """Recovering what was recovered finds nothing to do: a stream is closed once, over any number of starts."""
    log = rig.stream()
    rig.write(log, "text")
    first = crash(rig)
    recover(first.database, first.streams)
    before = first.database.fetch("select * from outcomes")
    second = crash(first)
    recover(second.database, second.streams)
    assert second.database.fetch("select * from outcomes") == before
    assert second.count("outcomes", log.stream_id) == 1


def test_a_generation_that_was_tried_twice_is_interrupted_once(rig: Rig, crash: Crash) -> None:
    """A stream whose generation got a second id has one outcome and its text once."""
    log = rig.stream()
    rig.streams.name(log.stream_id, "gen-1")
    rig.streams.name(log.stream_id, "gen-2", anew=True)
    rig.write(log, "text")
    again = crash(rig)
    recover(again.database, again.streams)
    assert again.count("outcomes", log.stream_id) == 1
    node = again.conversations.tree(log.conversation_id)[-1]
    assert again.messages.read(log.conversation_id, [node.id])[0].content == "text"


def test_many_streams_are_recovered_each_with_its_own_text(rig: Rig, crash: Crash) -> None:
    """A server that was writing many answers leaves each of them with exactly its own characters."""
    logs = [rig.stream() for _ in range(25)]
    for number in range(4):
        for index, log in enumerate(logs):
            rig.hub.append(log, Kind.ANSWER, f"{index}.{number} ")
        rig.write(logs[0])
    for log in logs:
        rig.write(log)
    again = crash(rig)
    recover(again.database, again.streams)
    for index, log in enumerate(logs):
        assert again.streams.text(log.stream_id)[0] == "".join(f"{index}.{number} " for number in range(4))
