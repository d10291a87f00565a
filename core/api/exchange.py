"""Imports and exports: a file in, a report out; conversations out as a file of one of several formats."""

from __future__ import annotations

import re
from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from core.api.answers import answer
from core.api.errors import error_response
from core.api.upload import uploaded
from core.errors import InvalidValue, ThroughlineError
from core.exchange.report import Report
from core.service import current

SIZE_LIMIT = 2 << 30
"""In bytes: the largest file that is taken over HTTP; it waits on disk, not in memory."""
_FIELDS = 20
_MOST_IDS = 10_000
_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}
_TYPES = {
    "markdown": ("md", "text/markdown; charset=utf-8"),
    "json": ("json", "application/json"),
    "jsonl": ("jsonl", "application/x-ndjson"),
    "html": ("html", "text/html; charset=utf-8"),
    "parquet": ("parquet", "application/vnd.apache.parquet"),
    "duckdb": ("duckdb", "application/octet-stream"),
}
_UNFIT = re.compile(r"[^\w\- ]+")


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/import", Import), Route("/export", Export)]


def downloads() -> list[BaseRoute]:
    """Routes under /downloads, which are the pages' and need no token."""
    return [Route("/{ticket}", Download)]


class Import(HTTPEndpoint):
    """Conversations from elsewhere."""

    async def post(self, request: Request) -> Response:
        """Brings in an export, or says what that would do with `dry_run`."""
        dry_run = _FLAGS.get(request.query_params.get("dry_run", "").lower())
        if dry_run is None:
            raise InvalidValue("“dry_run” must be true or false.")
        exchange = current().exchange
        too_large = f"This file is over {SIZE_LIMIT >> 30} GB. Import the files in it one by one."
        async with uploaded(request, SIZE_LIMIT, too_large, _FIELDS) as (file, _):
            report = await to_thread(exchange.inspect if dry_run else exchange.import_, file.file)
        return answer(reported(report))


class Export(HTTPEndpoint):
    """Conversations as a file."""

    async def get(self, request: Request) -> Response:
        """All conversations, or those whose ids are given, in the format that is asked for."""
        format_, ids = request.query_params.get("format", "json"), request.query_params.getlist("conversation_id")
        if format_ not in _TYPES:
            raise InvalidValue(f"“format” must be one of {', '.join(_TYPES)}.")
        if len(ids) > _MOST_IDS:
            raise InvalidValue(f"Name at most {_MOST_IDS:,} conversations, or none for all.")
        return await to_thread(_export, format_, ids or None)


class Download(HTTPEndpoint):
    """A file that a page offers: what its ticket is for, and nothing else."""

    async def get(self, request: Request) -> Response:
        """The file, or in a sentence why there is none."""
        try:
            wanted = current().exchange.tickets.wanted(request.path_params["ticket"])
            return await to_thread(_export, wanted.format, wanted.conversation_ids)
        except ThroughlineError as error:
            return PlainTextResponse(error.message, error_response(error).status_code)


def reported(report: Report) -> dict[str, Any]:
    """A report as the API says it."""
    counts = asdict(report)
    del counts["more_skipped"]
    return counts | {"skipped": [asdict(skipped) for skipped in report.all_skipped()]}


def _export(format_: str, ids: Sequence[str] | None) -> Response:
    exchange = current().exchange
    pieces = exchange.export(format_, ids)
    name = exchange.title(ids[0]) if ids and len(ids) == 1 else "conversations"
    extension, media_type = _TYPES[format_]
    headers = {"Content-Disposition": attachment(f"{name}.{extension}"), "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers | {"X-Content-Type-Options": "nosniff"})


def attachment(name: str) -> str:
    """A header that gives the file a name, for old browsers without what is not ASCII (RFC 6266)."""
    stem, _, extension = name.rpartition(".")
    stem = " ".join(_UNFIT.sub(" ", stem).split())[:80].strip() or "conversation"
    plain = stem.encode("ascii", "ignore").decode().strip() or "conversation"
    return f"attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{quote(f'{stem}.{extension}')}"
