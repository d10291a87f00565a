"""Starting, stopping and shutting down: a stream is started or closed, never both, and nobody drives it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.errors import NotFound, TooMany
from core.generation import engine
from core.generation.engine import SHUT_DOWN
from core.models import Asked, Status
from core.questions import Question
from core.service import Service
from tests.core.generation.support import PATIENCE, ask, busily_switching, count, ended, log_of, opened, shown
from tests.core.streams.support import saving_fails, wait_for, writer_held
from tests.fakes.openrouter import FakeOpenRouter, expected_text


def together(*works: Any) -> list[Any]:
    """Does everything at the same moment, each on a thread of its own; the results in their order."""
    ready = threading.Barrier(len(works))
    results: dict[int, Any] = {}

    def run(place: int, work: Any) -> None:
        ready.wait(PATIENCE)
        results[place] = work()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return [results[place] for place in range(len(works))]


@pytest.fixture
def busy_switching() -> Iterator[None]:
    """Threads take turns as often as they can, so that what may come between two steps does."""
    with busily_switching():
        yield


def test_a_stream_is_started_once(service: Service, upstream: FakeOpenRouter) -> None:
    """However many start it at the same moment, one does, and the model is asked once."""
    asked = ask(service, "fake/stream?tokens=20", start=False)
    before = len(upstream.completions())
    started = together(*[lambda: service.chat.start(asked.stream_id)] * 8)
    assert sorted(started) == [False] * 7 + [True]
    assert ended(service, asked).content == expected_text(20)
    assert not service.chat.start(asked.stream_id)
    assert len(upstream.completions()) == before + 1
    assert count(service, "starts", asked.stream_id) == count(service, "outcomes", asked.stream_id) == 1


def test_a_pending_stream_can_be_stopped(service: Service, upstream: FakeOpenRouter) -> None:
    """What was stopped before it began has no text, and is never started."""
    asked, before = ask(service, start=False), len(upstream.completions())
    service.chat.stop(asked.stream_id)
    message = ended(service, asked)
    assert (message.status, message.content) == (Status.STOPPED, "")
    assert not service.chat.start(asked.stream_id)
    assert len(upstream.completions()) == before
    assert count(service, "starts", asked.stream_id) == 0


def test_a_streaming_answer_can_be_stopped(service: Service, upstream: FakeOpenRouter) -> None:
    """Stopping keeps the text, and lets the model's side know by leaving it."""
    asked = ask(service, "fake/stall?stopped")
    shown(service, asked, "Hel")
    assert service.chat.stop(asked.stream_id) is Status.STREAMING
    message = ended(service, asked)
    assert (message.status, message.content, message.error) == (Status.STOPPED, "Hel", None)
    assert service.chat.stop(asked.stream_id) is Status.STOPPED
    assert upstream.wait_for_disconnect("fake/stall?stopped", PATIENCE)
    assert message.continuable


def test_an_answer_can_be_stopped_right_after_its_start(service: Service) -> None:
    """A stop that comes before the first step is not lost, and closes the stream once."""
    for number in range(20):
        asked = ask(service, "fake/silent", start=number % 2 == 0)
        if number % 2:
            service.chat.start(asked.stream_id)
        service.chat.stop(asked.stream_id)
        assert ended(service, asked).status is Status.STOPPED
        assert count(service, "outcomes", asked.stream_id) == 1


@pytest.mark.usefixtures("busy_switching")
def test_start_and_stop_at_once_leave_one_state(service: Service) -> None:
    """Whichever comes first, the stream is closed as stopped, its followers end, and no status goes back."""
    for _ in range(15):
        asked = ask(service, "fake/silent", start=False)
        log = log_of(service, asked)
        together(partial(service.chat.start, asked.stream_id), partial(service.chat.stop, asked.stream_id))
        assert ended(service, asked).status is Status.STOPPED
        assert log.status is Status.STOPPED
        assert count(service, "outcomes", asked.stream_id) == 1
    wait_for(lambda: not service.hub.open_streams(), PATIENCE, "streams are left open")


