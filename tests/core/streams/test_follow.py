"""Following: seen is saved, everybody gets the same characters from any offset, and nobody drives."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import NotFound, StorageError
from core.models import Kind, Outcome, Status
from core.streams.follow import Update
from core.streams.log import StreamLog
from tests.core.streams.support import PATIENCE, Rig, saving_fails, wait_for, writer_held
from tests.fakes.story import expected_text, token

TOKENS = 600


def write_story(rig: Rig, log: StreamLog, shown: threading.Semaphore | None = None) -> threading.Thread:
    """Appends token by token from a thread of its own, and closes the stream.

    With `shown`, which is released with each update, it does not run ahead of who follows.
    """

    def work() -> None:
        for index in range(TOKENS):
            rig.hub.append(log, Kind.ANSWER, token(index))
            if index % 3 == 0:
                rig.hub.append(log, Kind.REASONING, f"{index} ")
            if index % 20 == 0:
                threading.Event().wait(0.004)
            if shown and index % 100 == 99:
                assert shown.acquire(timeout=PATIENCE)
        rig.hub.close_stream(log, Outcome(Status.DONE))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def saved_by_now(rig: Rig, stream_id: str) -> tuple[str, str]:
    """What a reader of the database alone finds, on a cursor of its own."""
    return rig.streams.text(stream_id)


def test_a_thread_is_shown_nothing_that_is_not_on_disk(rig: Rig) -> None:
    """At the moment of each update the database itself holds at least the text that was shown by then."""
    log, shown = rig.stream(), threading.Semaphore(0)
    writing = write_story(rig, log, shown)
    seen = reasoning = ""
    updates = 0
    for update in rig.follower.follow(log.stream_id):
        shown.release()
        seen, reasoning, updates = seen + update.text, reasoning + update.reasoning, updates + 1
        answer, thoughts = saved_by_now(rig, log.stream_id)
        assert answer.startswith(seen)
        assert thoughts.startswith(reasoning)
        if update.status.closed:
            assert rig.count("outcomes", log.stream_id) == 1
    writing.join(PATIENCE)
    assert seen == expected_text(TOKENS)
    assert reasoning == "".join(f"{index} " for index in range(0, TOKENS, 3))
    assert updates > 3


def test_an_event_loop_is_shown_nothing_that_is_not_on_disk(rig: Rig) -> None:
    """The asynchronous follower too sees a text only after the database has it."""
    log, shown = rig.stream(), threading.Semaphore(0)

    async def follow() -> tuple[str, int]:
        seen, updates = "", 0
        async for update in rig.follower.afollow(log.stream_id):
            shown.release()
            seen, updates = seen + update.text, updates + 1
            assert saved_by_now(rig, log.stream_id)[0].startswith(seen)
            assert update.offset == len(seen)
        return seen, updates

    writing = write_story(rig, log, shown)
    seen, updates = asyncio.run(follow())
    writing.join(PATIENCE)
    assert seen == expected_text(TOKENS)
    assert updates > 3


def test_nothing_is_shown_while_the_commit_is_held_up(rig: Rig) -> None:
    """Text that waits for a slow disk is in no update, no reading and no message until it is saved."""
    log = rig.stream()
    rig.write(log, "saved ")
    node = rig.conversations.tree(log.conversation_id)[-1]
    with writer_held(rig.database):
        rig.hub.append(log, Kind.ANSWER, "not yet")
        rig.hub.close_stream(log, Outcome(Status.DONE))
        updates = rig.follower.follow(log.stream_id, tick=0.02)
        held = [next(updates) for _ in range(5)]
        assert "".join(update.text for update in held) == "saved "
        assert not any(update.status.closed for update in held)
        assert rig.follower.read(log.stream_id).text == "saved "
        assert rig.messages.read(log.conversation_id, [node.id])[0].content == "saved "
    rest = list(updates)
    assert "".join(update.text for update in rest) == "not yet"
    assert rest[-1].status is Status.DONE


def test_nothing_is_shown_that_the_disk_refuses(rig: Rig) -> None:
    """While saving fails, a follower is told so instead of being shown the text; it can come back and go on."""
    log = rig.stream()
    rig.write(log, "saved ")
    updates = rig.follower.follow(log.stream_id)
    seen = next(updates).text
    with saving_fails(rig):
        rig.hub.append(log, Kind.ANSWER, "refused")
        with pytest.raises(StorageError):
            seen += next(updates).text
        assert seen == rig.follower.read(log.stream_id).text == "saved "
    wait_for(lambda: rig.hub.failure is None, PATIENCE, "the failure does not end")
    rig.hub.close_stream(log, Outcome(Status.DONE))
    assert "".join(update.text for update in rig.follower.follow(log.stream_id, len(seen))) == "refused"


def test_a_stream_goes_on_when_its_follower_leaves(rig: Rig) -> None:
    """Viewers only follow: abandoning one, or all, changes nothing for the stream or for others."""
    log = rig.stream()
    writing = write_story(rig, log)
    for update in rig.follower.follow(log.stream_id):
        if update.text:
            break
    other = "".join(update.text for update in rig.follower.follow(log.stream_id))
    writing.join(PATIENCE)
    assert other == expected_text(TOKENS)
    assert not log.wakers


def test_an_abandoned_follower_is_not_woken_any_more(rig: Rig) -> None:
    """Leaving in the middle unregisters, on threads and on loops."""
    log = rig.stream()
    updates = rig.follower.follow(log.stream_id)
    next(updates)
    assert len(log.wakers) == 1
    updates.close()  # type: ignore[attr-defined]
    assert not log.wakers

    async def leave() -> None:
        async with aclosing(rig.follower.afollow(log.stream_id)) as following:
            async for _ in following:
                assert len(log.wakers) == 1
                break

    asyncio.run(leave())
    assert not log.wakers


def test_a_follower_whose_loop_ended_holds_up_nobody(rig: Rig) -> None:
    """A viewer that vanished together with its event loop does not keep others from being woken."""
    log = rig.stream()
    vanished: list[AsyncIterator[Update]] = []

    async def vanish() -> None:
        following = rig.follower.afollow(log.stream_id)
        await anext(following)
        vanished.append(following)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(vanish())
    loop.close()
    assert log.wakers
    rig.write(log, "text")
    rig.end(log)
    assert rig.follower.read(log.stream_id).text == "text"
    assert [update.text for update in rig.follower.follow(log.stream_id)] == ["text"]


def reader(rig: Rig, stream_id: str, seed: int) -> Callable[[], str]:
    """Follows from a random offset, leaves now and then, and comes back to where it was."""

    def read() -> str:
        chance = random.Random(seed)
        start = offset = chance.randrange(300)
        text, closed = "", False
        wait_for(lambda: rig.follower.read(stream_id).offset >= start, PATIENCE, "no text comes")
        while not closed:
            for update in rig.follower.follow(stream_id, offset, tick=0.05):
                text, offset, closed = text + update.text, update.offset, update.status.closed
                assert offset == start + len(text)
                if chance.random() < 0.2:
                    break
        return expected_text(TOKENS)[:start] + text

    return read


def test_every_reader_gets_the_same_characters(rig: Rig) -> None:
    """Twenty readers at random offsets, leaving and coming back while the text is written, all have it exactly."""
    log = rig.stream()
    found: dict[int, str] = {}
    reading = [reader(rig, log.stream_id, seed) for seed in range(20)]
    threads = [
        threading.Thread(target=lambda seed=seed, read=read: found.__setitem__(seed, read()), daemon=True)  # type: ignore[misc]
        for seed, read in enumerate(reading)
    ]
    writing = write_story(rig, log)
    for thread in threads:
        thread.start()
    for thread in [*threads, writing]:
        thread.join(PATIENCE)
    assert set(found) == set(range(20))
    assert all(text == expected_text(TOKENS) for text in found.values())


def test_readers_on_a_loop_get_the_same_characters(rig: Rig) -> None:
    """Fifty asynchronous readers, fast and slow, from any offset, have the text exactly."""
    log = rig.stream()
    text = expected_text(TOKENS)

    async def read(offset: int) -> str:
        parts = [text[:offset]]
        async for update in rig.follower.afollow(log.stream_id, offset):
            parts.append(update.text)
            if offset % 3 == 0:
                await asyncio.sleep(0.002)
        return "".join(parts)

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(read(offset) for offset in range(50)))

    rig.write(log, text[:60])
    rest = threading.Thread(target=lambda: _rest(rig, log, text[60:]), daemon=True)
    rest.start()
    found = asyncio.run(all_of_them())
    rest.join(PATIENCE)
    assert all(one == text for one in found)


def _rest(rig: Rig, log: StreamLog, text: str) -> None:
    for start in range(0, len(text), 7):
        rig.hub.append(log, Kind.ANSWER, text[start : start + 7])
        if start % 140 == 0:
            threading.Event().wait(0.003)
    rig.hub.close_stream(log, Outcome(Status.DONE))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(pieces=st.lists(st.text(min_size=1, max_size=8), max_size=12), data=st.data())
def test_any_cut_and_any_offset_give_the_same_rest(rig: Rig, pieces: list[str], data: st.DataObject) -> None:
    """Live and closed, from each offset, the characters behind it come exactly once."""
    log = rig.stream()
    text = "".join(pieces)
    offset = data.draw(st.integers(0, len(text)))
    for piece in pieces:
        rig.hub.append(log, Kind.ANSWER, piece)
        if rig.database.revision % 2:
            rig.write(log)
    rig.hub.close_stream(log, Outcome(Status.DONE))
    live = list(rig.follower.follow(log.stream_id, offset))
    wait_for(lambda: rig.hub.find(log.stream_id) is None, PATIENCE, "the stream is not closed")
    closed = list(rig.follower.follow(log.stream_id, offset))
    for updates in (live, closed):
        # A reader that was ahead of the disk is given the rest when it is there.
        assert "".join(update.text for update in updates) == text[offset:]
        assert updates[-1].offset == len(text)
    trace = rig.streams.traces(log.stream_id)[0]
    assert sum(trace.lengths) == len(text)
    assert list(trace.times) == sorted(trace.times)


def test_a_stream_that_closes_while_somebody_begins_to_follow_it_is_not_missed(rig: Rig) -> None:
    """Whenever the end comes, before, between or after a follower's first steps, the follower ends."""
    for number in range(20):
        log = rig.stream()
        rig.write(log, "text")
        closing = threading.Thread(target=rig.hub.close_stream, args=(log, Outcome(Status.DONE)), daemon=True)
        closing.start()
        if number % 3 == 0:
            closing.join(PATIENCE)
        updates: list[Update] = []
        follower = threading.Thread(
            target=lambda log=log, to=updates: to.extend(rig.follower.follow(log.stream_id)), daemon=True
        )
        follower.start()
        follower.join(PATIENCE)
        assert not follower.is_alive()
        assert "".join(update.text for update in updates) == "text"
        assert updates[-1].status is Status.DONE


