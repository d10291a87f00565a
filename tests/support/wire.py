"""A small HTTP client: cheap enough to follow hundreds of streams on the server's own cores, and it hides nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

GONE = (ConnectionError, asyncio.IncompleteReadError, EOFError)
"""What is raised when the server is no longer there."""


@dataclass(slots=True)
class Response:
    """The head of an answer, and its body as it comes."""

    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body in the pieces in which it comes; closes the connection.

        Raises:
            one of `GONE`: it was cut.
        """
        try:
            if "chunked" in self.headers.get("transfer-encoding", ""):
                while size := int(await self._line(), 16):
                    async for piece in self._exactly(size):
                        yield piece
                    await self._line()
            elif "content-length" in self.headers:
                async for piece in self._exactly(int(self.headers["content-length"])):
                    yield piece
            elif self.status not in (204, 205, 304):
                while piece := await self.reader.read(65536):
                    yield piece
        finally:
            self.writer.close()

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def _line(self) -> bytes:
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size:
            piece = await self.reader.read(min(size, 65536))
            if not piece:
                raise EOFError
            size -= len(piece)
            yield piece


async def request(port: int, method: str, path: str, body: object = None, **headers: str) -> Response:
    """Asks on a connection of its own; back when the head of the answer is there.

    Raises:
        one of `GONE`: nobody answers.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = b"" if body is None else json.dumps(body).encode()
    fields = {"Host": f"127.0.0.1:{port}", "Connection": "close"} | headers
    if body is not None:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(sent))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + sent)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    except BaseException:
        writer.close()
        raise
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Response(int(status.split()[1]), found, reader, writer)


async def call(port: int, method: str, path: str, body: object = None) -> Any:
    """Asks for JSON.

    Raises:
        AssertionError: the answer is an error.
        one of `GONE`: nobody answers.
    """
    status, content = await ask(port, method, path, body)
    assert status < 300, f"{method} {path}: {status} {content}"
    return content


async def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """The status and the JSON of an answer.

    Raises:
        one of `GONE`: nobody answers.
    """
    response = await request(port, method, path, body)
    content = await response.read()
    return response.status, json.loads(content) if content else None
