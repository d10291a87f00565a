"""One generation, from its question to the closing of its stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from core.errors import ProviderError, StorageError, ThroughlineError
from core.generation.marking import Marking
from core.generation.retrieving import Retrieving
from core.generation.workshop import Workshop
from core.models import Citation, Kind, Outcome, Status, Stream, Turn
from core.providers.base import ChatRequest, Event, Finished, Named, Provider, ReasoningDelta, TextDelta, Waiting
from core.retrieval.answering.prompt import build, room_for
from core.streams.log import StreamLog

T = TypeVar("T")
_log = logging.getLogger(__name__)

LONGEST_ANSWER = 4_000_000
_BACKLOG = 1_000_000
MOST_TURNS = 100
"""More were never sent: a prompt's history is cut by its length as well."""


class Generation:
    """Fills one stream. Cancelling `run` closes it with the status that `ending` holds."""

    def __init__(self, workshop: Workshop, stream: Stream, log: StreamLog, question: str | None = None) -> None:
        self._with = workshop
        self._stream = stream
        self._hub = workshop.hub
        self._log = log
        self._question = question
        self._named = Named()
        self._retrieving = Retrieving(workshop, stream, self._note)
        self.sourced = False
        """Whether the answer was given passages, so that its sentences can be compared with them."""
        self.ending = Outcome(Status.STOPPED, finish_reason="stop")

    @property
    def unpaid(self) -> str | None:
        """A generation beside the answer of which it is still to be asked what it cost."""
        return self._retrieving.unpaid

    async def run(self) -> Outcome:
        """Fills the stream and closes it, whatever happens."""
        try:
            outcome = await self._fill()
        except asyncio.CancelledError:
            outcome = self.ending
        except TimeoutError:
            message = f"No token came for {self._with.token_timeout:g} seconds. Continue it, or choose another model."
            outcome = Outcome(Status.TIMEOUT, error=message)
        except ThroughlineError as error:
            outcome = Outcome(Status.ERROR, finish_reason="error", error=error.message)
        except Exception:
            _log.exception("a generation failed")
            message = "Something went wrong inside Throughline; its log says what. Try again."
            outcome = Outcome(Status.ERROR, finish_reason="error", error=message)
        named = self._named
        outcome = replace(outcome, model=named.model, provider=named.provider, generation_id=named.generation_id)
        self._hub.close_stream(self._log, outcome)
        return outcome

    async def _fill(self) -> Outcome:
        provider, model = self._with.providers.for_model(self._stream.model)
        if self._question is None:
            history, question, so_far, earlier = await self._off_loop(self._history)
        else:
            history, question, so_far, earlier = (), self._question, "", ()
        cites = provider.cites
        room = room_for(self._with.providers.context_of(self._stream.model), cites=cites)
        searched = self._stream.retrieve
        sources, query = earlier, question
        if searched and not (earlier or so_far):
            made = await self._retrieving.retrieve(provider, model, history, question, room)
            sources, query = made.citations, made.query
        self.sourced = bool(sources)
        prompt = build(history, question, sources, cites=cites, searched=searched, room=room, query=query)
        marking = Marking(sources, so_far, searched=searched, cites=cites)
        return await self._answer(provider, ChatRequest(model, prompt, so_far), marking)

    def _history(self) -> tuple[tuple[Turn, ...], str, str, tuple[Citation, ...]]:
        """The turns before the question, the question, the answer's text so far, and the sources it was given."""
        stores, stream = self._with, self._stream
        nodes = {node.id: node for node in stores.conversations.tree(stream.conversation_id)}
        path: list[str] = []
        at: str | None = nodes[stream.message_id].parent_id
        while at is not None:
            path.append(at)
            at = nodes[at].parent_id
        messages = stores.messages.read(stream.conversation_id, [*path[:MOST_TURNS], stream.message_id])
        before = [m for m in messages if m.id != stream.message_id and m.content]
        *history, question = (Turn(m.role.value, m.content) for m in before)
        answer = messages[-1]
        return tuple(history), question.content, answer.content, answer.sources

    async def _answer(self, provider: Provider, request: ChatRequest, marking: Marking) -> Outcome:
        self._note("Waiting for the model…")
        loop, patience = asyncio.get_running_loop(), self._with.token_timeout
        complete = False
        events = provider.stream(request)
        try:
            async with asyncio.timeout(patience) as limit:
                armed = loop.time()
                async for event in events:
                    if isinstance(event, TextDelta | ReasoningDelta) and loop.time() - armed > min(1.0, patience / 10):
                        armed = loop.time()
                        limit.reschedule(armed + patience)
                    finished = self._take(event, marking)
                    if finished:
                        complete = finished.finish_reason != "length"
                        return finished
                    await self._bounds()
        finally:
            # What is still held back was received: it belongs to the text, however this ends.
            self._append(marking.finish(complete=complete))
            await events.aclose()  # type: ignore[attr-defined]
        raise ProviderError("The model's side ended the answer without saying so. Continue it, or try again.")

    def _take(self, event: Event, marking: Marking) -> Outcome | None:
        match event:
            case TextDelta(text):
                self._log.note = None
                self._append(marking.feed(text))
            case ReasoningDelta(text):
                self._hub.append(self._log, Kind.REASONING, text)
            case Waiting(note):
                self._note(note)
            case Named():
                self._learn(event)
            case Finished(reason, usage):
                return Outcome(Status.DONE, finish_reason=reason, usage=usage)
        return None

    def _append(self, text: str) -> None:
        if text:
            self._hub.append(self._log, Kind.ANSWER, text)

    def _learn(self, named: Named) -> None:
        if named.generation_id and named.generation_id != self._named.generation_id:
            anew = self._named.generation_id is not None
            self._with.streams.name(self._stream.id, named.generation_id, anew=anew)
        known = self._named
        self._named = Named(
            named.generation_id or known.generation_id, named.model or known.model, named.provider or known.provider
        )

    async def _bounds(self) -> None:
        """Memory stays bounded: a disk that fails ends the generation, a slow one slows it."""
        if self._hub.failure:
            raise StorageError(self._hub.failure.message)
        if self._log.length > LONGEST_ANSWER:
            raise ProviderError(f"The answer was ended at {LONGEST_ANSWER:,} characters. Ask for a shorter one.")
        while self._log.backlog() > _BACKLOG and not self._hub.failure:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)

    def _note(self, note: str) -> None:
        self._hub.set_note(self._log, note)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._with.pool, work)
