"""OpenAI's chat wire as lines of JSON: `{"messages": […]}`, or a request and its response.

Lines have no ids of their own kind: without an `id` a line is known by its content, so that the same line is brought in
once and a changed one is another conversation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from core.exchange.parts import call, content, joined
from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import Fields, fields, items, key, moment, name, reason, text, thumb, usage
from core.models import Role

NAME = "openai"
_REQUESTS = ("request", "body", "input", "params", "kwargs")
_RESPONSES = ("response", "output", "completion", "result")
_IDS = ("conversation_id", "conversationId", "thread_id", "session_id", "custom_id", "request_id", "id")
_TIMES = ("created_at", "created", "timestamp", "time", "start_time")


def recognises(value: Fields) -> bool:
    """Whether a record is a request of OpenAI's wire, with or without its response."""
    listed = items(_request(value).get("messages"))
    return bool(listed) and isinstance(listed[0], dict) and "role" in listed[0]


def thread(value: Fields) -> Thread:
    """One line as a conversation; several choices of a response are branches.

    Raises:
        Broken: there are no messages in it.
    """
    request, response = _request(value), _response(value)
    listed = items(request.get("messages"))
    if not listed:
        raise Broken("it has no “messages”")
    model = name(response.get("model")) or name(request.get("model")) or name(value.get("model"))
    at = _time(value) or _time(response) or _time(request)
    turns = list[Turn]()
    for number, message in enumerate(listed):
        turns.append(_turn(number, number - 1, fields(message), model))
    last = len(listed) - 1
    for number, choice in enumerate(_choices(response), len(listed)):
        turn = _turn(number, last, fields(choice.get("message")), model)
        turn.finish_reason, turn.usage = reason(choice.get("finish_reason")), usage(response.get("usage"))
        turns.append(turn)
    about = fields(value.get("metadata"))
    title = text(value.get("title")) or text(about.get("title"))
    return Thread(_key(value, listed, response), turns, title, at, model)


def _key(value: Fields, listed: list[Any], response: Fields) -> str:
    named = next((found for at in _IDS if (found := key(value.get(at)))), None) or key(response.get("id"))
    if named:
        return named
    whole = json.dumps([listed, response], sort_keys=True, default=str)
    return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _turn(number: int, parent: int, message: Fields, model: str | None) -> Turn:
    role, found = text(message.get("role")), content(message.get("content"))
    asked = role == "user"
    turn = Turn(number, parent, Role.USER if asked else Role.ASSISTANT, found.text, moment(message.get("created_at")))
    if role != "assistant":
        turn.hidden = not (asked and turn.text)
        return turn
    thought = text(message.get("reasoning_content")) or text(message.get("reasoning"))
    calls = (call(fields(each)) for each in items(message.get("tool_calls")))
    turn.reasoning = joined([thought, found.reasoning, *calls])
    turn.text = turn.text or text(message.get("refusal"))
    turn.hidden = not turn.text and (not thought or bool(message.get("tool_calls")))
    turn.model = name(message.get("model")) or model
    turn.rating = thumb(message.get("rating"))
    return turn


def _request(value: Fields) -> Fields:
    return next((found for found in _bodies(value, _REQUESTS) if "messages" in found), value)


def _response(value: Fields) -> Fields:
    return next((found for found in _bodies(value, _RESPONSES) if "choices" in found), value)


def _bodies(value: Fields, names: tuple[str, ...]) -> Iterator[Fields]:
    """The objects under some names, and their `body`; logs also keep them as strings or bare lists of messages."""
    for at in names:
        held = value.get(at)
        if isinstance(held, str) and held.lstrip().startswith(("{", "[")):
            held = _decoded(held)
        if isinstance(held, list) and names is _REQUESTS:
            held = {"messages": held}
        if isinstance(held, dict):
            yield held
            yield fields(held.get("body"))


def _decoded(held: str) -> Any:
    try:
        return json.loads(held, strict=False)
    except (ValueError, RecursionError):
        return None


def _choices(response: Fields) -> list[Fields]:
    return [fields(choice) for choice in items(response.get("choices")) if fields(choice).get("message")]


def _time(value: Fields) -> Any:
    return next((found for at in _TIMES if (found := moment(value.get(at)))), None)
