"""Queries of the history, in SQL."""

from __future__ import annotations

import json
from asyncio import create_task, get_running_loop
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from core.analysis.sandbox import Result
from core.api.body import Fields, read_fields
from core.errors import InvalidValue
from core.service import current

_ROWS = 200
# Threads of their own: those who wait for a query take none from the other routes.
_waiting = ThreadPoolExecutor(24, "throughline-sql")


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/sql", _sql, methods=["POST"])]


async def _sql(request: Request) -> Response:
    """The result of one query, which ends when the caller leaves."""
    fields = await read_fields(request)
    sql, params, stop = fields.needed("sql"), _params(fields), Event()
    watching = create_task(_watch(request, stop))
    try:
        run = partial(current().sandbox.run, sql, params, stop=stop)
        result = await get_running_loop().run_in_executor(_waiting, run)
    finally:
        watching.cancel()
        stop.set()
    return StreamingResponse(_written(result), 200, {"Cache-Control": "no-store"}, "application/json")


def _params(fields: Fields) -> dict[str, Any]:
    params = fields.values.get("params")
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise InvalidValue("“params” must be an object with a value for each $name of the query.")
    return params


async def _watch(request: Request, stop: Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stop.set()


def _written(result: Result) -> Iterator[str]:
    """JSON in parts: a large result written at once would hold up everybody else."""
    columns = [{"name": name, "type": kind} for name, kind in result.columns]
    yield f'{{"columns": {json.dumps(columns)}, "rows": ['
    for start in range(0, len(result.rows), _ROWS):
        rows = json.dumps(result.rows[start : start + _ROWS])
        yield (", " if start else "") + rows[1:-1]
    yield f'], "truncated": {json.dumps(result.truncated)}, "milliseconds": {json.dumps(result.milliseconds)}}}'
