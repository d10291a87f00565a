"""Rounds of: many answers stream, many readers read, the server is killed, started again, and compared with what each
reader had seen."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.fakes.story import expected_text
from tests.support.readers import CatchUpReader, ChatStreamReader, LongPollReader, Reader, SseReader
from tests.support.server import Server
from tests.support.wire import GONE, call

UNFINISHED = ("pending", "streaming")


@dataclass(slots=True)
class Answer:
    """One answer that was asked for: where it is, what it will be, and what is known to be saved of it."""

    conversation_id: str
    message_id: str
    stream_id: str
    tokens: int
    saved: str = ""
    earlier: str = ""
    """The text of the message's streams before `stream_id`."""
    status: str = "pending"


@dataclass(slots=True)
class Found:
    """What a round found; `faults` says what was wrong, one sentence each."""

    readers: int = 0
    seen: int = 0
    lost: int = 0
    interrupted: int = 0
    start_seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


class Rounds:
    """Kills one server again and again, on one and the same data folder."""

    def __init__(self, server: Server, rng: random.Random) -> None:
        self.server = server
        self.rng = rng
        self.answers: list[Answer] = []

    async def kill_once(self, streams: int, readers: int, wait: Callable[[], Awaitable[None]] | None = None) -> Found:
        """One round: `streams` answers with `readers` readers each, SIGKILL at some moment, and the comparison.

        `wait` is awaited before the kill, in place of a random while.
        """
        found = Found()
        going_on = await self._go_on()
        asked, following = list(going_on), list[Reader]()
        for answer in going_on:
            following += self._readers(answer, readers, started=True)
        tasks = [asyncio.create_task(reader.run()) for reader in following]
        tasks += [asyncio.create_task(self._ask(readers, asked, following, found)) for _ in range(streams)]
        if wait:
            await asyncio.gather(*tasks)
            await wait()
        else:
            await asyncio.sleep(self.rng.uniform(0.02, 1.5))
        self.server.kill()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, GONE):
                found.faults.append(f"a reader failed: {result!r}")
        found.start_seconds = await asyncio.to_thread(self.server.start)
        await self._compare(asked, following, found)
        return found

    async def finish(self) -> list[str]:
        """Continues every answer until it is complete; what was wrong with any."""
        faults: list[str] = []
        while unfinished := [answer for answer in self.answers if answer.status != "done"]:
            for some in (unfinished[i : i + 50] for i in range(0, len(unfinished), 50)):
                for answer in some:
                    await self._start_again(answer)
                await asyncio.gather(*(_end(self.server.port, answer) for answer in some))
                for answer in some:
                    await self._refresh(answer, faults)
                    if answer.status != "done":
                        faults.append(f"{answer.message_id} was continued and is {answer.status}")
            if faults:
                return faults
        for answer in self.answers:
            await self._refresh(answer, faults)
            if answer.saved != expected_text(answer.tokens):
                faults.append(f"{answer.message_id}: {_difference(answer.saved, expected_text(answer.tokens))}")
        return faults

    async def _ask(self, readers: int, asked: list[Answer], following: list[Reader], found: Found) -> None:
        await asyncio.sleep(self.rng.uniform(0, 0.3))
        tokens, rate = self.rng.randint(50, 1200), self.rng.choice((0, 100, 300, 1000))
        start = self.rng.random() < 0.6
        ttft = self.rng.choice((0, 0.1))
        try:
            ids = await call(self.server.port, "POST", "/api/conversations", question(tokens, rate, ttft, start=start))
        except GONE:
            return
        answer = Answer(ids["conversation_id"], ids["message_id"], ids["stream_id"], tokens)
        self.answers.append(answer)
        asked.append(answer)
        mine = self._readers(answer, readers, started=start)
        following += mine
        for result in await asyncio.gather(*map(self._read_after_a_while, mine), return_exceptions=True):
            if isinstance(result, BaseException):
                found.faults.append(f"a reader failed: {result!r}")

    def _readers(self, answer: Answer, count: int, *, started: bool) -> list[Reader]:
        port, stream_id = self.server.port, answer.stream_id
        found: list[Reader] = [] if started else [ChatStreamReader(port, stream_id)]
        catch_up = CatchUpReader(port, stream_id, rng=random.Random(self.rng.random()))
        kinds: Sequence[Reader] = [SseReader(port, stream_id), LongPollReader(port, stream_id), catch_up]
        more: list[Reader] = [SseReader(port, stream_id) for _ in range(count)]
        return [*found, *kinds, *more][:count]

    async def _read_after_a_while(self, reader: Reader) -> None:
        if not isinstance(reader, ChatStreamReader):
            await asyncio.sleep(self.rng.uniform(0, 0.2))
        await reader.run()

    async def _go_on(self) -> list[Answer]:
        """Continues some of the answers that were interrupted, so that they can be interrupted again."""
        cut = [answer for answer in self.answers if answer.status == "interrupted" and len(answer.saved) > 200]
        chosen = self.rng.sample(cut, min(2, len(cut)))
        for answer in chosen:
            await self._start_again(answer)
        return chosen

    async def _start_again(self, answer: Answer) -> None:
        port = self.server.port
        if answer.status == "pending":
            await call(port, "POST", f"/api/streams/{answer.stream_id}/start")
            return
        path = "regenerate" if not answer.saved else "continue"
        ids = await call(port, "POST", f"/api/messages/{answer.message_id}/{path}", {"start": True})
        answer.message_id, answer.stream_id, answer.earlier = ids["message_id"], ids["stream_id"], answer.saved

    async def _compare(self, asked: list[Answer], following: list[Reader], found: Found) -> None:
        texts = {}
        for answer in asked:
            await self._refresh(answer, found.faults)
            texts[answer.stream_id] = answer.saved[len(answer.earlier) :]
            found.interrupted += answer.status == "interrupted"
        for reader in following:
            found.readers += 1
            found.seen += len(reader.seen)
            found.faults += reader.faults
            saved = texts[reader.stream_id]
            if not saved.startswith(reader.seen):
                found.lost += max(1, len(reader.seen) - len(saved))
                kind = type(reader).__name__
                found.faults.append(f"{kind} of {reader.stream_id}: {_difference(saved, reader.seen)}")

    async def _refresh(self, answer: Answer, faults: list[str]) -> None:
        """Reads what is saved of an answer and looks whether it is what it must be."""
        port, whole = self.server.port, expected_text(answer.tokens)
        message = await _message(port, answer)
        stream = await call(port, "GET", f"/api/streams/{answer.stream_id}")
        content, status = message["content"], message["status"]
        if not content.startswith(answer.saved):
            faults.append(f"{answer.message_id} lost text: {_difference(content, answer.saved)}")
        if content != answer.earlier + stream["text"] or status != stream["status"]:
            faults.append(f"{answer.message_id} says other than its stream {answer.stream_id}")
        if not whole.startswith(content):
            faults.append(f"{answer.message_id} is not what the model wrote: {_difference(content, whole)}")
        # All of the text may be there without the word that it is complete.
        if status not in ("done", "interrupted", "pending") or (status == "done" and content != whole):
            faults.append(f"{answer.message_id} is {status} with {len(content)} of {len(whole)} characters")
        answer.saved, answer.status = content, status


def question(tokens: int, rate: float = 0, ttft: float = 0, *, start: bool = True) -> dict[str, Any]:
    """The body that asks the fake model for a text."""
    model = f"fake/stream?tokens={tokens}&rate={rate}&ttft={ttft}"
    return {"content": "Tell me a story.", "model": model, "retrieve": False, "start": start}


async def _message(port: int, answer: Answer) -> dict[str, Any]:
    found = await call(port, "GET", f"/api/conversations/{quote(answer.conversation_id)}/messages")
    message: dict[str, Any] = next(m for m in found["messages"] if m["id"] == answer.message_id)
    return message


async def _end(port: int, answer: Answer) -> None:
    end = time.monotonic() + 120
    while (await call(port, "GET", f"/api/streams/{answer.stream_id}"))["status"] in UNFINISHED:
        assert time.monotonic() < end, f"{answer.stream_id} does not end"
        await asyncio.sleep(0.05)


def _difference(one: str, other: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return (
        f"from character {at} on {one[at : at + 40]!r} of {len(one)} instead of {other[at : at + 40]!r} of {len(other)}"
    )
