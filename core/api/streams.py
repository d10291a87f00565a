"""Streams as JSON: what is saved of one so far, starting it, stopping it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer
from core.errors import NotFound
from core.service import current


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [
        Route("/streams/{stream_id}", _read, methods=["GET"]),
        Route("/streams/{stream_id}/start", _start, methods=["POST"]),
        Route("/streams/{stream_id}/stop", _stop, methods=["POST"]),
    ]


def _read(request: Request) -> Response:
    service, stream_id = current(), request.path_params["stream_id"]
    stream = service.streams.get(stream_id)
    if stream is None:
        raise NotFound("stream", stream_id)
    update = service.follower.read(stream_id)
    return answer(
        {"stream_id": stream_id, "message_id": stream.message_id, "text": update.text, "status": update.status}
    )


def _start(request: Request) -> Response:
    service, stream_id = current(), request.path_params["stream_id"]
    service.chat.start(stream_id)
    return answer({"status": service.follower.read(stream_id).status}, 202)


def _stop(request: Request) -> Response:
    return answer({"status": current().chat.stop(request.path_params["stream_id"])}, 202)
