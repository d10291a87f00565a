"""Which paths are the API's; every other one belongs to the pages."""

from __future__ import annotations

from starlette.types import Scope

HEALTH = "/api/health"
_SHARED_API, _SHARED_PAGE = "/api/shared/", "/shared"
_OURS = ("/api", "/streams", "/chat-stream", "/v1")


def path_of(scope: Scope) -> str:
    """The path that the app's router looks at, in whatever mount this is asked."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("app_root_path", scope.get("root_path", "")))


def is_shared_api(scope: Scope) -> bool:
    """Whether a request is for what a link shows: its token is all that a reader has."""
    return path_of(scope).startswith(_SHARED_API)


def is_shared(scope: Scope) -> bool:
    """Whether the address of a request holds the token of a link, be it of the API or of the page."""
    return is_shared_api(scope) or path_of(scope).rstrip("/") == _SHARED_PAGE


def spoken(scope: Scope) -> str:
    """The path as logs and errors may say it: without the token of a link."""
    path = path_of(scope)
    if not path.startswith(_SHARED_API):
        return path
    _, slash, rest = path.removeprefix(_SHARED_API).partition("/")
    return f"{_SHARED_API}…{slash}{rest}"


def is_ours(scope: Scope) -> bool:
    """Whether a request is for the API."""
    path = path_of(scope)
    return any(path == prefix or path.startswith(prefix + "/") for prefix in _OURS)
