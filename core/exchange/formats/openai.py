"""OpenAI's chat wire as lines of JSON: `{"messages": […]}`, or a request and its response.

A line is known by its id and its first question, as ids such as `request-1` come again in other files, and its messages
by what was said up to them: so a line that went on adds what is new, and one that was changed is a branch. Without an
id a line is known by its whole content.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from core.exchange.parts import bracketed, call, content, fenced, joined
from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import Fields, digest, fields, items, key, moment, name, reason, text, thumb, usage
from core.models import Role

NAME = "openai"
_REQUESTS = ("request", "body", "input", "params", "kwargs")
_RESPONSES = ("response", "output", "completion", "result")
_IDS = ("conversation_id", "conversationId", "thread_id", "session_id", "custom_id", "request_id", "id")
_PREFERENCES = {"non_preferred_output": -1, "preferred_output": 1}
_ROLES = ("user", "assistant", "tool", "function")
_TIMES = ("created_at", "created", "timestamp", "time", "start_time")


def recognises(value: Fields) -> bool:
    """Whether a record is a request of OpenAI's wire, with or without its response."""
    listed = items(_request(value).get("messages"))
    return bool(listed) and isinstance(listed[0], dict) and "role" in listed[0]


def thread(value: Fields) -> Thread:
    """One line as a conversation; several choices of a response are branches, as are a preferred answer and the other.

    Raises:
        Broken: there are no messages in it.
    """
    request, response = _request(value), _response(value)
    listed = items(request.get("messages"))
    if not listed:
        raise Broken("it has no “messages”")
    model = name(response.get("model")) or name(request.get("model")) or name(value.get("model"))
    at = _time(value) or _time(response) or _time(request)
    turns = _row(listed, None, model)
    turns += _endings(value, response, turns[-1].key if turns else None, model)
    title = text(value.get("title")) or text(fields(value.get("metadata")).get("title"))
    return Thread(_key(value, turns, response), turns, title, at, model)


def _endings(value: Fields, response: Fields, above: Hashable, model: str | None) -> Iterator[Turn]:
    """What stands below a request: the choices of its response, the answers that were preferred or not."""
    for number, choice in enumerate(_choices(response)):
        for turn in _row([choice.get("message")], above, model, number):
            turn.finish_reason, turn.usage = reason(choice.get("finish_reason")), usage(response.get("usage"))
            yield turn
    for number, (name_, rating) in enumerate(_PREFERENCES.items()):
        for turn in _row(items(value.get(name_)), above, model, number):
            turn.rating = rating
            yield turn


def _key(value: Fields, turns: list[Turn], response: Fields) -> tuple[str, ...]:
    named = next((found for at in _IDS if (found := key(value.get(at)))), None) or key(response.get("id"))
    if named is None:
        return (digest([turn.key for turn in turns]),)
    return named, next((digest(turn.text) for turn in turns if turn.role is Role.USER), "")


def _row(messages: Iterable[Any], above: Hashable, model: str | None, number: int = 0) -> list[Turn]:
    """Messages that follow each other, each with a key that stands for all that was said up to it.

    `number` tells those apart that begin at the same place. The first has none of its own: in a later request it is
    one of the messages.
    """
    turns = list[Turn]()
    for message in map(fields, messages):
        if message.get("role") in _ROLES:
            turn = _turn(message, model)
            turn.parent = above
            turn.key = above = digest([above, turn.role, turn.text or turn.reasoning, *([number] if number else [])])
            turns.append(turn)
    return turns


def _turn(message: Fields, model: str | None) -> Turn:
    role, found = message["role"], content(message.get("content"))
    at = moment(message.get("created_at"))
    if role == "user":
        return Turn(None, None, Role.USER, found.text, at, hidden=not found.text)
    turn = Turn(None, None, Role.ASSISTANT, found.text, at)
    if role != "assistant":
        turn.hidden, turn.reasoning, turn.text = True, _given_back(message, found.text), ""
        return turn
    thought = text(message.get("reasoning_content")) or text(message.get("reasoning"))
    calls = (call(fields(each)) for each in items(message.get("tool_calls")))
    turn.reasoning = joined([thought, found.reasoning, *calls])
    turn.text = turn.text or text(message.get("refusal"))
    turn.hidden = not turn.text and (not thought or bool(message.get("tool_calls")))
    turn.model = name(message.get("model")) or model
    turn.rating = thumb(message.get("rating"))
    return turn


def _given_back(message: Fields, said: str) -> str:
    """What a tool gave, as a note."""
    return joined([bracketed("Output", name(message.get("name")) or ""), fenced(said)]) if said else ""


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
