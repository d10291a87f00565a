"""Following a stream from any offset, from a thread or from an event loop, live or long closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from core.errors import NotFound
from core.models import Kind, Status
from core.store.streams import Streams
from core.streams.hub import Hub
from core.streams.log import StreamLog


@dataclass(frozen=True, slots=True)
class Update:
    """What is new of a stream: durable text from the follower's offsets on, and the offsets behind it."""

    text: str
    reasoning: str
    offset: int
    reasoning_offset: int
    status: Status
    note: str | None = None
    error: str | None = None


@dataclass(slots=True, eq=False)
class _ThreadWaker:
    event: threading.Event

    def wake(self) -> None:
        self.event.set()


class _LoopWaker:
    """A wait that costs a future and a timer: `asyncio.wait_for` would make a task each time."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._woken = False
        self._waiting: asyncio.Future[None] | None = None

    def wake(self) -> None:
        self._woken = True
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, tick: float | None) -> None:
        if not self._woken:
            self._waiting = self.loop.create_future()
            timer = self.loop.call_later(tick, self.wake) if tick else None
            try:
                await self._waiting
            finally:
                if timer:
                    timer.cancel()
        self._woken = False


class Follower:
    """Reads streams: every follower of one stream gets the same characters in the same order."""

    def __init__(self, hub: Hub, streams: Streams) -> None:
        self._hub = hub
        self._streams = streams

    def read(self, stream_id: str, offset: int = 0, reasoning_offset: int = 0) -> Update:
        """What is saved of a stream behind the offsets.

        Raises:
            NotFound: there is no such stream.
        """
        log = self._hub.find(stream_id)
        if log is not None:
            return _update(log, offset, reasoning_offset)
        stream = self._streams.get(stream_id)
        if stream is None:
            raise NotFound("stream", stream_id)
        answer, reasoning = self._streams.text(stream_id)
        ends = len(answer), len(reasoning)
        return Update(answer[offset:], reasoning[reasoning_offset:], *ends, stream.status)

    def follow(
        self, stream_id: str, offset: int = 0, reasoning_offset: int = 0, tick: float | None = None
    ) -> Iterator[Update]:
        """The state behind the offsets at once, then every change until the stream is closed.

        With `tick` an update without news comes whenever that many seconds brought none.

        Raises:
            NotFound: there is no such stream.
            StorageError: what comes now cannot be saved, so it is not shown.
        """
        log = self._hub.find(stream_id)
        if log is None:
            yield self.read(stream_id, offset, reasoning_offset)
            return
        waker = _ThreadWaker(threading.Event())
        self._hub.watch(log, waker)
        try:
            while True:
                waker.event.clear()
                update = self._next(log, offset, reasoning_offset)
                offset, reasoning_offset = update.offset, update.reasoning_offset
                yield update
                if update.status.closed or self._hub.closed:
                    return
                waker.event.wait(tick)
        finally:
            self._hub.unwatch(log, waker)

    async def afollow(self, stream_id: str, offset: int = 0, tick: float | None = None) -> AsyncGenerator[Update, None]:
        """`follow` for an event loop; the answer alone."""
        log = self._hub.find(stream_id)
        if log is None:
            yield await asyncio.to_thread(self.read, stream_id, offset)
            return
        waker = _LoopWaker()
        self._hub.watch(log, waker)
        try:
            while True:
                update = self._next(log, offset, log.offset(Kind.REASONING))
                offset = update.offset
                yield update
                if update.status.closed or self._hub.closed:
                    return
                await waker.wait(tick)
        finally:
            self._hub.unwatch(log, waker)

    def _next(self, log: StreamLog, offset: int, reasoning_offset: int) -> Update:
        update = _update(log, offset, reasoning_offset)
        if self._hub.failure and not (update.text or update.reasoning or update.status.closed):
            raise self._hub.failure
        return update


def _update(log: StreamLog, offset: int, reasoning_offset: int) -> Update:
    # The status is read first: a stream that is seen as closed has all its text in memory by then.
    status = log.status
    text, reasoning = log.read(Kind.ANSWER, offset), log.read(Kind.REASONING, reasoning_offset)
    error = log.outcome.error if log.outcome else None
    return Update(text, reasoning, offset + len(text), reasoning_offset + len(reasoning), status, log.note, error)
