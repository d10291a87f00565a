"""Errors as HTTP answers: the only place that gives an error a status."""

from __future__ import annotations

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core import errors
from core.api.paths import is_ours, spoken
from core.errors import ThroughlineError

_log = logging.getLogger(__name__)


class TokenNeeded(errors.Refused):
    """The caller has not shown the API token."""

    code = "unauthorized"


STATUS: dict[type[ThroughlineError], int] = {
    errors.InvalidRequest: 400,
    errors.InvalidValue: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unsupported: 415,
    errors.Refused: 403,
    TokenNeeded: 401,
    errors.SettingsError: 503,
    errors.StorageError: 503,
    errors.DocumentError: 422,
    errors.Unavailable: 503,
    errors.ProviderError: 503,
    ThroughlineError: 500,
}
_CODES = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def exception_handlers() -> dict[Any, Any]:
    """The handlers of an app that serves the routes of `core.api.app`, alone or beside pages."""
    return {ThroughlineError: _readable, HTTPException: _http, Exception: _unexpected}


def error_response(error: ThroughlineError) -> Response:
    """An error as the API says it."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    headers = {"WWW-Authenticate": 'Bearer realm="Throughline"'} if status == 401 else {}
    if status in (429, 503):
        headers["Retry-After"] = "5"
    return _response(status, error.code, error.message, headers)


def _response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"code": code, "message": message}}
    return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})})


async def _readable(_request: Request, error: ThroughlineError) -> Response:
    return error_response(error)


async def _http(request: Request, error: HTTPException) -> Response:
    """What the router says; on the paths of the pages as it would say it without us."""
    headers = dict(error.headers or {})
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=headers)
    if not is_ours(request.scope):
        return PlainTextResponse(error.detail, error.status_code, headers)
    message = error.detail
    if error.status_code == 404:
        message = f"There is nothing at {spoken(request.scope)}."
    elif error.status_code == 405:
        message = f"{request.method} is not taken here; what is: {headers.get('Allow', 'nothing')}."
    return _response(error.status_code, _CODES.get(error.status_code, "http_error"), message, headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, spoken(request.scope), exc_info=error)
    message = "Something went wrong inside Throughline; its log says what. Try again."
    return _response(500, ThroughlineError.code, message)
