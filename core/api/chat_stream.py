"""The wire of `@convex-dev/persistent-text-streaming`: who starts a stream is given its text as it is saved."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core.api.body import read_fields
from core.errors import StorageError
from core.service import Service, current


class ChatStream(HTTPEndpoint):
    """`/chat-stream`."""

    async def post(self, request: Request) -> Response:
        """Starts a pending stream; a caller that leaves stops nothing."""
        stream_id = (await read_fields(request)).needed("streamId")
        service = current()
        if not await to_thread(service.chat.start, stream_id):
            return Response(status_code=205)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"}
        return StreamingResponse(_text(service, stream_id), headers=headers, media_type="text/plain")

    async def options(self, _request: Request) -> Response:
        """What is taken; preflight requests of other sites are answered by the guard."""
        return Response(status_code=204, headers={"Allow": "OPTIONS, POST"})


async def _text(service: Service, stream_id: str) -> AsyncIterator[bytes]:
    try:
        async with aclosing(service.follower.afollow(stream_id)) as updates:
            async for update in updates:
                if update.text:
                    yield update.text.encode()
    except StorageError:
        return  # What cannot be saved is not shown; the caller reads the stream's status.