def test_a_closed_stream_is_read_from_the_database(rig: Rig) -> None:
    """Long after its end a stream gives the rest behind any offset in one update."""
    log = rig.stream()
    rig.write(log, "Hello wörld")
    rig.write(log, "hm", kind=Kind.REASONING)
    rig.end(log, Status.STOPPED)
    (update,) = rig.follower.follow(log.stream_id, 6, 1)
    assert (update.text, update.reasoning, update.offset, update.status) == ("wörld", "m", 11, Status.STOPPED)

    async def read() -> list[Update]:
        return [found async for found in rig.follower.afollow(log.stream_id, 6)]

    assert [found.text for found in asyncio.run(read())] == ["wörld"]


def test_a_tick_brings_an_update_without_news(rig: Rig) -> None:
    """A follower that asked for it hears from time to time that nothing has happened."""
    log = rig.stream()
    updates = rig.follower.follow(log.stream_id, tick=0.01)
    assert [next(updates).text for _ in range(4)] == [""] * 4

    async def read() -> list[str]:
        found = []
        async with aclosing(rig.follower.afollow(log.stream_id, tick=0.01)) as following:
            async for update in following:
                found.append(update.text)
                if len(found) == 4:
                    break
        return found

    assert asyncio.run(read()) == [""] * 4


