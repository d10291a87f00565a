"""Sockets for httpx straight from asyncio: several hundred slow streams cost half of what they do through anyio."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import urllib.request
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

_HIGH_WATER = 256 * 1024


def fast_transport(limits: httpx.Limits, *, trust_env: bool = True) -> httpx.AsyncBaseTransport | None:
    """The transport to use; None, which means httpx's own, when the environment names a proxy."""
    if trust_env and urllib.request.getproxies():
        return None
    return AsyncioTransport(limits, trust_env=trust_env)


class AsyncioTransport(httpx.AsyncHTTPTransport):
    """httpx's transport and connection pool over these sockets."""

    def __init__(self, limits: httpx.Limits, *, verify: ssl.SSLContext | bool = True, trust_env: bool = True) -> None:
        context = verify if isinstance(verify, ssl.SSLContext) else httpx.create_ssl_context(trust_env=trust_env)
        super().__init__(verify=context, limits=limits, trust_env=trust_env)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )


class _Backend(httpcore.AsyncNetworkBackend):
    # The `timeout` parameters are httpcore's interface.

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, socket = await loop.create_connection(_Socket, host, port, happy_eyeballs_delay=_delay(host))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return socket

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _delay(host: str) -> float | None:
    """How long IPv6 may hang before IPv4 is tried; one address needs no race, which leaks sockets when cancelled."""
    try:
        ip_address(host)
    except ValueError:
        return 0.25
    return None


class _Socket(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection; at most one reader and one writer wait at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._received = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._reading: asyncio.Future[None] | None = None
        self._paused = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._due = 0.0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if not self._received and not self._ended:
            self._expect(timeout)
            self._reading = self._loop.create_future()
            try:
                await self._reading
            finally:
                self._reading = None
        if not self._received and self._error:
            if isinstance(self._error, TimeoutError):
                raise httpcore.ReadTimeout("Nothing was received for too long") from self._error
            raise httpcore.ReadError(str(self._error)) from self._error
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if self._paused and len(self._received) <= _HIGH_WATER:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if self._ended and self._error:
            raise httpcore.WriteError(str(self._error)) from self._error
        self._transport.write(buffer)
        try:
            async with asyncio.timeout(timeout):
                await self._writable.wait()
        except TimeoutError as error:
            raise httpcore.WriteTimeout("Nothing could be sent for too long") from error

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                self._transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            self._transport.abort()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            self._transport.abort()
            raise httpcore.ConnectError(str(error)) from error
        return self

    async def aclose(self) -> None:
        if self._watch:
            self._watch.cancel()
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            self._transport.close()
            await asyncio.sleep(0)
            self._transport.abort()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of an idle connection: anything to read means that it is over
            return self._ended or bool(self._received)
        return self._transport.get_extra_info(info)

    def _wake(self) -> None:
        if self._reading and not self._reading.done():
            self._reading.set_result(None)

    def _expect(self, timeout: float | None) -> None:
        """Sets when the next bytes are due; one timer a connection, not one a read, sees to it."""
        self._due = self._loop.time() + timeout if timeout is not None else float("inf")
        if self._watch and self._watch.when() > self._due:
            self._watch.cancel()
            self._watch = None
        if timeout is not None and self._watch is None:
            self._watch = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._reading:
            return
        if self._loop.time() < self._due:
            self._watch = self._loop.call_at(self._due, self._look) if self._due < float("inf") else None
            return
        self._error = TimeoutError()
        self._transport.abort()
