"""The sockets under the client do what httpx's own would."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from core.providers.network import AsyncioTransport, fast_transport
from core.providers.openai import OpenAIProvider
from tests.core.providers.support import KEY, Clock, ask, hear, run
from tests.fakes.openrouter import FakeOpenRouter, expected_text
from tests.fakes.replies import COMMENT, Act, text

LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=10)


def test_silence_is_timed(server: FakeOpenRouter) -> None:
    """A connection on which nothing comes is given up in the time that was set; what comes starts it anew."""
    server.script("slow", [*[COMMENT, 0.12] * 12, text("Hi"), Act.HOLD])

    async def talk() -> bytes:
        received = b""
        timeout = httpx.Timeout(60, read=1.2)
        async with httpx.AsyncClient(transport=AsyncioTransport(LIMITS), timeout=timeout) as client:
            url = f"{server.base_url}/chat/completions"
            with pytest.raises(httpx.ReadTimeout):
                async with client.stream("POST", url, json={"model": "slow", "messages": []}) as response:
                    async for part in response.aiter_raw():
                        received += part
        return received

    assert run(talk()).endswith(text("Hi"))


def test_connections_are_used_again(server: FakeOpenRouter) -> None:
    """Requests that follow one another share a connection, as long as it lasts."""

    async def talk() -> None:
        async with httpx.AsyncClient(transport=AsyncioTransport(LIMITS)) as client:
            ports = set()
            for _ in range(3):
                response = await client.get(f"{server.base_url}/key")
                ports.add(response.extensions["network_stream"].get_extra_info("sockname"))
            assert len(ports) == 1

    run(talk())


def test_slow_readers_hold_up_the_sender(server: FakeOpenRouter) -> None:
    """What is not read is not received without bound, and still all there in the end."""
    server.script("big", [text("x" * 65536) for _ in range(200)])

    async def talk() -> int:
        size = 0
        async with httpx.AsyncClient(transport=AsyncioTransport(LIMITS)) as client:
            url = f"{server.base_url}/chat/completions"
            async with client.stream("POST", url, json={"model": "big", "messages": []}) as response:
                async for part in response.aiter_raw():
                    size += len(part)
        return size

    assert run(talk()) == 200 * len(text("x" * 65536))


def test_long_prompts(server: FakeOpenRouter) -> None:
    """A request of several megabytes goes out whole."""

    async def talk() -> str:
        provider = OpenAIProvider(server.base_url, KEY)
        heard = await hear(provider.stream(ask("fake/echo", "word " * 1_000)))
        await hear(provider.stream(ask("fake/usage-repeat-finish", "x" * 5_000_000)))
        await provider.close()
        return heard.text

    assert run(talk()) == "word " * 1_000
    assert len(server.completions()[1].body["messages"][0]["content"]) == 5_000_000


def test_tls(tmp_path: Path, clock: Clock) -> None:
    """Over TLS the answer is the same, and a server whose certificate is not trusted is not talked to."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    files = {"key": tmp_path / "key.pem", "certificate": tmp_path / "certificate.pem"}
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x"
    request += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*request.split(), "-keyout", files["key"], "-out", files["certificate"]],
        check=True,
        capture_output=True,
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(files["certificate"], files["key"])
    trusting = ssl.create_default_context(cafile=files["certificate"])

    async def talk(server: FakeOpenRouter, transport: httpx.AsyncBaseTransport | None) -> tuple[str, str]:
        provider = OpenAIProvider(server.base_url, KEY, transport=transport, retries=clock.retries())
        heard = await hear(provider.stream(ask("fake/stream?tokens=500")))
        await provider.close()
        return heard.text, heard.error.message if heard.error else ""

    with FakeOpenRouter(tls=serving) as server:
        assert run(talk(server, AsyncioTransport(LIMITS, verify=trusting))) == (expected_text(500), "")
        assert "cannot be reached" in run(talk(server, None))[1]


def test_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is left to httpx."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert fast_transport(LIMITS) is not None
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert fast_transport(LIMITS) is None
    assert fast_transport(LIMITS, trust_env=False) is not None
