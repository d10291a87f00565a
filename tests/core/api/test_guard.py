from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.api.app import guard, routes
from core.api.errors import exception_handlers
from core.service import publish
from core.settings import Settings
from tests.core.api.support import client_of

JSON = {"Content-Type": "application/json"}
TOKEN = "a-token-of-some-length"
PATHS = ("/api/conversations", "/streams/x", "/chat-stream", "/v1/models")


async def _echo(request: Request) -> Response:
    return PlainTextResponse(request.method)


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@contextmanager
def _caller(hosts: tuple[str, ...] = (), **options: object) -> Iterator[TestClient]:
    """A caller of an app that answers everything, behind the guard; `settings` are the service's."""
    settings = options.pop("settings", Settings(data_dir=Path("nowhere")))
    everything = [WebSocketRoute("/{path:path}", _socket), Route("/{path:path}", _echo, methods=METHODS)]
    publish(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    try:
        yield client_of(Starlette(routes=everything, middleware=guard(hosts)), **options)
    finally:
        publish(None)


@pytest.mark.parametrize("path", ["/", "/api/conversations"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST:8501", 200), ("localhost.:8501", 200), ("127.0.0.1:8501", 200),
        ("127.8.9.1", 200), ("[::1]:8501", 200), ("[::1]", 200), ("[::ffff:127.0.0.1]", 200),
        ("known.example:443", 200),
        ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403),
        ("192.168.1.5:8501", 403), ("", 403), ("evil.example@localhost", 403), ("[evil]", 403),
        ("known.example.evil", 403), ("0.0.0.0", 403),
    ],
)  # fmt: skip
def test_a_foreign_host_name_is_refused(path: str, host: str, status: int) -> None:
    """A name that another site points here gets nothing, neither pages nor API."""
    with _caller(("known.example", "")) as client:
        response = client.get(path, headers={"Host": host})

    assert response.status_code == status
    if status == 403:
        assert response.json()["error"]["code"] == "refused"


@pytest.mark.parametrize(
    ("server", "host", "status"),
    [
        ("192.168.1.5", "192.168.1.5:8501", 200), ("192.168.1.5", "10.0.0.9", 200), ("fd00::5", "[fd00::5]:8501", 200),
        ("192.168.1.5", "thismachine:8501", 200), ("192.168.1.5", "thismachine.local", 200),
        ("192.168.1.5", "evil.example", 403), ("127.0.0.1", "thismachine", 403), ("127.0.0.1", "192.168.1.5", 403),
        ("::1", "192.168.1.5", 403),
    ],
)  # fmt: skip
def test_other_addresses_are_hosts_where_others_can_connect(
    server: str, host: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses and the machine's name are fine when the connection itself came from beyond loopback."""
    monkeypatch.setattr("socket.gethostname", lambda: "thismachine")
    base = f"http://[{server}]:8501" if ":" in server else f"http://{server}:8501"
    with _caller(base_url=base) as client:
        assert client.get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("path", ["/chat-stream", "/_stcore/upload_file/x"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({"Origin": "http://localhost"}, 200), ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://known.example"}, 200), ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "null"}, 403), ({"Origin": "https://evil.example"}, 403), ({"Origin": ""}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "localhost"}, 403),
    ],
)  # fmt: skip
def test_a_write_from_another_site_is_refused(path: str, method: str, headers: dict[str, str], status: int) -> None:
    """What a page of another site sends changes nothing; programs send no Origin."""
    with _caller(("known.example",)) as client:
        response = client.request(method, path, content=b"{}", headers=JSON | headers)

    assert response.status_code == status


def test_reading_needs_no_origin() -> None:
    """Pages of other sites may ask, but without CORS headers they cannot read the answer."""
    with _caller() as client:
        response = client.get("/api/conversations", headers={"Origin": "https://evil.example"})

    assert response.status_code == 200
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True), ({"Origin": "http://localhost"}, True), ({"Origin": "https://known.example"}, True),
        ({"Origin": "https://evil.example"}, False), ({"Origin": "null"}, False), ({"Host": "evil.example"}, False),
        ({"Origin": "https://app.example"}, False),
    ],
)  # fmt: skip
def test_a_websocket_of_another_site_is_refused(headers: dict[str, str], allowed: bool) -> None:
    """A handshake with a foreign Host or Origin is closed, though its site may call the API."""
    settings = Settings(cors_origins=("https://app.example",))
    with _caller(("known.example",), settings=settings) as client:
        if allowed:
            with client.websocket_connect("/_stcore/stream", headers={"Host": "localhost"} | headers) as socket:
                assert socket.receive_text() == "hello"
        else:
            headers = {"Host": "localhost"} | headers
            with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream", headers=headers):
                pass


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 200), (b"{}", "Application/JSON; charset=utf-8", 200),
        (b"x", "multipart/form-data", 200),
        (b"", "", 200), (b"{}", "", 415), (b"{}", "text/plain", 415), (b"", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415), (b"{}", "text/plain; application/json", 415),
        (b"{}", "application/jsonp", 415),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_form_of_another_site_cannot_write(method: str, content: bytes, kind: str, status: int) -> None:
    """A body that a page can send unasked is 415."""
    with _caller() as client:
        headers = {"Content-Type": kind} if kind else {}
        assert client.request(method, "/api/conversations", content=content, headers=headers).status_code == status
        assert client.request(method, "/elsewhere", content=content, headers=headers).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_only_this_machine_may_call(path: str) -> None:
    """A caller from elsewhere, or through a proxy, is told which setting opens the API."""
    with _caller(client=("192.168.1.9", 1), base_url="http://192.168.1.5") as client:
        response = client.get(path)
        assert response.status_code == 403
        assert "THROUGHLINE_API_TOKEN" in response.json()["error"]["message"]
        assert client.get("/").status_code == 200
        assert client.get("/api/health").status_code == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        with _caller() as client:
            assert client.get(path, headers={name: "127.0.0.1"}).status_code == 403
    for peer in ("127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"):
        with _caller(client=(peer, 1)) as client:
            assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/api/models", "/streams/x"])
