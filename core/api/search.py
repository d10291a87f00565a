"""Searching the documents."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, passage_found
from core.api.body import whole_parameter
from core.errors import InvalidValue
from core.models import Filter
from core.service import current

LONGEST_QUERY = 10_000
"""Characters of a query."""
_MOST_VALUES = 1_000
_PATIENCE = 30.0
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/search", _search, methods=["GET"])]


def _search(request: Request) -> Response:
    query, k = request.query_params.get("q", ""), whole_parameter(request, "k", 5, 50)
    if not query.strip() or len(query) > LONGEST_QUERY:
        raise InvalidValue(f"“q” must say what to search for, in 1 to {LONGEST_QUERY:,} characters.")
    found = current().searcher.search(query, k, _filter(request), timeout=_PATIENCE).citations
    return answer({"passages": [passage_found(citation) for citation in found]})


def _filter(request: Request) -> Filter:
    since, until = time_parameter(request, "since"), time_parameter(request, "until")
    if since is not None and until is not None and until <= since:
        raise InvalidValue("“until” must be later than “since”.")
    return Filter(values_parameter(request, "document_id") or None, values_parameter(request, "tag"), since, until)


def values_parameter(request: Request, name: str) -> tuple[str, ...]:
    """Every value of a parameter that may be given more than once.

    Raises:
        InvalidValue: one is empty, or there are too many.
    """
    values = tuple(dict.fromkeys(request.query_params.getlist(name)))
    if len(values) > _MOST_VALUES or not all(value.strip() for value in values):
        raise InvalidValue(f"“{name}” may be given up to {_MOST_VALUES:,} times, and never be empty.")
    return values


def time_parameter(request: Request, name: str) -> datetime | None:
    """A time as in RFC 3339; of a date alone its first moment, in UTC.

    Raises:
        InvalidValue: it is none.
    """
    value = request.query_params.get(name)
    if value is None:
        return None
    value = value.replace(" ", "+")  # A plus that was not escaped arrives as a blank.
    if _TIME.fullmatch(value):
        with suppress(ValueError, OverflowError):
            time = datetime.fromisoformat(value)
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    raise InvalidValue(f"“{name}” must be a date or a time with its zone, such as 2026-05-31 or 2026-05-31T18:00:00Z.")
