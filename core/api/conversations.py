"""Conversations: begun, listed, read, renamed, pinned, archived, deleted."""

from __future__ import annotations

import base64
import json
from asyncio import to_thread
from datetime import UTC, datetime

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, asked, conversation_summary, conversation_whole, message_whole, timestamp
from core.api.body import Fields, read_fields, whole_parameter
from core.errors import InvalidValue
from core.models import Conversation
from core.questions import Question
from core.service import current


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [
        Route("/conversations", Conversations),
        Route("/conversations/{conversation_id}", OneConversation),
        Route("/conversations/{conversation_id}/messages", ConversationMessages),
    ]


class Conversations(HTTPEndpoint):
    """All conversations."""

    def get(self, request: Request) -> Response:
        """A page of conversations, newest first."""
        limit = whole_parameter(request, "limit", 50, 200)
        cursor = request.query_params.get("cursor")
        found = current().chat.conversations(limit + 1, _place(cursor) if cursor else None)
        following = _cursor(found[limit - 1]) if len(found) > limit else None
        shown = [conversation_summary(conversation) for conversation in found[:limit]]
        return answer({"conversations": shown, "next_cursor": following})

    async def post(self, request: Request) -> Response:
        """Begins a conversation."""
        question = _question(await read_fields(request), with_title=True)
        return asked(await to_thread(current().chat.begin, question))


class OneConversation(HTTPEndpoint):
    """One conversation."""

    def get(self, request: Request) -> Response:
        """The conversation."""
        return answer(conversation_whole(current().chat.conversation(request.path_params["conversation_id"])))

    async def patch(self, request: Request) -> Response:
        """Changes some of its fields."""
        fields = await read_fields(request)
        return answer(conversation_whole(await to_thread(_change, request.path_params["conversation_id"], fields)))

    def delete(self, request: Request) -> Response:
        """Deletes it and stops its answers."""
        current().chat.delete(request.path_params["conversation_id"])
        return Response(status_code=204)


class ConversationMessages(HTTPEndpoint):
    """The messages of a conversation."""

    def get(self, request: Request) -> Response:
        """All messages in the order of asking."""
        messages = current().chat.messages(request.path_params["conversation_id"])
        return answer({"messages": [message_whole(message) for message in messages]})

    async def post(self, request: Request) -> Response:
        """Asks the next question."""
        question = _question(await read_fields(request))
        return asked(await to_thread(current().chat.ask, request.path_params["conversation_id"], question))


def _question(fields: Fields, *, with_title: bool = False) -> Question:
    retrieve = fields.flag("retrieve")
    return Question(
        fields.needed("content"),
        model=fields.name("model"),
        document_ids=fields.names("document_ids"),
        retrieve=True if retrieve is None else retrieve,
        start=fields.flag("start") or False,
        client_id=fields.name("client_id"),
        title=fields.text("title") if with_title else None,
    )


def _change(conversation_id: str, fields: Fields) -> Conversation:
    # Every value is looked at before the first is changed.
    title, model = fields.text("title"), fields.name("model")
    pinned, archived = fields.flag("pinned"), fields.flag("archived")
    chat = current().chat
    if title is not None:
        chat.rename(conversation_id, title)
    if model is not None:
        chat.choose_model(conversation_id, model)
    if pinned is not None:
        chat.pin(conversation_id, pinned)
    if archived is not None:
        chat.archive(conversation_id, archived)
    return chat.conversation(conversation_id)


def _cursor(last: Conversation) -> str:
    place = json.dumps([timestamp(last.updated_at), last.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        at, conversation_id = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        place = datetime.fromisoformat(at).astimezone(UTC), str(conversation_id)
        place[1].encode()
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidValue("“cursor” must be a next_cursor that this server gave. Start again without one.") from error
    return place
