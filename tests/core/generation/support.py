"""What tests with a whole service share: opening one on a fake model's side, asking, waiting, crashing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from core.models import Asked, Message
from core.questions import Question
from core.service import Service
from core.settings import Settings
from core.streams.log import StreamLog
from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import LIGHT, wait_for

PATIENCE = 60.0


@contextmanager
def opened(data_dir: Path, upstream: FakeOpenRouter, **changes: float) -> Iterator[Service]:
    """A service on the fake model's side, whose embedding process loads a light stand-in."""
    settings = Settings("sk-test-0123456789", upstream.base_url, "fake/echo", data_dir=data_dir)
    with patch.dict(os.environ, PYTHONPATH=str(LIGHT)):
        service = Service(replace(settings, **changes))  # type: ignore[arg-type]
    try:
        yield service
    finally:
        service.close()


def ask(service: Service, model: str = "fake/echo", content: str = "Hello", **more: object) -> Asked:
    """A question in a new conversation, started unless that is denied."""
    return service.chat.begin(Question(content, model, **{"retrieve": False, "start": True, **more}))  # type: ignore[arg-type]


def ended(service: Service, asked: Asked) -> Message:
    """The answer once its stream is closed."""
    for _ in service.follower.follow(asked.stream_id):
        pass
    return service.chat.message(asked.message_id)


def shown(service: Service, asked: Asked, text: str) -> None:
    """Back when that much of an answer has been shown."""
    wait_for(lambda: service.follower.read(asked.stream_id).text == text, PATIENCE, f"“{text}” is not shown")


def log_of(service: Service, asked: Asked) -> StreamLog:
    """An answer's open stream."""
    log = service.hub.find(asked.stream_id)
    assert log is not None
    return log


def count(service: Service, table: str, stream_id: str) -> int:
    """How many rows of a table belong to a stream."""
    rows = service.database.fetch(f"select count(*) from {table} where stream_id = ?", [stream_id])
    return int(rows[0][0])


def crashed(service: Service, folder: Path) -> Path:
    """A copy of the database as it is on disk now, which is what `kill -9` would leave."""
    folder.mkdir()
    path = service.settings.database
    for name in (path.name, f"{path.name}.wal"):
        if path.with_name(name).exists():
            shutil.copy(path.with_name(name), folder / name)
    return folder


@contextmanager
def busily_switching() -> Iterator[None]:
    """Threads take turns as often as they can inside."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
