"""What a link shows, to whoever holds it: to read it asks for no API token; a fork, which is written here, does."""

from __future__ import annotations

from asyncio import get_running_loop, timeout, to_thread
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from core.analysis.sandbox import Result
from core.api.answers import answer, message_said, timestamp
from core.api.body import read_fields, whole_parameter
from core.api.durable import DurableStream
from core.api.shares import page_file
from core.errors import LinkNotFound, NotFound
from core.models import Citation, Message
from core.notebook.values import Cell, CellState
from core.service import current
from core.sharing.sharing import Shared, Sharing

WATCH = 1.0
"""In seconds: how soon a follower is cut when its link has ended, be it that no text comes."""
_MOST_ROWS, _LAST_ROW = 1_000, 1_000_000_000


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [
        Route("/shared/{token}", _shared, methods=["GET"]),
        Route("/shared/{token}/replay", _replay, methods=["GET"]),
        Route("/shared/{token}/fork", _fork, methods=["POST"]),
        Route("/shared/{token}/streams/{stream_id}", SharedStream),
        Route("/shared/{token}/cells/{cell_id}", _table, methods=["GET"]),
    ]


class SharedStream(DurableStream):
    """A stream of a shared conversation, read as at /streams, until the link ends."""

    async def head(self, request: Request) -> Response:
        """Where the stream ends so far."""
        await _check(request)
        return await super().head(request)

    async def get(self, request: Request) -> Response:
        """Text from an offset on, cut when the link ends."""
        await _check(request)
        sharing, token = current().sharing, request.path_params["token"]
        async with _while_it_works(sharing, token):
            response = await super().get(request)
        if isinstance(response, StreamingResponse):
            response.body_iterator = _cut(sharing, token, response.body_iterator)
        return response


def _shared(request: Request) -> Response:
    """What the link shows; each answer to a GET is a view."""
    sharing, token = current().sharing, request.path_params["token"]
    shared = sharing.open(token, count=request.method == "GET")
    if shared.kind == "conversation":
        return answer(_about(shared) | {"messages": [_message(message) for message in sharing.messages(token)]})
    states = sharing.states(token)
    cells = [_cell(cell, states.get(cell.id, CellState())) for cell in sharing.notebook(token).cells]
    return answer(_about(shared) | {"cells": cells})


def _replay(request: Request) -> Response:
    sharing, token = current().sharing, request.path_params["token"]
    return page_file(sharing.shared_offline(token), sharing.open(token, count=False).title)


async def _fork(request: Request) -> Response:
    """A conversation of the caller's own, up to and with a message."""
    message_id = (await read_fields(request)).needed("message_id")
    made = await to_thread(current().sharing.fork, request.path_params["token"], message_id)
    return answer({"conversation_id": made}, 201)


def _table(request: Request) -> Response:
    """Rows of the last result of a notebook's cell."""
    query = request.query_params
    offset = 0 if query.get("offset", "0") == "0" else whole_parameter(request, "offset", 0, _LAST_ROW)
    limit = whole_parameter(request, "limit", 100, _MOST_ROWS)
    sort = (query["sort"], query.get("descending") == "true") if "sort" in query else None
    token, cell_id = request.path_params["token"], request.path_params["cell_id"]
    return answer(_result(current().sharing.table(token, cell_id, offset, limit, sort)))


async def _check(request: Request) -> None:
    """Whether the link of a request shows the stream that it names."""
    sharing, token, stream_id = current().sharing, request.path_params["token"], request.path_params["stream_id"]
    if not sharing.works(token):
        raise LinkNotFound
    if not await to_thread(sharing.may_follow, token, stream_id):
        raise NotFound("stream", stream_id)


@asynccontextmanager
async def _while_it_works(sharing: Sharing, token: str) -> AsyncIterator[None]:
    """Waits inside for what may come, unless the link ends before: that costs a timer, no task.

    Raises:
        LinkNotFound: it has ended.
    """
    loop = get_running_loop()
    limit, timer = timeout(None), None

    def look() -> None:
        nonlocal timer
        if sharing.works(token):
            timer = loop.call_later(WATCH, look)
        else:
            limit.reschedule(loop.time())

    try:
        async with limit:
            look()
            yield
    except TimeoutError as error:
        raise LinkNotFound from error
    finally:
        if timer:
            timer.cancel()
    if not sharing.works(token):
        raise LinkNotFound


async def _cut(sharing: Sharing, token: str, events: AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    """Events until the link ends; the reader then comes back with its last offset, and learns why."""
    async with aclosing(aiter(events)) as following:  # type: ignore[type-var]
        with suppress(LinkNotFound):
            while True:
                async with _while_it_works(sharing, token):
                    event = await anext(following, None)
                if event is None:
                    return
                yield event


def _about(shared: Shared) -> dict[str, Any]:
    return {
        "kind": shared.kind,
        "title": shared.title,
        "created_at": timestamp(shared.created_at),
        "updated_at": timestamp(shared.updated_at),
        "expires_at": timestamp(shared.expires_at) if shared.expires_at else None,
    }


def _message(message: Message) -> dict[str, Any]:
    return message_said(message) | {"citations": [_citation(citation) for citation in message.citations]}


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "mark": citation.mark,
        "title": citation.title,
        "heading": citation.heading,
        "page": citation.page,
        "quote": citation.quote,
    }


def _cell(cell: Cell, state: CellState) -> dict[str, Any]:
    return {
        "id": cell.id,
        "kind": cell.kind,
        "name": cell.name,
        "text": cell.text,
        "settings": dict(cell.settings),
        "status": state.status,
        "error": state.error,
        "columns": _columns(state.columns),
        "rows": state.rows,
        "truncated": state.truncated,
        "note": state.note,
        "milliseconds": state.milliseconds,
        "ran_at": timestamp(state.ran_at) if state.ran_at else None,
    }


def _result(result: Result) -> dict[str, Any]:
    return asdict(result) | {"columns": _columns(result.columns)}


def _columns(columns: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in columns]
