"""A follow-up question is read in the light of what was said before, in a few seconds or not at all."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from core.errors import ProviderError
from core.models import Turn, Usage
from core.providers.base import ChatRequest, Finished, Named, Provider, TextDelta
from core.retrieval.answering import followup

READING = "Reading your question…"
PATIENCE = 4.0
"""Seconds that a model gets: nobody sees anything of the answer meanwhile."""
MOST_TOKENS = 200
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reading:
    """A question as it is searched, what that took, and the generation that made it while its cost is not known."""

    query: str
    usage: Usage = field(default_factory=Usage)
    generation_id: str | None = None
    took: float = 0.0
    """Milliseconds."""


async def read(
    reading: Reading,
    provider: Provider,
    model: str,
    history: Sequence[Turn],
    note: Callable[[str], None],
    *,
    ask: bool = True,
) -> None:
    """Puts the question that stands alone into `reading`, which holds the question as it was asked.

    A model that can cite can be expected to do this too, and is asked where the question may need it, unless `ask`
    denies that. What it took so far is in `reading` at any moment, however this ends.
    """
    question = reading.query
    if not any(turn.role == "user" for turn in history):
        return
    if not (ask and provider.cites):
        reading.query = followup.joined(history, question)
        return
    if followup.stands_alone(question):
        return
    note(READING)
    began = time.perf_counter()
    reply = await _ask(reading, provider, ChatRequest(model, followup.request(history, question), "", MOST_TOKENS))
    reading.took = (time.perf_counter() - began) * 1000
    reading.query = followup.checked(reply, history, question) or followup.joined(history, question)


async def _ask(reading: Reading, provider: Provider, request: ChatRequest) -> str:
    """The model's whole reply; nothing if it does not come, is cut, or does not end."""
    reply = ""
    try:
        async with asyncio.timeout(PATIENCE), aclosing(provider.stream(request)) as events:  # type: ignore[type-var]
            async for event in events:
                match event:
                    case TextDelta(text):
                        reply += text
                    case Named(generation_id) if generation_id:
                        reading.generation_id = generation_id
                    case Finished(reason, usage):
                        reading.usage = usage
                        return reply if reason == "stop" else ""
                if len(reply) > len(request.turns[-1].content) + followup.REPLY_LIMIT:
                    break
    except (ProviderError, TimeoutError) as error:
        _log.info("a question was not made to stand alone: %s", error or "no reply in time")
    return ""
