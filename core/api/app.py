"""The API as data: its routes and the guard, for the app that serves them beside the pages."""

from __future__ import annotations

from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from core.api import (
    conversations,
    documents,
    durable,
    exchange,
    health,
    history,
    messages,
    models,
    search,
    shared,
    shares,
    sql,
    streams,
)
from core.api.chat_stream import ChatStream
from core.api.guard import Guard

_UNDER_API = (
    *(conversations, messages, streams, documents, search, sql, models, exchange, history, shares, shared),
    health,
)
_EMPTY = ("/api", "/streams", "/downloads", "/chat-stream/{rest:path}", "/v1", "/v1/{rest:path}")


def routes() -> list[BaseRoute]:
    """All routes; every other path is the pages'."""
    under_api = [route for module in _UNDER_API for route in module.routes()]
    return [
        Mount("/api", Router(under_api, redirect_slashes=False)),
        Mount("/streams", Router(durable.routes(), redirect_slashes=False)),
        Mount("/downloads", Router(exchange.downloads(), redirect_slashes=False)),
        Route("/chat-stream", ChatStream),
        # Without these the pages would answer, as they do for every path that is nobody else's.
        *(Route(path, _Nothing()) for path in _EMPTY),
    ]


def guard(hosts: Collection[str] = ()) -> list[Middleware]:
    """What stands before every request; `hosts` are the names that this server is reached by."""
    return [Middleware(Guard, hosts=hosts)]


class _Nothing:
    """A path at which there is nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(404)