def test_stopping_while_the_start_is_being_saved_waits_for_it(service: Service) -> None:
    """A stop that meets a start on its way to disk closes the stream after it."""
    asked = ask(service, "fake/silent", start=False)
    with writer_held(service.database):
        starting = threading.Thread(target=service.chat.start, args=(asked.stream_id,), daemon=True)
        starting.start()
        wait_for(lambda: asked.stream_id in service.engine._starting, PATIENCE, "it is not being started")
        assert service.chat.stop(asked.stream_id) is Status.PENDING
    starting.join(PATIENCE)
    assert ended(service, asked).status is Status.STOPPED
    assert count(service, "starts", asked.stream_id) == count(service, "outcomes", asked.stream_id) == 1


def test_a_start_that_cannot_be_saved_can_be_repeated(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """When saving the start fails the stream stays pending, and is started by the next who asks."""
    with opened(tmp_path, upstream) as service:
        asked = ask(service, start=False)
        other = "drop table starts; create table starts (stream_id varchar, started_at timestamptz, more integer)"
        service.database.write(lambda cursor: cursor.execute(other).fetchall())
        with pytest.raises(Exception, match="3 columns"):
            service.chat.start(asked.stream_id)
        assert service.chat.message(asked.message_id).status is Status.PENDING
        service.database.write(lambda cursor: cursor.execute("alter table starts drop column more").fetchall())
        assert service.chat.start(asked.stream_id)
        assert ended(service, asked).content == "Hello"


def test_a_disk_that_fails_ends_the_answer(service: Service) -> None:
    """While nothing can be saved an answer is ended rather than collected; what was saved stays, once it can be."""
    asked = ask(service, "fake/stream?tokens=100000&rate=300")
    for update in service.follower.follow(asked.stream_id):
        if update.text:
            break
    with saving_fails(service):  # type: ignore[arg-type]
        log = log_of(service, asked)
        wait_for(lambda: log.closing, PATIENCE, "the answer does not end")
        assert not log.status.closed
        assert service.health().database != "ok"
    wait_for(lambda: log.status.closed, PATIENCE, "the end is not saved")
    message = service.chat.message(asked.message_id)
    assert message.status is Status.ERROR
    assert expected_text(100_000).startswith(message.content)
    assert service.health().database == "ok"


def test_what_does_not_exist_is_not_found(service: Service) -> None:
    """Starting or stopping an unknown stream says so."""
    for deed in (service.chat.start, service.chat.stop):
        with pytest.raises(NotFound):
            deed("none")


def test_only_so_many_streams_are_taken(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a question is refused with nothing saved; when one has ended the next is taken."""
    wait_for(lambda: not service.hub.open_streams(), PATIENCE, "streams are left open")
    monkeypatch.setattr(engine, "MOST_STREAMS", 3)
    held = [ask(service, start=False) for _ in range(3)]
    before = service.database.fetch("select count(*) from messages")
    with pytest.raises(TooMany, match="Try again"):
        ask(service)
    assert service.database.fetch("select count(*) from messages") == before
    service.chat.stop(held[0].stream_id)
    ended(service, held[0])
    assert ended(service, ask(service)).content == "Hello"
    for asked in held[1:]:
        service.chat.stop(asked.stream_id)
        ended(service, asked)


def test_many_answers_at_once_keep_to_themselves(service: Service) -> None:
    """Thirty answers that are written at the same time each have exactly their own text."""
    asked = [ask(service, f"fake/stream?tokens={20 + number}&rate=400") for number in range(30)]
    for number, one in enumerate(asked):
        assert ended(service, one).content == expected_text(20 + number)


# Shutting down


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Followers are told the end of their streams however long the disk takes to have it."""
    monkeypatch.setattr("core.streams.hub._PATIENCE", PATIENCE)


def closed_while_writing(service: Service) -> tuple[Asked, Asked, Asked]:
    """One answer that is being written, one that is still searching its first token, one that nobody started."""
    writing, silent, pending = ask(service, "fake/stall"), ask(service, "fake/silent"), ask(service, start=False)
    shown(service, writing, "Hel")
    return writing, silent, pending


def test_a_shutdown_interrupts_answers_and_says_so(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """What was being written is closed as interrupted with its text; what was pending can be started after."""
    with opened(tmp_path, upstream) as service:
        writing, silent, pending = closed_while_writing(service)
    with opened(tmp_path, upstream) as service:
        for asked, kept in ((writing, "Hel"), (silent, "")):
            message = service.chat.message(asked.message_id)
            assert (message.status, message.content, message.error) == (Status.INTERRUPTED, kept, SHUT_DOWN)
            assert count(service, "outcomes", asked.stream_id) == 1
        assert service.chat.message(pending.message_id).status is Status.PENDING
        assert service.chat.start(pending.stream_id)
        assert ended(service, pending).content == "Hello"


@pytest.mark.usefixtures("slow_disk")
def test_a_shutdown_tells_followers_at_once(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Who follows an answer when the server is asked to end sees it interrupted, and nobody is left waiting."""
    with opened(tmp_path, upstream) as service:
        writing, _, pending = closed_while_writing(service)
        found: dict[str, Any] = {}

        def follow(name: str, asked: Asked) -> None:
            *_, found[name] = service.follower.follow(asked.stream_id)

        threads = [
            threading.Thread(target=follow, args=pair, daemon=True)
            for pair in (("writing", writing), ("pending", pending))
        ]
        for thread in threads:
            thread.start()
        service.begin_close()
        service.begin_close()
        for thread in threads:
            thread.join(PATIENCE)
    assert found["writing"].status is Status.INTERRUPTED
    assert found["pending"].status is Status.PENDING


@pytest.mark.usefixtures("slow_disk")
def test_closing_may_be_begun_and_done_at_the_same_time(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """A signal that comes while the app is closing anyway does no harm, nor does a second one."""
    with opened(tmp_path, upstream) as service:
        asked = ask(service, "fake/stall")
        shown(service, asked, "Hel")
        together(service.begin_close, service.begin_close, service._end_answers)
        wait_for(lambda: service.hub.closed, PATIENCE, "it does not close")
        assert service.chat.message(asked.message_id).status is Status.INTERRUPTED


def test_a_question_that_comes_during_the_shutdown_is_kept(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """What is asked after the engine has ended is saved, interrupted at the next start, and can be continued."""
    with opened(tmp_path, upstream) as service:
        service.begin_close()
        wait_for(lambda: service.hub.closed, PATIENCE, "it does not close")
        started, pending = ask(service), ask(service, start=False)
        service.chat.stop(started.stream_id)
        for asked in (started, pending):
            assert [update.text for update in service.follower.follow(asked.stream_id)] == [""]
    with opened(tmp_path, upstream) as service:
        assert service.chat.message(started.message_id).status is Status.INTERRUPTED
        again = service.chat.go_on(started.message_id, start=True)
        assert ended(service, again).status is Status.DONE
        assert service.chat.start(pending.stream_id)
        assert ended(service, pending).content == "Hello"


def test_a_late_start_counts_from_the_question(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """A stream that was pending before a restart has only what is left of its time."""
    with opened(tmp_path, upstream, pending_timeout=600.0) as service:
        asked = ask(service, start=False)
        service.database.write(
            lambda cursor: cursor.execute("update streams set created_at = created_at - interval 1 hour").fetchall()
        )
    with opened(tmp_path, upstream, pending_timeout=600.0) as service:
        assert ended(service, asked).status is Status.TIMEOUT


def test_nothing_is_left_on_the_loop(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """A service that was closed leaves no thread of its own behind."""
    with opened(tmp_path, upstream) as service:
        closed_while_writing(service)
        service.chat.ask(ended(service, ask(service)).conversation_id, Question("And?", retrieve=False, start=True))
    own = {"throughline-engine", "throughline-writer", "throughline-maintenance"}
    assert not [thread for thread in threading.enumerate() if thread.name in own and _belongs(thread, service)]


def _belongs(thread: threading.Thread, service: Service) -> bool:
    return thread in (service.engine._thread, service._maintenance._thread, service.database._writer._thread)
