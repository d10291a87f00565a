"""Whether what answers need is there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer
from core.service import VERSION, current


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/health", _health, methods=["GET"])]


async def _health(_request: Request) -> Response:
    # On the loop, not in a thread: it must answer while every thread is busy.
    health = current().health()
    status = {"status": "ok" if health.ok else "unavailable", "version": VERSION}
    return answer(status | {"database": health.database, "model": health.model}, 200 if health.ok else 503)
