"""What a model client takes and gives, whoever serves the model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from core.models import Model, Turn, Usage


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A prompt. `continues` is the answer's text so far, which the model is asked to go on from.

    With `most_tokens` a short reply is asked for: no longer than that, and with no or little reasoning.
    """

    model: str
    turns: tuple[Turn, ...]
    continues: str = ""
    most_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The model's side told the generation's id, the model's own name or who serves it; each may come alone."""

    generation_id: str | None = None
    model: str | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the reasoning, which is kept apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """No token yet, for a reason worth telling the person who waits."""

    note: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The generation is complete; the last event."""

    finish_reason: str
    usage: Usage = field(default_factory=Usage)


Event = Named | TextDelta | ReasoningDelta | Waiting | Finished


class Provider(Protocol):
    """A model client."""

    name: str
    cites: bool
    """Whether its models can be expected to write the marks `[n]` themselves."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Event]:
        """The events of one generation, `Finished` last.

        Raises:
            ProviderError: the model's side failed, was cut or spoke nonsense.
        """

    async def usage(self, generation_id: str) -> Usage | None:
        """What a generation really took, asked for after it ended; None while that is not known yet.

        Raises:
            ProviderError: it will not be known.
        """

    async def models(self) -> tuple[Model, ...]:
        """What can answer.

        Raises:
            ProviderError: the list cannot be had.
        """

    async def close(self) -> None:
        """Lets go of connections and processes."""
