"""What a stopped answer cost is asked for afterwards, until the provider's books know it."""

from __future__ import annotations

import asyncio

import pytest

from core.generation.costs import ask_cost
from core.models import Asked, Usage
from core.service import Service
from tests.core.generation.support import PATIENCE, ask, count, ended, shown
from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import wait_for

BOOKED = Usage(16, 18, 3, 4, 0.000106)


def stopped(service: Service) -> Asked:
    """An answer that was stopped, whose cost nobody told."""
    asked = ask(service, "fake/stall")
    shown(service, asked, "Hel")
    service.chat.stop(asked.stream_id)
    assert ended(service, asked).usage == Usage()
    return asked


def inquire(service: Service, asked: Asked, generation_id: str, tries: int) -> None:
    """Asks in the engine's own loop, without long waits."""
    asking = ask_cost(service.engine._workshop, asked.stream_id, generation_id, "fake/stall", (0.01,) * tries)
    asyncio.run_coroutine_threadsafe(asking, service.engine._loop).result(PATIENCE)


def test_the_books_are_asked_until_they_know(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the provider says that it does not know yet it is asked again; then the cost is saved."""
    monkeypatch.setattr(upstream, "not_yet", 3)
    asked = stopped(service)
    inquire(service, asked, "gen-late", 6)
    message = service.chat.message(asked.message_id)
    assert (message.usage, message.content) == (BOOKED, "Hel")
    assert len([r for r in upstream.requests if r.query.get("id") == "gen-late"]) == 4


def test_asking_ends_when_the_books_never_know(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last try the cost stays unknown, and nothing is made up."""
    monkeypatch.setattr(upstream, "not_yet", 99)
    asked = stopped(service)
    inquire(service, asked, "gen-never", 3)
    assert service.chat.message(asked.message_id).usage == Usage()
    assert count(service, "costs", asked.stream_id) == 0
    assert len([r for r in upstream.requests if r.query.get("id") == "gen-never"]) == 3


def test_a_stopped_answer_learns_its_cost_by_itself(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to ask: the cost of a stopped answer comes to its message after a while."""
    monkeypatch.setattr(upstream, "not_yet", 99)
    asked = stopped(service)
    monkeypatch.setattr(upstream, "not_yet", 0)
    wait_for(lambda: service.chat.message(asked.message_id).usage == BOOKED, PATIENCE, "the cost is not learnt")


def test_an_answer_that_told_its_cost_is_not_asked_about(service: Service, upstream: FakeOpenRouter) -> None:
    """The cost that came with the answer is taken as it is."""
    asked = ask(service, "fake/stream?tokens=5")
    assert ended(service, asked).usage.cost == 0.000106
    (name,) = service.database.fetch("select generation_id from generations where stream_id = ?", [asked.stream_id])
    assert not [r for r in upstream.requests if r.path.endswith("/generation") and r.query.get("id") == name[0]]
