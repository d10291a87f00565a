"""The guard in front of every request, the pages' and their websocket's too: who may ask, and from where."""

from __future__ import annotations

import socket
from collections.abc import Collection
from functools import lru_cache
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.errors import TokenNeeded, error_response
from core.api.paths import HEALTH, is_ours, is_shared, is_shared_api, path_of
from core.errors import Refused, ThroughlineError, Unsupported
from core.service import current
from core.settings import Settings

_READS = ("GET", "HEAD")
_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_TAKEN = ("application/json", "multipart/form-data")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_EXPOSED = (
    *("Stream-Next-Offset", "Stream-Up-To-Date", "Stream-Closed", "Stream-Cursor", "Stream-SSE-Data-Encoding"),
    *("ETag", "Retry-After", "X-Conversation-Id", "X-Stream-Id"),
)
_POLICY = "img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'"
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""Of what a link shows: its token must not be told to other sites, nor its words be kept on the way."""
_ALLOWED = ("Authorization", "Content-Type", "If-None-Match", "Last-Event-ID")


class Guard:
    """ASGI middleware; `hosts` are the names that this server is reached by, besides localhost and its addresses."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts if host)
        name = socket.gethostname().lower()
        self._machine = frozenset((name, f"{name}.local"))
        self._with_cors = lru_cache(4)(self._add_cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers what is refused, and hands on everything else."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and is_shared(scope):
            send = _private(send)
        try:
            app = self._admitted(scope)
        except ThroughlineError as error:
            await _refuse(error, scope, receive, send)
            return
        await app(scope, receive, send)

    def _admitted(self, scope: Scope) -> ASGIApp:
        """Who answers the request.

        Raises:
            Refused, Unavailable: nobody does.
        """
        headers = Headers(scope=scope)
        self._check_host(scope, headers)
        if scope["type"] == "http" and is_ours(scope):
            origins = current().settings.cors_origins
            return self._with_cors(origins) if origins else self._ours
        if scope["type"] == "websocket" or scope["method"] in _WRITES:
            self._check_origin(headers)
        return self._pages

    async def _pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The pages: nothing in an answer may make a browser tell a stranger what a document says."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Content-Security-Policy", _POLICY)
            await send(message)

        await self._app(scope, receive, send_with_policy)

    def _add_cors(self, origins: tuple[str, ...]) -> ASGIApp:
        return CORSMiddleware(
            self._ours,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "OPTIONS", *_WRITES),
            allow_headers=_ALLOWED,
            expose_headers=_EXPOSED,
            allow_private_network=True,
        )

    async def _ours(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The API: its callers are asked more than those of the pages."""
        headers = Headers(scope=scope)
        try:
            settings = current().settings
            if scope["method"] in _WRITES:
                self._check_origin(headers, settings.cors_origins)
                _check_content_type(headers)
            if path_of(scope) != HEALTH and not (is_shared_api(scope) and scope["method"] in _READS):
                _check_caller(scope, headers, settings)
        except ThroughlineError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_host(self, scope: Scope, headers: Headers) -> None:
        """A page of another site can have its name point here; the Host header still says that name."""
        given = headers.getlist("host")
        host = _hostname(given[0]) if len(given) == 1 else ""
        if host in self._hosts or host == "localhost" or _is_loopback(host):
            return
        if _came_from_beyond(scope) and (_is_address(host) or host in self._machine):
            return
        raise Refused("This server is not known by that host name. Set Streamlit's browser.serverAddress to it.")

    def _check_origin(self, headers: Headers, known: Collection[str] = ()) -> None:
        """What a page of another site sends is refused; programs send no Origin."""
        origins = headers.getlist("origin")
        if not origins and headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return
        origin = origins[0].lower() if len(origins) == 1 else "null"
        host = origin.partition("://")[2]
        if host and (host == headers["host"].lower() or _hostname(host) in self._hosts):
            return
        if "*" not in known and origin not in known:
            raise Refused("Pages of other sites may not do this. Name them in THROUGHLINE_CORS_ORIGINS.")


def _check_content_type(headers: Headers) -> None:
    """A form or a plain text is what a page of any site can send unasked."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if kind not in _TAKEN and (kind or has_body):
        raise Unsupported("Send JSON with Content-Type: application/json, or a file as multipart/form-data.")


def _check_caller(scope: Scope, headers: Headers, settings: Settings) -> None:
    if settings.api_token:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        right = compare_digest(token.strip().encode("latin-1"), settings.api_token.encode())
        if scheme.lower() != "bearer" or not right:
            raise TokenNeeded("Send the API token of this server: Authorization: Bearer with THROUGHLINE_API_TOKEN.")
        return
    client = scope.get("client")
    if not client or not _is_loopback(client[0]) or any(name in headers for name in _FORWARDED):
        raise Refused("The API answers callers on its own machine. To open it to others, set THROUGHLINE_API_TOKEN.")


def _private(send: Send) -> Send:
    """`send` that has nobody on the way keep what a link shows, nor its token."""

    async def send_privately(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_PRIVATE)
        await send(message)

    return send_privately


async def _refuse(error: ThroughlineError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    await error_response(error)(scope, receive, send)


def _hostname(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".").lower()


def _came_from_beyond(scope: Scope) -> bool:
    """Whether the connection was made to an address that other machines reach."""
    server = scope.get("server")
    return server is not None and _is_address(server[0]) and not _is_loopback(server[0])


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
