"""Which paths are the API's; every other one belongs to the pages."""

from __future__ import annotations

from starlette.types import Scope

HEALTH = "/api/health"
_OURS = ("/api", "/streams", "/chat-stream", "/v1")


def path_of(scope: Scope) -> str:
    """The path that the app's router looks at, in whatever mount this is asked."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("app_root_path", scope.get("root_path", "")))


def is_ours(scope: Scope) -> bool:
    """Whether a request is for the API."""
    path = path_of(scope)
    return any(path == prefix or path.startswith(prefix + "/") for prefix in _OURS)
