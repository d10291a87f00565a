"""The whole app without its faces: opened once a process, found by pages and routes, closed without loss."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import Clock
from core.errors import StorageError, Unavailable
from core.models import Status
from core.service import Service, current, publish
from core.settings import Settings
from tests.core.generation.support import PATIENCE, ask, ended, opened
from tests.core.streams.support import saving_fails
from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import wait_for


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeOpenRouter]:
    """The model's side."""
    with FakeOpenRouter() as fake:
        yield fake


def test_the_open_service_is_found_from_anywhere(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Before it is open and after it was closed, who asks is told to try again."""
    publish(None)
    with pytest.raises(Unavailable, match="Try again"):
        current()
    with opened(tmp_path, upstream) as service:
        publish(service)
        assert current() is service
        publish(None)
    with pytest.raises(Unavailable):
        current()


def test_everything_is_there_after_a_restart(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Conversations, texts, traces and ratings are the same, and new questions come after the old ones."""
    with opened(tmp_path, upstream) as service:
        asked = ask(service, "fake/stream?tokens=100")
        ended(service, asked)
        service.chat.rate(asked.message_id, 1)
        before = (service.chat.messages(asked.conversation_id), service.streams.traces(asked.stream_id))
        seqs = [node.seq for node in service.chat.tree(asked.conversation_id)]
    with opened(tmp_path, upstream) as service:
        assert (service.chat.messages(asked.conversation_id), service.streams.traces(asked.stream_id)) == before
        later = ask(service)
        assert min(node.seq for node in service.chat.tree(later.conversation_id)) > max(seqs)
        assert [found.id for found in service.chat.conversations()] == [later.conversation_id, asked.conversation_id]


def test_a_healthy_service_says_so(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """With a database and a model to ask, all is well."""
    with opened(tmp_path, upstream) as service:
        health = service.health()
    assert (health.ok, health.database, health.model, health.warning) == (True, "ok", "ok", None)


def test_a_disk_that_fails_is_said_until_it_works_again(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Health tells what is wrong with the database, and forgets it with the next commit."""
    with opened(tmp_path, upstream) as service:
        asked = ask(service, "fake/stream?tokens=100000&rate=300")
        with saving_fails(service):  # type: ignore[arg-type]
            wait_for(lambda: not service.health().ok, PATIENCE, "it is not said")
            assert service.health().database == "The answer could not be saved."
        wait_for(lambda: service.health().ok, PATIENCE, "it is said for ever")
        service.chat.stop(asked.stream_id)
        ended(service, asked)


def test_a_model_without_a_key_is_said(tmp_path: Path) -> None:
    """A default model that nobody can ask is told before anyone does, and the answer says the same."""
    service = Service(Settings(model="some/model", data_dir=tmp_path))
    try:
        assert "Set OPENROUTER_API_KEY" in service.health().model
        message = ended(service, ask(service, "some/model"))
        assert message.status is Status.ERROR
        assert "Set OPENROUTER_API_KEY" in (message.error or "")
    finally:
        service.close()


def test_a_clock_that_was_set_back_is_said(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """A machine whose clock lies behind what is stored is told at the start, and the order is kept."""
    with opened(tmp_path, upstream) as service:
        first = ask(service)
        ended(service, first)
    settings = Settings("sk-test-0123456789", upstream.base_url, "fake/echo", data_dir=tmp_path)
    service = Service(settings, clock=Clock(wall=lambda: time.time() - 7200))
    try:
        assert "behind the newest saved message" in (service.health().warning or "")
        second = ask(service)
        assert [found.id for found in service.chat.conversations()] == [second.conversation_id, first.conversation_id]
        ended(service, second)
    finally:
        service.close()


def test_documents_that_wait_when_it_closes_are_indexed_by_the_next(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Closing fails none of them, and the inbox is watched."""
    with opened(tmp_path, upstream) as service:
        added = [service.library.add(f"{number}.txt", f"Words of {number}.".encode())[0] for number in range(20)]
    with opened(tmp_path, upstream) as service:
        for document in added:
            assert service.library.wait(document.id, PATIENCE).status == "ready"
        wait_for((tmp_path / "inbox").is_dir, PATIENCE, "there is no inbox")
        assert service.library.count().ready == 20


def test_a_database_that_cannot_be_opened_leaves_nothing_running(tmp_path: Path) -> None:
    """The error comes before anything is started."""
    (tmp_path / "throughline.duckdb").write_text("no database " * 1000)
    with pytest.raises(StorageError):
        Service(Settings(data_dir=tmp_path))


def test_what_can_answer_is_known(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """The list holds the local model at once, and the server's when they are known."""
    with opened(tmp_path, upstream) as service:
        assert service.models()[0].id == "local"
        wait_for(lambda: "fake/echo" in {model.id for model in service.models()}, PATIENCE, "no models are known")
