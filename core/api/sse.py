"""Following a stream by server-sent events, as the Durable Streams protocol wants it."""

from __future__ import annotations

from asyncio import get_running_loop
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core.errors import StorageError
from core.service import Service
from core.streams.follow import Update

WINDOW = 60.0
TICK = 15.0


def sse_response(
    request: Request, service: Service, stream_id: str, update: Update, cursor: str, headers: Mapping[str, str]
) -> Response:
    """What `update` brings, then all that comes, until the stream is closed or the window is over."""
    # A carriage return ends a line of SSE, so it cannot stand in one. Who reads with fetch, as @durable-streams/client
    # does, can see the header that announces base64 and gets every byte. EventSource cannot, and the Python client 0.1
    # does not look: both ask for text/event-stream by name, and get each line end as a newline. Catch-up and long-poll
    # are exact for everybody.
    encodes = "text/event-stream" not in request.headers.get("accept", "")
    encoded = encodes and "\r" in update.text
    sent = {**headers, "Cache-Control": "no-store"}
    if encoded:
        sent["Stream-SSE-Data-Encoding"] = "base64"
    events = _events(service, stream_id, update, cursor, encoded=encoded, encodes=encodes)
    return StreamingResponse(events, headers=sent, media_type="text/event-stream")


async def _events(
    service: Service, stream_id: str, update: Update, cursor: str, *, encoded: bool, encodes: bool
) -> AsyncIterator[bytes]:
    """One piece of bytes for each update, as a reader must never see text without the offset behind it."""
    clock = get_running_loop().time
    spoke, end = clock(), clock() + WINDOW
    text, held = _but_last_cr(update, "")
    yield _event(text, update, len(held), cursor, encoded=encoded)
    if update.status.closed:
        return
    with suppress(StorageError):  # What cannot be saved is not shown: the reader comes back with its last offset.
        async with aclosing(service.follower.afollow(stream_id, update.offset, TICK)) as updates:
            async for update in updates:
                text, held = _but_last_cr(update, held)
                if encodes and not encoded and "\r" in text + held:
                    return  # The reader comes back, and is then answered in base64 from its offset on.
                if text or update.status.closed:
                    yield _event(text, update, len(held), cursor, encoded=encoded)
                    spoke = clock()
                elif clock() - spoke >= TICK:
                    yield b":\n\n"  # Keeps proxies from closing a silent connection.
                    spoke = clock()
                if clock() > end:
                    return


def _but_last_cr(update: Update, held: str) -> tuple[str, str]:
    """The text to send now, and a carriage return that waits to see whether a newline follows it."""
    text = held + update.text
    if text.endswith("\r") and not update.status.closed:
        return text[:-1], "\r"
    return text, ""


def _event(text: str, update: Update, held: int, cursor: str, *, encoded: bool) -> bytes:
    data = ""
    if text and encoded:
        data = f"event: data\ndata: {b64encode(text.encode()).decode()}\n\n"
    elif text:
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        data = "event: data\ndata: " + text.replace("\n", "\ndata: ") + "\n\n"
    state = '"streamClosed":true' if update.status.closed else f'"streamCursor":"{cursor}"'
    control = f'{{"streamNextOffset":"{update.offset - held:020d}",{state},"upToDate":true}}'
    return f"{data}event: control\ndata: {control}\n\n".encode()
