"""Answers: gone on with, made anew, rated."""

from __future__ import annotations

from asyncio import to_thread
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import asked
from core.api.body import read_fields
from core.service import current


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [
        Route("/messages/{message_id}/continue", _continue, methods=["POST"]),
        Route("/messages/{message_id}/regenerate", _regenerate, methods=["POST"]),
        Route("/messages/{message_id}/feedback", _feedback, methods=["PUT"]),
    ]


async def _continue(request: Request) -> Response:
    fields = await read_fields(request)
    go_on = partial(current().chat.go_on, start=fields.flag("start") or False)
    return asked(await to_thread(go_on, request.path_params["message_id"]))


async def _regenerate(request: Request) -> Response:
    fields = await read_fields(request)
    regenerate = partial(current().chat.regenerate, model=fields.name("model"), start=fields.flag("start") or False)
    return asked(await to_thread(regenerate, request.path_params["message_id"]))


async def _feedback(request: Request) -> Response:
    fields = await read_fields(request)
    rating, comment = fields.whole("rating", (1, -1)), fields.text("comment")
    await to_thread(current().chat.rate, request.path_params["message_id"], rating, comment)
    return Response(status_code=204)
