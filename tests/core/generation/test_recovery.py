"""A whole server that dies: the next start has every character, says so honestly, and goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models import Status
from core.service import Service
from core.streams.recovery import INTERRUPTED
from tests.core.generation.support import PATIENCE, ask, count, crashed, ended, opened, shown
from tests.fakes.openrouter import FakeOpenRouter, expected_text
from tests.fakes.replies import Act, answer, text
from tests.support.server import wait_for


def test_a_killed_server_loses_nothing_that_was_shown(
    service: Service, upstream: FakeOpenRouter, tmp_path: Path
) -> None:
    """At whatever moment it dies, the next start finds at least what its followers had been shown."""
    asked = ask(service, "fake/stream?tokens=100000&rate=600")
    seen, copies = "", []
    for update in service.follower.follow(asked.stream_id):
        seen += update.text
        if len(seen) > 600 * (len(copies) + 1) and len(copies) < 3:
            copies.append((seen, crashed(service, tmp_path / f"crash-{len(copies)}")))
            if len(copies) == 3:
                service.chat.stop(asked.stream_id)
    whole = expected_text(100_000)
    assert whole.startswith(seen)
    assert len(copies) == 3
    for shown_by_then, folder in copies:
        with opened(folder, upstream) as again:
            message = again.chat.message(asked.message_id)
            assert message.content.startswith(shown_by_then)
            assert whole.startswith(message.content)
            assert (message.status, message.error) == (Status.INTERRUPTED, INTERRUPTED)


def test_an_interrupted_answer_goes_on_from_its_text(
    service: Service, upstream: FakeOpenRouter, tmp_path: Path
) -> None:
    """Continue after a crash asks the model to go on from what was saved, on a new stream of the same message."""
    upstream.script("fake/tale", [text("Once upon a time there"), Act.HOLD])
    upstream.script("fake/tale", answer(" and so", " it went on."))
    asked = ask(service, "fake/tale", content="Tell a tale")
    shown(service, asked, "Once upon a time there")
    with opened(crashed(service, tmp_path / "crash"), upstream) as again:
        goes_on = again.chat.go_on(asked.message_id, start=True)
        assert (goes_on.message_id, goes_on.stream_id == asked.stream_id) == (asked.message_id, False)
        message = ended(again, goes_on)
        assert (message.status, message.content) == (Status.DONE, "Once upon a time there and so it went on.")
        assert message.continued_from == len("Once upon a time there")
        assert upstream.completions()[-1].body["messages"][-1]["content"] == "Once upon a time there"
    service.chat.stop(asked.stream_id)
    ended(service, asked)


def test_the_cost_of_an_interrupted_answer_is_asked_for(
    service: Service, upstream: FakeOpenRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's books are asked at the next start, by the id that was saved as soon as it was known."""
    monkeypatch.setattr(upstream, "not_yet", 99)
    asked = ask(service, "fake/stall")
    shown(service, asked, "Hel")
    wait_for(lambda: count(service, "generations", asked.stream_id), PATIENCE, "the id is not saved")
    with opened(crashed(service, tmp_path / "crash"), upstream) as again:
        assert again.chat.message(asked.message_id).usage.cost is None
        monkeypatch.setattr(upstream, "not_yet", 0)
        wait_for(
            lambda: again.chat.message(asked.message_id).usage.cost == 0.000106, PATIENCE, "the cost is not learnt"
        )
        assert again.chat.message(asked.message_id).content == "Hel"
    service.chat.stop(asked.stream_id)
    ended(service, asked)
