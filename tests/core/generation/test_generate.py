"""One generation from its question to its closing: what it saves, how it ends, what bounds it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.generation import generate
from core.models import Status, Usage
from core.questions import Question
from core.service import Service
from tests.core.generation.support import PATIENCE, ask, count, ended, log_of, opened, shown
from tests.core.streams.support import writer_held
from tests.fakes.openrouter import FakeOpenRouter, expected_text
from tests.fakes.replies import Reply, Step, answer, finish, text
from tests.fakes.story import token
from tests.support.server import wait_for


def test_an_answer_is_written_to_its_end(service: Service) -> None:
    """A whole answer is done, with its text, its usage and who gave it."""
    message = ended(service, ask(service, "fake/stream?tokens=300"))
    assert (message.status, message.content, message.error) == (Status.DONE, expected_text(300), None)
    assert (message.finish_reason, message.usage) == ("stop", Usage(16, 300, 3, 4, 0.000106))
    assert message.first_token_ms is not None
    assert message.duration_ms is not None
    assert not message.continuable


def test_nothing_is_shown_that_is_not_on_disk(service: Service) -> None:
    """At the moment of each update the database itself holds at least the text that was shown by then."""
    asked = ask(service, "fake/stream?tokens=400&rate=800")
    seen = ""
    for update in service.follower.follow(asked.stream_id):
        seen += update.text
        assert service.streams.text(asked.stream_id)[0].startswith(seen)
    assert seen == expected_text(400)


def test_an_answer_nobody_follows_is_written_to_its_end(service: Service) -> None:
    """A viewer that leaves in the middle, as a closed tab does, changes nothing."""
    asked = ask(service, "fake/stream?tokens=300&rate=600")
    for update in service.follower.follow(asked.stream_id):
        if update.text:
            break
    wait_for(lambda: service.chat.message(asked.message_id).status.closed, PATIENCE, "the answer does not end")
    assert service.chat.message(asked.message_id).content == expected_text(300)


def test_the_trace_accounts_for_every_character(service: Service) -> None:
    """The pieces of an answer add up to its text, and their times do not run backwards."""
    asked = ask(service, "fake/stream?tokens=200&rate=1000")
    message = ended(service, asked)
    trace, _ = service.streams.traces(asked.stream_id)
    assert sum(trace.lengths) == len(message.content)
    assert list(trace.times) == sorted(trace.times)
    assert len(trace.lengths) == len(trace.times) > 10
    assert message.duration_ms is not None
    assert trace.times[-1] <= message.duration_ms


def test_reasoning_is_kept_apart(service: Service) -> None:
    """What a model thought is saved beside its answer."""
    message = ended(service, ask(service, "fake/reasoning"))
    assert (message.content, message.reasoning) == ("Hello", "Let me think. Summed up.")


_ERRORS = {
    "error-mid-1": ("Hello ", "Rate limited upstream"),
    "error-mid-2-hold": ("Hello ", "Upstream went away"),
    "error-mid-string-code-done": ("Hello ", "Broke down"),
    "finish-error": ("Hel", "again"),
    "garbage": ("Hel", "again"),
    "cut-mid-line": ("Hel", "cut before the answer was complete"),
    "cut-mid-utf8": ("Hel", "cut before the answer was complete"),
    "cut-before-done": ("Hello wörld!", "cut before the answer was complete"),
    "end-before-done": ("Hello wörld!", "cut before the answer was complete"),
    "stream?tokens=50&cut=20": (expected_text(20), "cut before the answer was complete"),
    "401": ("", "Check OPENROUTER_API_KEY"),
    "402-credits": ("", "Add credits"),
    "403-moderation": ("", "refused"),
    "400-model": ("", "Choose another model"),
    "400-context": ("", "too long"),
    "200-html": ("", "Check OPENROUTER_BASE_URL"),
    "only-reasoning": ("", "gave no answer"),
    "no-such-model": ("", "not a valid model"),
}


@pytest.mark.parametrize("model", _ERRORS)
def test_an_error_keeps_the_text_and_says_what_to_do(service: Service, model: str) -> None:
    """However the model's side fails, the stream is closed once, with its partial text and a sentence."""
    asked = ask(service, f"fake/{model}")
    message = ended(service, asked)
    kept, sentence = _ERRORS[model]
    assert (message.status, message.content) == (Status.ERROR, kept)
    assert sentence in (message.error or "")
    assert message.continuable
    assert count(service, "outcomes", asked.stream_id) == 1
    assert service.streams.text(asked.stream_id)[0] == kept


def test_an_answer_cut_at_its_greatest_length_can_be_continued(service: Service, upstream: FakeOpenRouter) -> None:
    """A model that stops for length has done its part, and the answer still is not complete."""
    upstream.script("fake/short", answer("Once upon", reason="length"))
    message = ended(service, ask(service, "fake/short"))
    assert (message.status, message.finish_reason, message.continuable) == (Status.DONE, "length", True)


