"""What the API's tests share: the app without pages, a real server, a stream that the test writes itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import guard, routes
from core.api.errors import exception_handlers
from core.models import Asked, Kind, Outcome, Status
from core.questions import Question
from core.retrieval.encoders.embed import Embedder
from core.service import Service
from core.settings import Settings
from core.streams.log import StreamLog

KEY = "sk-test-0123456789"
NASTY = "a\r\nb\rc\n\nd\n \0\u2028\u2029\x85 🌊\U0001f469‍👧 data: x\n\r\n event: control\n\ufeffend\n"
"""Everything that a wire likes to lose; without its carriage returns SSE can carry it as text."""


def open_service(settings: Settings) -> Service:
    """A service that loads the embedding model only when it is needed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Embedder, "start", lambda _embedder: None)
        return Service(settings)


def api() -> Starlette:
    """The API without the pages."""
    return Starlette(routes=routes(), middleware=guard(), exception_handlers=exception_handlers())


def client_of(app: Starlette, **options: object) -> TestClient:
    """A caller on the same machine."""
    defaults = {"base_url": "http://localhost", "client": ("127.0.0.1", 50000), "raise_server_exceptions": False}
    return TestClient(app, **(defaults | options))  # type: ignore[arg-type]


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """A real server with that app, on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    started = threading.Event()
    startup = server.startup

    async def announced(sockets: object = None) -> None:
        await startup(sockets)  # type: ignore[arg-type]
        started.set()

    server.startup = announced  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


@dataclass
class Hand:
    """A stream that the test writes with its own hand in place of a model."""

    service: Service
    ids: Asked
    log: StreamLog

    @property
    def id(self) -> str:
        return self.ids.stream_id

    def write(self, text: str) -> None:
        """Adds text; back when it is on disk."""
        end = self.log.length + len(text)
        self.service.hub.append(self.log, Kind.ANSWER, text)
        for _ in self.service.follower.follow(self.id):
            if self.log.offset(Kind.ANSWER) >= end:
                return

    def close(self, status: Status = Status.DONE) -> None:
        """Closes the stream; back when that is on disk."""
        self.service.hub.close_stream(self.log, Outcome(status, finish_reason="stop"))
        for _ in self.service.follower.follow(self.id):
            pass


def by_hand(service: Service, text: str = "") -> Hand:
    """A stream that has been started, with some text."""
    ids = service.chat.begin(Question("Write.", retrieve=False))
    log = service.hub.find(ids.stream_id)
    assert log is not None
    service.streams.start(ids.stream_id)
    log.begin()
    hand = Hand(service, ids, log)
    if text:
        hand.write(text)
    return hand


def finished(service: Service, ids: dict[str, str]) -> str:
    """The text of a stream once it is closed."""
    text = ""
    for update in service.follower.follow(ids["stream_id"]):
        text += update.text
    return text
