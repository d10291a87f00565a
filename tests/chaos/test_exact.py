"""Any number of readers, from any offset, at any speed, get the same characters; a slow one is nobody's trouble."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from core.api.app import routes
from core.api.errors import exception_handlers
from core.models import Asked, Status
from core.questions import Question
from core.service import Service, publish
from core.settings import Settings
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.story import expected_text
from tests.support.readers import Events
from tests.support.server import wait_for

SEED = 7
TOKENS = 3000
WHOLE = expected_text(TOKENS)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with FakeOpenRouter() as upstream:
        settings = Settings("sk-test", upstream.base_url, "fake/stream", data_dir=tmp_path / "data")
        opened = Service(settings)
        publish(opened)
        yield opened
        publish(None)
        opened.close()


def test_readers_from_any_offset_at_any_speed_get_the_same_text(service: Service) -> None:
    """Threads and tasks that read three answers from random offsets, with random pauses, each get exactly the rest."""
    rng = random.Random(SEED)
    asked = [_ask(service, rate) for rate in (500, 1500, 0)]
    plans = [(rng.choice(asked), random.Random(rng.random())) for _ in range(24)]
    with ThreadPoolExecutor(len(plans)) as pool:
        found = list(pool.map(lambda plan: _read(service, *plan), plans))
    found += asyncio.run(_read_all(service, plans))
    for offset, text in found:
        assert text == WHOLE[offset:], f"seed {SEED}: other text from {offset} on"
    assert any(0 < offset < len(WHOLE) for offset, _ in found)


def test_a_reader_that_takes_nothing_slows_nobody_and_has_nothing_queued(service: Service) -> None:
    """While one reader's connection takes nothing, others read to the end; what it missed then comes in one piece."""
    asked = _ask(service, 1000)
    stalled, text = asyncio.run(_stall(asked.stream_id))
    assert text == WHOLE
    assert stalled.text == WHOLE
    assert stalled.sent_after_release <= 3


def test_an_answer_is_taken_from_the_model_at_its_pace_whoever_reads(service: Service) -> None:
    """A follower that sleeps through the whole answer holds it up no more than no follower at all."""
    asked = _ask(service, 0)
    follower = service.follower.follow(asked.stream_id)
    first = next(follower)
    wait_for(lambda: service.follower.read(asked.stream_id).status is Status.DONE, 60, "the answer does not end")
    rest = list(follower)
    assert first.text + "".join(update.text for update in rest) == WHOLE
    assert len(rest) <= 2


def _ask(service: Service, rate: int) -> Asked:
    model = f"fake/stream?tokens={TOKENS}&rate={rate}"
    return service.chat.begin(Question("Tell me a story.", model, retrieve=False, start=True))


def _read(service: Service, asked: Asked, rng: random.Random) -> tuple[int, str]:
    time.sleep(rng.uniform(0, 1))
    offset = rng.randint(0, service.follower.read(asked.stream_id).offset)
    text = ""
    for update in service.follower.follow(asked.stream_id, offset, tick=rng.choice((None, 0.01))):
        text += update.text
        assert update.offset == offset + len(text)
        time.sleep(rng.choice((0, 0, 0.002, 0.2)))
    return offset, text


async def _read_all(service: Service, plans: list[tuple[Asked, random.Random]]) -> list[tuple[int, str]]:
    return await asyncio.gather(*(_aread(service, _ask(service, 2000), rng) for _, rng in plans))


async def _aread(service: Service, asked: Asked, rng: random.Random) -> tuple[int, str]:
    await asyncio.sleep(rng.uniform(0, 1))
    offset = rng.randint(0, service.follower.read(asked.stream_id).offset)
    text = ""
    async for update in service.follower.afollow(asked.stream_id, offset, tick=rng.choice((None, 0.01))):
        text += update.text
        await asyncio.sleep(rng.choice((0, 0, 0.002, 0.2)))
    return offset, text


class _Client:
    """An ASGI client over SSE that takes what it is sent only while `open` is set."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.text = ""
        self.closed = False
        self.released = False
        self.sent_after_release = 0
        self._events = Events(self._show, self._control)

    async def read(self, app: Starlette, stream_id: str) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/streams/{stream_id}",
            "query_string": b"live=sse&offset=-1",
            "headers": [],
        }
        await app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def _send(self, message: Any) -> None:
        await self.open.wait()
        if message["type"] == "http.response.body":
            self.sent_after_release += self.released
            self._events.feed(message.get("body", b""))

    def _show(self, text: str) -> None:
        self.text += text

    def _control(self, control: dict[str, Any]) -> None:
        self.closed = control.get("streamClosed", False)


async def _stall(stream_id: str) -> tuple[_Client, str]:
    """A client that was stalled while another read to the end and then went on, and the other's text."""
    app = Starlette(routes=routes(), exception_handlers=exception_handlers())
    stalled, other = _Client(), _Client()
    stalled.open.set()
    other.open.set()
    slow = asyncio.create_task(stalled.read(app, stream_id))
    while not stalled.text:
        await asyncio.sleep(0.01)
    stalled.open.clear()
    await asyncio.wait_for(other.read(app, stream_id), 60)
    assert other.closed
    assert len(stalled.text) < len(WHOLE)
    stalled.released = True
    stalled.open.set()
    await asyncio.wait_for(slow, 60)
    assert stalled.closed
    return stalled, other.text