@pytest.fixture(scope="module")
def hasty(upstream: FakeOpenRouter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that waits for nothing long."""
    with opened(tmp_path_factory.mktemp("hasty"), upstream, token_timeout=3.0, pending_timeout=0.2) as service:
        yield service


def test_a_model_that_falls_silent_times_out(hasty: Service) -> None:
    """When no token comes for too long the stream is closed with its text and a sentence; slowness is no silence."""
    slow = ask(hasty, "fake/stream?tokens=36&rate=10")
    for asked, kept in [(ask(hasty, "fake/stall"), "Hel"), (ask(hasty, "fake/silent"), "")]:
        message = ended(hasty, asked)
        assert (message.status, message.content) == (Status.TIMEOUT, kept)
        assert "No token came for 3 seconds" in (message.error or "")
        assert message.continuable
        assert count(hasty, "outcomes", asked.stream_id) == 1
    message = ended(hasty, slow)
    assert (message.status, message.content) == (Status.DONE, expected_text(36))


def test_a_stream_that_nobody_starts_times_out(hasty: Service, upstream: FakeOpenRouter) -> None:
    """A pending stream is closed after its time, without a call to the model, and cannot be started any more."""
    before = len(upstream.completions())
    asked = ask(hasty, start=False)
    message = ended(hasty, asked)
    assert (message.status, message.content) == (Status.TIMEOUT, "")
    assert "Regenerate" in (message.error or "")
    assert not hasty.chat.start(asked.stream_id)
    assert len(upstream.completions()) == before


def test_an_answer_has_a_greatest_length(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that never ends is ended, and what came by then is kept."""
    monkeypatch.setattr(generate, "LONGEST_ANSWER", 2000)
    message = ended(service, ask(service, "fake/stream?tokens=5000"))
    assert message.status is Status.ERROR
    assert "ended at 2,000 characters" in (message.error or "")
    assert 2000 < len(message.content) < 2100
    assert expected_text(5000).startswith(message.content)


def test_a_slow_disk_slows_the_model_down(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing is committed only so much is taken in; then the rest comes, and all of it."""
    monkeypatch.setattr(generate, "_BACKLOG", 2000)
    go = threading.Event()
    upstream.script("fake/waits", Reply(_story_after(go, 4000)))
    asked = ask(service, "fake/waits")
    log = log_of(service, asked)
    with writer_held(service.database):
        go.set()
        wait_for(lambda: log.backlog() > 2000, PATIENCE, "no text comes")
        reached = log.length
        polls = iter(range(30))
        wait_for(lambda: log.length > reached or next(polls, None) is None, PATIENCE, "it takes too long")
        assert log.length == reached
        assert log.backlog() < 2100
    assert ended(service, asked).content == expected_text(4000)


def _story_after(go: threading.Event, tokens: int) -> Iterator[Step]:
    """A story that is not begun before `go` is set."""
    while not go.is_set():
        yield 0.01
    yield from answer(*map(token, range(tokens)))


def test_a_closed_answer_is_not_kept_in_memory(service: Service) -> None:
    """Neither the hub nor the engine holds on to a stream that has ended."""
    asked = ask(service, "fake/stream?tokens=50", start=False)
    ref = weakref.ref(log_of(service, asked))
    service.chat.start(asked.stream_id)
    ended(service, asked)
    wait_for(lambda: gc.collect() >= 0 and ref() is None, PATIENCE, "the stream stays in memory")


def test_the_generations_id_is_kept_as_soon_as_it_is_known(service: Service) -> None:
    """While the model is still writing, its id is on disk already, so that its cost can be asked for after a crash."""
    asked = ask(service, "fake/stall")
    shown(service, asked, "Hel")
    wait_for(lambda: count(service, "generations", asked.stream_id), PATIENCE, "the id is not saved")
    sql = "select generation_id from generations where stream_id = ?"
    assert service.database.fetch(sql, [asked.stream_id])[0][0].startswith("gen-fake-")
    assert service.chat.message(asked.message_id).status is Status.STREAMING
    service.chat.stop(asked.stream_id)
    ended(service, asked)


def test_a_try_that_broke_off_leaves_one_generation(service: Service) -> None:
    """A generation that had to be tried again is one row with the newest id, and its text is there once."""
    asked = ask(service, "fake/flaky-cut")
    message = ended(service, asked)
    assert (message.status, message.content) == (Status.DONE, "Hello wörld!")
    assert count(service, "generations", asked.stream_id) == 1


def test_earlier_turns_are_sent_along(service: Service, upstream: FakeOpenRouter) -> None:
    """The prompt holds the branch up to the question, and nothing of its siblings."""
    first = ask(service, content="First question")
    ended(service, first)
    other = service.chat.regenerate(first.message_id, start=True)
    ended(service, other)
    question = Question("Second question", retrieve=False, start=True)
    second = service.chat.ask(first.conversation_id, question, parent_id=first.message_id)
    ended(service, second)
    sent = upstream.completions()[-1].body["messages"]
    assert [(turn["role"], turn["content"]) for turn in sent[1:]] == [
        ("user", "First question"),
        ("assistant", "First question"),
        ("user", "Second question"),
    ]


def test_an_answer_that_broke_inside_is_closed_with_a_sentence(service: Service, tmp_path: Path) -> None:
    """A mistake of our own closes the stream too, and nobody waits for it in vain."""
    first = ask(service)
    ended(service, first)
    asked = service.chat.ask(first.conversation_id, Question("And then?", retrieve=False))
    service.database.write(
        lambda cursor: cursor.execute("delete from messages where id = ?", [asked.message_id]).fetchall()
    )
    service.chat.start(asked.stream_id)
    *_, last = service.follower.follow(asked.stream_id)
    assert last.status is Status.ERROR
    assert "Something went wrong inside Throughline" in (last.error or "")


def test_a_half_written_mark_is_not_kept(service: Service, upstream: FakeOpenRouter) -> None:
    """Numbers in brackets stay where nothing was searched: they are the model's text, not marks."""
    upstream.script("fake/brackets", [text("a[1] and b["), text("2]"), *finish()])
    assert ended(service, ask(service, "fake/brackets")).content == "a[1] and b[2]"
