"""What the tests of the clients share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import TypeVar

from core.errors import ProviderError
from core.models import Turn
from core.providers.base import ChatRequest, Event, Finished, Named, ReasoningDelta, TextDelta, Waiting
from core.providers.openai import OpenAIProvider
from core.providers.retries import Retries
from tests.fakes.openrouter import FakeOpenRouter

KEY = "sk-or-v1-0123456789abcdef"
T = TypeVar("T")


def ask(model: str, text: str = "Hello?", continues: str = "", most_tokens: int | None = None) -> ChatRequest:
    """A request with one question."""
    return ChatRequest(model, (Turn("user", text),), continues, most_tokens)


@dataclass
class Heard:
    """Everything that came out of one generation."""

    events: list[Event] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def notes(self) -> list[str]:
        return [event.note for event in self.events if isinstance(event, Waiting)]

    @property
    def named(self) -> list[Named]:
        return [event for event in self.events if isinstance(event, Named)]

    @property
    def finished(self) -> Finished | None:
        return self.events[-1] if self.events and isinstance(self.events[-1], Finished) else None


async def hear(events: AsyncIterator[Event]) -> Heard:
    """Listens to the end, or to the error that ends it."""
    heard = Heard()
    try:
        async for event in events:
            heard.events.append(event)
    except ProviderError as error:
        heard.error = error
    return heard


class Clock:
    """Takes the place of waiting: remembers for how long it would have been."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def retries(self) -> Retries:
        return Retries(sleep=self.sleep, jitter=lambda: 0.5)


def run(coroutine: Coroutine[object, object, T]) -> T:
    """Runs it, but not for ever."""
    return asyncio.run(asyncio.wait_for(coroutine, 120))


def converse(server: FakeOpenRouter, request: ChatRequest, clock: Clock | None = None, key: str | None = KEY) -> Heard:
    """One whole generation against the fake server."""

    async def talk() -> Heard:
        provider = OpenAIProvider(server.base_url, key, retries=(clock or Clock()).retries())
        try:
            return await hear(provider.stream(request))
        finally:
            await provider.close()

    return run(talk())
