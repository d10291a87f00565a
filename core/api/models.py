"""What can answer, with price and context length."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.api.answers import answer, model_offered
from core.service import current


def routes() -> list[BaseRoute]:
    """Routes under /api."""
    return [Route("/models", _models, methods=["GET"])]


def _models(_request: Request) -> Response:
    service = current()
    models = [model_offered(model) for model in service.models()]
    return answer({"models": models, "default": service.chat.default_model})
