"""`/streams/{stream_id}`: the read side of the Durable Streams protocol, version 1.0.

Offsets count characters, so that text from any of them on is whole UTF-8; to callers they are opaque.
"""

from __future__ import annotations

import random
import re
from asyncio import timeout, to_thread
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.sse import sse_response
from core.errors import InvalidRequest
from core.models import Kind
from core.service import Service, current
from core.streams.follow import Update

LONGEST_READ = 1_000_000
LONG_POLL = 25.0
_NO_REASONING = 1 << 62
_CURSOR_EPOCH = datetime(2024, 10, 9, tzinfo=UTC)
_INTERVAL = 20
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Accel-Buffering": "no",
}


def routes() -> list[BaseRoute]:
    """Routes under /streams."""
    return [Route("/{stream_id}", DurableStream)]


@dataclass(frozen=True, slots=True)
class _Read:
    """What a reader asks for; `offset` is None for `now`, `cursor` the one it was given before."""

    stream_id: str
    offset: int | None
    live: str | None
    cursor: int


class DurableStream(HTTPEndpoint):
    """One stream."""

    async def head(self, request: Request) -> Response:
        """Where the stream ends so far."""
        update = await to_thread(_saved, current(), request.path_params["stream_id"], None)
        headers = _position(update.offset, closed=update.status.closed) | {"Cache-Control": "no-store"}
        return Response(headers=headers, media_type="text/plain")

    async def get(self, request: Request) -> Response:
        """Text from an offset on: what is there, or what comes next, or all that comes."""
        service, read = current(), _asked(request)
        update = await to_thread(_saved, service, read.stream_id, read.offset)
        if read.live == "sse":
            return sse_response(request, service, read.stream_id, update, _cursor(read.cursor), _HEADERS)
        if read.live == "long-poll":
            if not update.text and not update.status.closed:
                update = await _coming(service, read.stream_id, update)
            if not update.text:
                return _nothing_new(read, update)
        return _text(request, read, update)


def _asked(request: Request) -> _Read:
    offsets, live = request.query_params.getlist("offset"), request.query_params.get("live")
    cursor = request.query_params.get("cursor", "")
    if live not in (None, "long-poll", "sse"):
        raise InvalidRequest("“live” must be long-poll or sse.")
    if len(offsets) > 1 or (live and not offsets):
        raise InvalidRequest("Give one “offset”: -1, now, or one that this server gave.")
    return _Read(
        request.path_params["stream_id"],
        _offset(offsets[0] if offsets else "-1"),
        live,
        int(cursor) if re.fullmatch("[0-9]{1,15}", cursor) else -1,
    )


def _offset(offset: str) -> int | None:
    if offset == "now":
        return None
    if offset == "-1":
        return 0
    if not re.fullmatch("[0-9]{20}", offset):
        raise InvalidRequest("“offset” must be -1, now, or one that this server gave for this stream.")
    return int(offset)


def _saved(service: Service, stream_id: str, offset: int | None) -> Update:
    """What is saved behind an offset; behind None nothing is."""
    log = service.hub.find(stream_id)
    beyond = log is not None and (offset or 0) > log.offset(Kind.ANSWER)
    update = service.follower.read(stream_id, offset or 0, _NO_REASONING)
    if beyond or update.offset < (offset or 0):
        raise InvalidRequest("“offset” is beyond the end of this stream.")
    return replace(update, text="") if offset is None else update


async def _coming(service: Service, stream_id: str, update: Update) -> Update:
    """The first update that brings text or the end, or the last one within the wait."""
    with suppress(TimeoutError):
        async with timeout(LONG_POLL), aclosing(service.follower.afollow(stream_id, update.offset)) as updates:
            async for update in updates:
                if update.text or update.status.closed:
                    break
    return update


def _text(request: Request, read: _Read, update: Update) -> Response:
    start = update.offset - len(update.text)
    text = update.text[:LONGEST_READ]
    end = start + len(text)
    at_tail = end == update.offset
    closed = at_tail and update.status.closed
    headers = _position(end, closed=closed)
    if at_tail:
        headers["Stream-Up-To-Date"] = "true"
    if read.live:
        headers["Stream-Cursor"] = _cursor(read.cursor)
    if read.offset is None and not text:
        headers["Cache-Control"] = "no-store"
        return Response(headers=headers, media_type="text/plain")
    # An empty answer may be kept but must be asked about again, as the next one may not be empty.
    headers["Cache-Control"] = "private, max-age=60, stale-while-revalidate=300" if text else "private, no-cache"
    headers["ETag"] = etag = f'"{read.stream_id}:{start}:{end}{":closed" if closed else ""}"'
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or etag in re.findall('"[^"]*"', known):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="text/plain")


def _nothing_new(read: _Read, update: Update) -> Response:
    headers = _position(update.offset, closed=update.status.closed)
    headers |= {"Stream-Up-To-Date": "true", "Stream-Cursor": _cursor(read.cursor), "Cache-Control": "no-store"}
    return Response(status_code=204, headers=headers)


def _position(offset: int, *, closed: bool) -> dict[str, str]:
    headers = _HEADERS | {"Stream-Next-Offset": f"{offset:020d}"}
    return headers | {"Stream-Closed": "true"} if closed else headers


def _cursor(known: int) -> str:
    """The number of the present interval, or one behind `known` if that is no less, so that no cache can loop."""
    interval = int((datetime.now(UTC) - _CURSOR_EPOCH).total_seconds()) // _INTERVAL
    return str(interval if known < interval else known + max(1, random.randint(1, 3600) // _INTERVAL))