@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200), (f"bearer  {TOKEN}", 200), (None, 401), ("", 401), (TOKEN, 401), ("Bearer", 401),
        (f"Bearer {TOKEN}x", 401), (f"Bearer {TOKEN[:-1]}", 401), (f"Basic {TOKEN}", 401), ("Bearer ü".encode(), 401),
    ],
)  # fmt: skip
def test_with_a_token_every_caller_must_show_it(path: str, header: str | bytes | None, status: int) -> None:
    """The token is asked of everybody, this machine included, and is never said back."""
    for peer in ("127.0.0.1", "192.168.1.9"):
        with _caller(settings=Settings(api_token=TOKEN), client=(peer, 1)) as client:
            response = client.get(path, headers=[] if header is None else [("Authorization", header)])  # type: ignore[list-item]
            assert response.status_code == status
            assert client.get("/api/health").status_code == 200
            assert client.get("/").status_code == 200
        if status == 401:
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert response.json()["error"]["code"] == "unauthorized"
            assert TOKEN not in response.text


@pytest.mark.parametrize("path", PATHS)
def test_a_known_site_may_call_the_api(path: str) -> None:
    """A site in the settings gets CORS headers, on refusals too; another site and the pages' paths do not."""
    site = {"Origin": "https://app.example"}
    settings = Settings(api_token=TOKEN, cors_origins=("https://app.example",))
    with _caller(settings=settings) as client:
        preflight = client.options(
            path,
            headers=site
            | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"},
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert "POST" in preflight.headers["access-control-allow-methods"]

        headers = site | JSON | {"Authorization": f"Bearer {TOKEN}"}
        answered = client.post(path, content=b"{}", headers=headers)
        assert answered.status_code == 200
        assert answered.headers["access-control-allow-origin"] == "https://app.example"
        assert {"Stream-Next-Offset", "ETag"} <= set(answered.headers["access-control-expose-headers"].split(", "))
        refused = client.post(path, content=b"{}", headers=site | JSON)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://app.example")

        other = headers | {"Origin": "https://evil.example"}
        assert client.post(path, content=b"{}", headers=other).status_code == 403
        assert "access-control-allow-origin" not in client.get(path, headers=other).headers
        assert client.post("/_stcore/upload_file", content=b"{}", headers=headers).status_code == 403
        assert "access-control-allow-origin" not in client.get("/", headers=site).headers


def test_every_site_may_call_when_that_was_set() -> None:
    """`*` opens the API to all sites."""
    settings = replace(Settings(), cors_origins=("*",))
    with _caller(settings=settings) as client:
        response = client.post("/chat-stream", content=b"{}", headers=JSON | {"Origin": "https://any.example"})

    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, "*")


def test_before_the_service_is_up_the_api_says_so() -> None:
    """While the app starts or ends, the API is 503 in JSON."""
    publish(None)
    app = Starlette(routes=routes(), middleware=guard(), exception_handlers=exception_handlers())
    for path in (*PATHS, "/api/health"):
        response = client_of(app).get(path)
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "unavailable"


@pytest.mark.parametrize("path", ["/", "/documents"])
def test_a_page_may_load_images_from_here_alone(path: str) -> None:
    """An image that an answer names is asked of nobody: its address could tell what a document says."""
    with _caller() as caller:
        policy = caller.get(path, headers={"Host": "localhost"}).headers["Content-Security-Policy"]
    assert "img-src 'self' data: blob:" in policy


@pytest.mark.parametrize(
    ("path", "private"),
    [
        ("/shared", True), ("/shared/", True), ("/api/shared/x", True), ("/api/shared/x/streams/y", True),
        ("/", False), ("/sharedx", False), ("/api/sharedx", False), ("/api/shares/x", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_what_a_link_shows_is_kept_by_nobody(path: str, private: bool, host: str) -> None:
    """Neither the page nor the answers, be they refusals: not in caches, not in the addresses that others are told."""
    with _caller() as client:
        headers = client.get(path, headers={"Host": host}).headers

    assert (headers.get("referrer-policy") == "no-referrer") == private
    assert (headers.get("x-robots-tag") == "noindex") == private
    assert not private or headers["cache-control"] == "no-store"
