"""Readers of one stream, each by another way, which keep exactly what they were shown."""

from __future__ import annotations

import asyncio
import codecs
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.wire import GONE, Response, request


@dataclass
class Reader:
    """What was read of a stream from the character `start` on; `closed` once the server said that this is all."""

    port: int
    stream_id: str
    start: int = 0
    seen: str = ""
    closed: bool = False
    on_text: Callable[[str], None] | None = None
    faults: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Reads until the stream is closed or the server is gone."""
        try:
            while not self.closed and await self.read():
                pass
        except GONE:
            return

    async def read(self) -> bool:
        """One request; whether another one makes sense."""
        raise NotImplementedError

    def show(self, text: str) -> None:
        """More text has come."""
        if text:
            self.seen += text
            if self.on_text:
                self.on_text(text)

    @property
    def offset(self) -> str:
        """The offset behind what was seen."""
        return f"{self.start + len(self.seen):020d}"

    def check_status(self, response: Response, *expected: int) -> None:
        """Keeps a status that should not be, and ends the reading."""
        if response.status not in expected:
            response.writer.close()
            self.faults.append(f"{type(self).__name__}: status {response.status}")
            raise EOFError


class SseReader(Reader):
    """Server-sent events of /streams."""

    async def read(self) -> bool:
        response = await request(self.port, "GET", f"/streams/{self.stream_id}?live=sse&offset={self.offset}")
        self.check_status(response, 200)
        events = Events(self.show, self._control)
        try:
            async for piece in response.pieces():
                events.feed(piece)
        finally:
            self.seen += events.begun()  # Of an event that was cut, too, a person may have seen what came.
        return True

    def _control(self, control: dict[str, Any]) -> None:
        self.closed = control.get("streamClosed", False)
        if control["streamNextOffset"] != self.offset:
            self.faults.append(f"SseReader: offset {control['streamNextOffset']} where {self.offset} was read")


class Events:
    """Parses server-sent events: `text` is called with each data event, `control` with each control event."""

    def __init__(self, text: Callable[[str], None], control: Callable[[dict[str, Any]], None]) -> None:
        self._text = text
        self._control = control
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Takes some bytes."""
        *events, self._rest = (self._rest + piece).split(b"\n\n")
        for event in events:
            kind, _, data = event.partition(b"\n")
            if kind == b"event: data":
                self._text(_joined(data).decode())
            elif kind == b"event: control":
                self._control(json.loads(_joined(data)))

    def begun(self) -> str:
        """The text in an event that has not ended."""
        kind, _, data = self._rest.partition(b"\n")
        if kind != b"event: data":
            return ""
        whole = data if data.rpartition(b"\n")[2].startswith(b"data: ") else data.rpartition(b"\n")[0]
        return codecs.getincrementaldecoder("utf-8")().decode(_joined(whole))


def _joined(data: bytes) -> bytes:
    return data.replace(b"\ndata: ", b"\n").removeprefix(b"data: ")


class LongPollReader(Reader):
    """Long-polling of /streams."""

    async def read(self) -> bool:
        response = await request(self.port, "GET", f"/streams/{self.stream_id}?live=long-poll&offset={self.offset}")
        self.check_status(response, 200, 204)
        await _show_body(self, response)
        self.closed = response.headers.get("stream-closed") == "true"
        return True


class CatchUpReader(Reader):
    """Catch-up reads again and again, each from some offset that was read already: what is read twice must agree."""

    def __init__(self, *arguments: Any, rng: random.Random | None = None, pause: float = 0.03, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._rng = rng or random.Random(0)
        self._pause = pause

    async def read(self) -> bool:
        at = self._rng.randint(max(0, len(self.seen) - 400), len(self.seen))
        response = await request(self.port, "GET", f"/streams/{self.stream_id}?offset={self.start + at:020d}")
        self.check_status(response, 200)
        body = (await response.read()).decode()
        known = self.seen[at:]
        if not body.startswith(known):
            self.faults.append(f"CatchUpReader: read {body[: len(known)]!r} where {known!r} was read before")
        self.show(body[len(known) :])
        self.closed = response.headers.get("stream-closed") == "true"
        await asyncio.sleep(self._pause)
        return True


class ChatStreamReader(Reader):
    """`POST /chat-stream`, which also starts the stream."""

    async def read(self) -> bool:
        response = await request(self.port, "POST", "/chat-stream", {"streamId": self.stream_id})
        self.check_status(response, 200, 205)
        await _show_body(self, response)
        self.closed = response.status == 200
        return False


async def _show_body(reader: Reader, response: Response) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    async for piece in response.pieces():
        reader.show(decoder.decode(piece))
