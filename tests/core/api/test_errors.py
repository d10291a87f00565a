from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core import errors
from core.api.app import guard, routes
from core.api.errors import STATUS, error_response, exception_handlers
from core.api.health import VERSION
from core.service import Service
from tests.core.api.support import KEY, client_of


def _tree(kind: type[errors.ThroughlineError]) -> Iterator[type[errors.ThroughlineError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


@pytest.mark.parametrize("kind", list(_tree(errors.ThroughlineError)))
def test_every_error_has_a_status(kind: type[errors.ThroughlineError]) -> None:
    """Each class of the tree, or one that it is kind of, is given a status on purpose."""
    assert any(above in STATUS for above in kind.__mro__[:-4]) or kind is errors.ThroughlineError
    error = kind("kind", "identity") if kind is errors.NotFound else kind("What to do.")  # type: ignore[call-arg]

    response = error_response(error)

    assert response.status_code in (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)
    assert (response.status_code == 500) == (kind is errors.ThroughlineError)


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/no", "/api/conversations/", "/api/models/x", "/streams", "/chat-stream/x", "/v1/models"],
)
def test_an_unknown_path_is_not_found_in_json(client: TestClient, path: str) -> None:
    """Under the API's prefixes there is no page."""
    for method in ("GET", "POST", "DELETE"):
        response = client.request(method, path)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/conversations", {"GET", "HEAD", "POST"}),
        ("POST", "/api/conversations/x", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("GET", "/api/streams/x/start", {"POST"}), ("POST", "/api/messages/x/feedback", {"PUT"}),
        ("POST", "/api/health", {"GET", "HEAD"}), ("PUT", "/chat-stream", {"POST", "OPTIONS"}),
    ],
)  # fmt: skip
def test_a_wrong_method_says_what_is_taken(client: TestClient, method: str, path: str, allowed: set[str]) -> None:
    """405 comes in JSON, with Allow."""
    response = client.request(method, path)

    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"
    assert set(response.headers["allow"].split(", ")) == allowed


def test_a_bug_is_told_blandly_and_logged_fully(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error shows nothing of itself to the caller, and all of itself to the log."""

    def broken(*_: object) -> None:
        raise RuntimeError(f"the key is {KEY}")

    monkeypatch.setattr(service.chat, "conversation", broken)
    with caplog.at_level(logging.ERROR):
        response = client.get("/api/conversations/x")

    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal"
    assert KEY not in response.text
    assert "RuntimeError" in caplog.text


def test_the_pages_errors_stay_their_own(service: Service) -> None:
    """Outside the API's prefixes the router's errors look as they do without the API."""

    def teapot(_request: Request) -> Response:
        raise HTTPException(418, "short and stout", {"X-Pot": "tea"})

    page = Route("/page", teapot)
    client = client_of(Starlette(routes=[*routes(), page], middleware=guard(), exception_handlers=exception_handlers()))
    response = client.get("/page")
    assert (response.status_code, response.text, response.headers["x-pot"]) == (418, "short and stout", "tea")
    assert client.get("/nowhere").text == "Not Found"


def test_health_says_what_is_there(client: TestClient) -> None:
    """A server that can answer says ok."""
    response = client.get("/api/health")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "version": VERSION, "database": "ok", "model": "ok"}


def test_models_have_a_price_and_a_context(client: TestClient, service: Service) -> None:
    """What can answer is listed, with the default named."""
    answered = client.get("/api/models").json()

    assert answered["default"] == "fake/echo"
    for model in answered["models"]:
        assert set(model) == {"id", "name", "context_length", "pricing"}
        assert set(model["pricing"]) == {"prompt", "completion"}
    assert "local" in {model["id"] for model in answered["models"]}


def test_no_answer_holds_a_secret(http: httpx.Client, service: Service) -> None:
    """The key is in no error of the model's side, whatever that says, and in no other answer."""
    ids = http.post(
        "/api/conversations", json={"content": "x", "model": "fake/leak-key", "retrieve": False, "start": True}
    ).json()
    for _ in service.follower.follow(ids["stream_id"]):
        pass

    answers = [
        http.get(path).text
        for path in (
            f"/api/conversations/{ids['conversation_id']}/messages", f"/api/streams/{ids['stream_id']}",
            "/api/health", "/api/models", "/api/nowhere", f"/streams/{ids['stream_id']}",
        )
    ]  # fmt: skip

    assert '"status":"error"' in answers[0]
    assert not any(KEY in text for text in answers)
