"""What comes before the prompt: the question is made to stand alone, searched, and all of it kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from core.generation.rewriting import Reading, read
from core.generation.workshop import Workshop
from core.models import Filter, Retrieval, Stream, Turn
from core.providers.base import Provider
from core.retrieval.answering.prompt import Room, fitting
from core.store.documents import Documents

T = TypeVar("T")
PASSAGES = 6
FEWER_PASSAGES = 3
"""For a small model on this machine, which reads slowly."""
SEARCHING = "Searching your documents…"


class Retrieving:
    """The retrieval of one generation. What reading the question took is kept even if nothing comes of it."""

    def __init__(self, workshop: Workshop, stream: Stream, note: Callable[[str], None]) -> None:
        self._with = workshop
        self._stream = stream
        self._note = note
        self._reading = Reading("")

    @property
    def unpaid(self) -> str | None:
        """The generation that made the question stand alone, while what it cost is not known."""
        return self._reading.generation_id if self._reading.usage.cost is None else None

    async def retrieve(
        self, provider: Provider, model: str, history: Sequence[Turn], question: str, room: Room
    ) -> Retrieval:
        """The passages for the question, as many as there is room for; saved before they are used."""
        self._reading = Reading(question)
        filter = Filter(self._stream.document_ids)
        evidence, stream_id = self._with.evidence, self._stream.id
        try:
            searchable = await self._off_loop(partial(_searchable, self._with.documents, filter))
            await read(self._reading, provider, model, history, self._note, ask=searchable)
            found = await self._search(filter, PASSAGES if provider.cites else FEWER_PASSAGES)
        except BaseException:
            if self._reading.generation_id:
                evidence.submit(stream_id, self._made(Retrieval(question, question, filter)), self.unpaid)
            raise
        made = self._made(replace(found, question=question, citations=fitting(found.citations, room)))
        await self._off_loop(partial(evidence.add, stream_id, made, self.unpaid))
        return made

    async def _search(self, filter: Filter, most: int) -> Retrieval:
        self._note(SEARCHING)
        work = partial(self._with.searcher.search, self._reading.query, most, filter, on_wait=self._note)
        return await asyncio.get_running_loop().run_in_executor(self._with.searches, work)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._with.pool, work)

    def _made(self, retrieval: Retrieval) -> Retrieval:
        """The retrieval with what reading the question took, and the tags by which its documents were chosen."""
        reading, timings = self._reading, retrieval.timings
        filter = replace(retrieval.filter, tags=self._stream.tags)
        timings = replace(timings, rewrite=reading.took, total=timings.total + reading.took)
        return replace(retrieval, query=reading.query, filter=filter, timings=timings, usage=reading.usage)


def _searchable(documents: Documents, filter: Filter) -> bool:
    """Whether there is anything to search: if not, no model is asked to read the question."""
    return documents.any_ready() and documents.searchable(filter) != set()
