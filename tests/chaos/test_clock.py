"""The machine's clock is set while an answer is written: order, durations and limits do not notice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import Clock
from core.models import Asked, Message, Status
from core.questions import Question
from core.service import Service
from core.settings import Settings
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.story import expected_text
from tests.support.server import wait_for

HOURS = 3600.0
TOKENS = 400


class Wall:
    """The machine's clock, which somebody sets."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def upstream() -> Iterator[FakeOpenRouter]:
    with FakeOpenRouter() as fake:
        yield fake


Open = Callable[[Wall], Service]


@pytest.fixture
def open_service(tmp_path: Path, upstream: FakeOpenRouter) -> Iterator[Open]:
    """Opens the service on one and the same folder, after closing the one before."""
    opened: list[Service] = []

    def open_one(wall: Wall) -> Service:
        _close_all(opened)
        opened[:] = [Service(_settings(tmp_path / "data", upstream), clock=Clock(wall=wall))]
        return opened[0]

    yield open_one
    _close_all(opened)


def _close_all(opened: list[Service]) -> None:
    for service in opened:
        service.close()


@pytest.mark.parametrize("jumps", [(-3 * HOURS,), (3 * HOURS,), (-3 * HOURS, 3 * HOURS), (30 * HOURS, -2 * HOURS)])
def test_a_clock_that_jumps_changes_neither_order_nor_text(open_service: Open, jumps: tuple[float, ...]) -> None:
    """Back or ahead by hours in the middle of an answer: all text, no limit fires, no time runs backwards."""
    wall = Wall()
    service = open_service(wall)
    before = _ask(service)
    waiting = service.chat.begin(Question("Later.", _model(50), retrieve=False))
    _wait(service, before)
    asked = [_ask(service, before.conversation_id)]
    for jump in jumps:
        wait_for(lambda: len(service.follower.read(asked[-1].stream_id).text) > 300, 60, "no text comes")
        wall.ahead += jump
        other = service.chat.begin(Question("Between.", _model(50), retrieve=False, start=True))
        assert "clock was set" in (service.health().warning or "")
        assert service.health().ok
        _wait(service, asked[-1])
        _wait(service, other)
        asked.append(_ask(service, before.conversation_id))
    _wait(service, asked[-1])
    messages = service.chat.messages(before.conversation_id)
    _check_order(messages, [before, *asked])
    assert all(message.content == expected_text(TOKENS) for message in messages[1::2])
    assert service.follower.read(waiting.stream_id).status is Status.PENDING
    assert service.chat.start(waiting.stream_id)
    _wait(service, waiting)


def test_a_start_with_a_clock_behind_the_newest_message_keeps_the_order(open_service: Open) -> None:
    """After a restart with a clock that is hours behind, new messages come after the old ones, with a warning."""
    service = open_service(Wall())
    first = _ask(service)
    _wait(service, first)
    service = open_service(Wall(-3 * HOURS))
    assert "behind the newest saved message" in (service.health().warning or "")
    second = _ask(service, first.conversation_id)
    third = service.chat.begin(Question("And?", _model(50), retrieve=False, start=True))
    _wait(service, second)
    _wait(service, third)
    _check_order(service.chat.messages(first.conversation_id), [first, second])
    newest = [conversation.id for conversation in service.chat.conversations()]
    assert newest == [third.conversation_id, first.conversation_id]


def test_a_pending_answer_keeps_its_limit_over_a_restart_with_another_clock(open_service: Open) -> None:
    """A stream that was pending when the server ended is neither expired nor kept for hours by a clock set back."""
    pending = open_service(Wall()).chat.begin(Question("Later.", _model(50), retrieve=False))
    service = open_service(Wall(-3 * HOURS))
    assert service.follower.read(pending.stream_id).status is Status.PENDING
    assert service.chat.start(pending.stream_id)
    _wait(service, pending)


def _settings(data_dir: Path, upstream: FakeOpenRouter) -> Settings:
    return Settings(
        "sk-test", upstream.base_url, "fake/stream", data_dir=data_dir, pending_timeout=600.0, token_timeout=20.0
    )


def _model(tokens: int, rate: int = 400) -> str:
    return f"fake/stream?tokens={tokens}&rate={rate}"


def _ask(service: Service, conversation: str | None = None) -> Asked:
    question = Question("Tell me a story.", _model(TOKENS), retrieve=False, start=True)
    return service.chat.ask(conversation, question) if conversation else service.chat.begin(question)


def _wait(service: Service, asked: Asked) -> None:
    wait_for(lambda: service.follower.read(asked.stream_id).status.closed, 60, "the answer does not end")
    assert service.follower.read(asked.stream_id).status is Status.DONE


def _check_order(messages: list[Message], asked: list[Asked]) -> None:
    assert [message.id for message in messages] == [
        identity for ids in asked for identity in (ids.user_message_id, ids.message_id)
    ]
    times = [message.created_at for message in messages]
    assert times == sorted(times)
    for message in messages[1::2]:
        assert message.completed_at
        assert message.completed_at > message.created_at
        assert message.duration_ms is not None
        assert timedelta(milliseconds=message.duration_ms) < timedelta(minutes=1)
