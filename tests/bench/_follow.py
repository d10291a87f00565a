"""The cheapest follower there is: it keeps what came and when, and makes sense of it after the end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.support.readers import Events


class Follower(asyncio.Protocol):
    """Follows one stream over SSE, as often as the server ends the connection; `done` when the stream is closed.

    `arrivals` are the times on the monotonic clock and how many characters had come by then.
    """

    def __init__(self, port: int, stream_id: str) -> None:
        self.text = ""
        self.arrivals: list[tuple[float, int]] = []
        self.bytes = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._port = port
        self._stream_id = stream_id
        self._pieces: list[tuple[float, bytes]] = []
        self._closed = False
        self._now = 0.0

    async def connect(self) -> None:
        """Opens a connection and asks for what is new."""
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        path = f"/streams/{self._stream_id}?live=sse&offset={len(self.text):020d}"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: close\r\n\r\n"
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        self._pieces.append((time.monotonic(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self._read()
        except Exception as error:
            self.done.set_exception(error)
            return
        if self._closed:
            self.done.set_result(None)
        else:
            self._again = asyncio.ensure_future(self.connect())

    def _read(self) -> None:
        events, body = Events(self._show, self._control), _Body()
        for at, data in self._pieces:
            self._now = at
            self.bytes += len(data)
            events.feed(body.feed(data))
        self._pieces.clear()

    def _show(self, text: str) -> None:
        self.text += text
        self.arrivals.append((self._now, len(self.text)))

    def _control(self, control: dict[str, Any]) -> None:
        assert int(control["streamNextOffset"]) == len(self.text)
        self._closed = control.get("streamClosed", False)


class _Body:
    """Takes an HTTP answer in any pieces and gives its chunked body."""

    def __init__(self) -> None:
        self._rest = b""
        self._head = True

    def feed(self, data: bytes) -> bytes:
        self._rest += data
        if self._head:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return b""
            assert head.startswith(b"HTTP/1.1 200"), head
            self._head, self._rest = False, rest
        body = b""
        while True:
            size, end, rest = self._rest.partition(b"\r\n")
            if not end or len(rest) < int(size, 16) + 2:
                return body
            body, self._rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
