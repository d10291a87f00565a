"""Shares as their owner has them: links to conversations and notebooks, made, listed and ended."""

from __future__ import annotations

from asyncio import to_thread
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, timestamp
from core.api.body import Fields, read_fields
from core.api.exchange import attachment
from core.errors import InvalidValue
from core.service import current
from core.sharing.links import LONGEST, Share
from core.store.shares import ShareKind


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [
        Route("/conversations/{target_id}/shares", ConversationShares),
        Route("/conversations/{conversation_id}/replay", _replay, methods=["GET"]),
        Route("/notebooks/{target_id}/shares", NotebookShares),
        Route("/shares/{share_id}", OneShare),
    ]


class ConversationShares(HTTPEndpoint):
    """The links to a conversation."""

    kind: ShareKind = "conversation"

    def get(self, request: Request) -> Response:
        """Every link that was made, newest first."""
        service, target_id = current(), request.path_params["target_id"]
        there = service.chat.conversation if self.kind == "conversation" else service.notebooks.get
        found = service.sharing.shares(self.kind, there(target_id).id)
        return answer({"shares": [_owned(request, share) for share in found]})

    async def post(self, request: Request) -> Response:
        """Makes a link."""
        expires_in, target_id = _expires_in(await read_fields(request)), request.path_params["target_id"]
        made = await to_thread(current().sharing.share, self.kind, target_id, expires_in)
        return answer({"share_id": made.id, "token": made.token, "url": _url(request, made.token)}, 201)


class NotebookShares(ConversationShares):
    """The links to a notebook."""

    kind: ShareKind = "notebook"


class OneShare(HTTPEndpoint):
    """One link."""

    def delete(self, request: Request) -> Response:
        """Ends it, and cuts who follows it."""
        current().sharing.revoke(request.path_params["share_id"])
        return Response(status_code=204)


def page_file(page: bytes, title: str) -> Response:
    """A page to be kept."""
    headers = {"Content-Disposition": attachment(f"{title}.html"), "Cache-Control": "no-store"}
    return Response(page, headers=headers | {"X-Content-Type-Options": "nosniff"}, media_type="text/html")


def _replay(request: Request) -> Response:
    """A conversation as a page that replays it."""
    conversation_id = request.path_params["conversation_id"]
    page = current().sharing.offline(conversation_id)
    return page_file(page, current().chat.conversation(conversation_id).title)


def _expires_in(fields: Fields) -> timedelta | None:
    seconds = fields.values.get("expires_in")
    if seconds is None:
        return None
    if type(seconds) is not int or not 0 < seconds <= LONGEST.total_seconds():
        raise InvalidValue(f"“expires_in” must be a whole number of seconds, 1 to {LONGEST.total_seconds():.0f}.")
    return timedelta(seconds=seconds)


def _url(request: Request, token: str) -> str:
    """Where the page of a link is, as this caller reaches the server."""
    return f"{request.base_url}shared?{urlencode({'token': token})}"


def _owned(request: Request, share: Share) -> dict[str, Any]:
    return {
        "share_id": share.id,
        "token": share.token,
        "url": _url(request, share.token),
        "created_at": timestamp(share.created_at),
        "expires_at": timestamp(share.expires_at) if share.expires_at else None,
        "revoked_at": timestamp(share.revoked_at) if share.revoked_at else None,
        "views": share.views,
    }
