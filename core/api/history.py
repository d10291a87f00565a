"""Searching the history: messages by their words and their meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, timestamp
from core.api.body import whole_parameter
from core.api.search import LONGEST_QUERY, time_parameter, values_parameter
from core.errors import InvalidValue
from core.history.search import HistoryFilter, Hit
from core.models import Role, Status
from core.service import current

_MOST = 200
_DEEPEST = 10_000
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_ROLES = {role.value: role for role in Role}
_STATUSES = {status.value: status for status in Status}
_RATINGS = {"1": 1, "-1": -1, "0": 0}
_Value = TypeVar("_Value")


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/history", _search, methods=["GET"])]


def _search(request: Request) -> Response:
    query, limit = request.query_params.get("q", ""), whole_parameter(request, "limit", 50, _MOST)
    if len(query) > LONGEST_QUERY:
        raise InvalidValue(f"“q” must say what to search for in at most {LONGEST_QUERY:,} characters.")
    found = current().history.search(query, _filter(request), limit, _offset(request))
    return answer({"messages": [_found(hit) for hit in found.hits]})


def _found(hit: Hit) -> dict[str, Any]:
    return {
        "message_id": hit.message_id,
        "conversation_id": hit.conversation_id,
        "role": hit.role,
        "snippet": "".join(part.text for part in hit.snippet),
        "score": hit.score,
        "created_at": timestamp(hit.created_at),
    }


def _filter(request: Request) -> HistoryFilter:
    since, until = time_parameter(request, "since"), time_parameter(request, "until")
    if since is not None and until is not None and until <= since:
        raise InvalidValue("“until” must be later than “since”.")
    least, most = _cost(request, "min_cost"), _cost(request, "max_cost")
    if least is not None and most is not None and most < least:
        raise InvalidValue("“max_cost” must not be less than “min_cost”.")
    statuses = values_parameter(request, "status")
    return HistoryFilter(
        since=since,
        until=until,
        models=values_parameter(request, "model"),
        statuses=tuple(_one_of("status", status, _STATUSES) for status in statuses),
        rating=_choice(request, "rating", _RATINGS),
        min_cost=least,
        max_cost=most,
        document_id=_name(request, "document_id"),
        failed=_choice(request, "failed", _FLAGS),
        role=_choice(request, "role", _ROLES),
        conversation_id=_name(request, "conversation_id"),
    )


def _choice(request: Request, name: str, choices: Mapping[str, _Value]) -> _Value | None:
    value = request.query_params.get(name)
    return None if value is None else _one_of(name, value, choices)


def _one_of(name: str, value: str, choices: Mapping[str, _Value]) -> _Value:
    if value.lower() not in choices:
        raise InvalidValue(f"“{name}” must be one of {', '.join(choices)}.")
    return choices[value.lower()]


def _name(request: Request, name: str) -> str | None:
    value = request.query_params.get(name)
    if value is not None and not value.strip():
        raise InvalidValue(f"“{name}” must not be empty.")
    return value


def _cost(request: Request, name: str) -> float | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    with suppress(ValueError):
        cost = float(value)
        if math.isfinite(cost) and cost >= 0 and value.isascii():
            return cost
    raise InvalidValue(f"“{name}” must be an amount of US dollars, such as 0.01.")


def _offset(request: Request) -> int:
    value = request.query_params.get("offset", "0")
    if not (value.isascii() and value.isdigit() and int(value[:9]) <= _DEEPEST and len(value) < 9):
        raise InvalidValue(f"“offset” must be a whole number from 0 to {_DEEPEST}.")
    return int(value)