def test_a_note_is_shown_while_there_is_no_text(rig: Rig) -> None:
    """What the answer waits for reaches who follows it."""
    log = rig.stream()
    updates = rig.follower.follow(log.stream_id)
    assert next(updates).note is None
    rig.hub.set_note(log, "Searching your documents…")
    assert next(updates).note == "Searching your documents…"


def test_the_error_of_a_closed_stream_is_told(rig: Rig) -> None:
    """A follower's last update says why the answer ended."""
    log = rig.stream()
    updates = rig.follower.follow(log.stream_id)
    next(updates)
    rig.hub.close_stream(log, Outcome(Status.ERROR, error="It broke."))
    *_, last = updates
    assert (last.status, last.error) == (Status.ERROR, "It broke.")


def test_an_unknown_stream_is_not_found(rig: Rig) -> None:
    """Following what does not exist says so at once."""
    with pytest.raises(NotFound):
        next(rig.follower.follow("none"))
    with pytest.raises(NotFound):
        rig.follower.read("none")

    async def read() -> None:
        await anext(rig.follower.afollow("none"))

    with pytest.raises(NotFound):
        asyncio.run(read())


def test_followers_end_with_the_hub(rig: Rig) -> None:
    """A server that shuts down leaves nobody waiting, and a stream that nobody had started stays pending."""
    log = rig.stream(started=False)
    seen: list[Update] = []
    thread = threading.Thread(target=lambda: seen.extend(rig.follower.follow(log.stream_id)), daemon=True)
    thread.start()
    wait_for(lambda: log.wakers, PATIENCE, "nobody follows")
    rig.hub.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert seen[-1].status is Status.PENDING
    assert rig.count("outcomes", log.stream_id) == 0


def test_a_slow_reader_holds_up_nobody(rig: Rig) -> None:
    """One that reads a single update and never comes back leaves writing and other readers as they were."""
    log = rig.stream()
    slow = rig.follower.follow(log.stream_id)
    next(slow)
    writing = write_story(rig, log)
    fast = "".join(update.text for update in rig.follower.follow(log.stream_id))
    writing.join(PATIENCE)
    assert fast == expected_text(TOKENS)
    assert next(slow).text == expected_text(TOKENS)
