"""Searching the documents."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, passage_found
from core.api.body import whole_parameter
from core.errors import InvalidValue
from core.service import current

_LONGEST_QUERY = 10_000
_PATIENCE = 30.0


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/search", _search, methods=["GET"])]


def _search(request: Request) -> Response:
    query, k = request.query_params.get("q", ""), whole_parameter(request, "k", 5, 50)
    if not query.strip() or len(query) > _LONGEST_QUERY:
        raise InvalidValue(f"“q” must say what to search for, in 1 to {_LONGEST_QUERY:,} characters.")
    found = current().searcher.search(query, k, timeout=_PATIENCE).citations
    return answer({"passages": [passage_found(citation) for citation in found]})
