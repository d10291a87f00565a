"""Time to the first token through Throughline, next to a bare client of the same model, pair by pair."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import httpx

from tests.bench._measure import report, rounded, running, spread, upstream

Ask = Callable[[httpx.AsyncClient, str], Awaitable[float]]


def main() -> None:
    """One row a way of asking, and the differences of each pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--ttft", type=float, default=0.05, help="the model's own seconds to its first token")
    arguments = parser.parse_args()
    with upstream() as base_url, running(base_url) as server:
        ways = {"bare": _bare(base_url), "sse": _sse(server.url), "chat-stream": _chat_stream(server.url)}
        model = f"fake/stream?tokens=20&rate=100&ttft={arguments.ttft}"
        times = asyncio.run(_measure(ways, model, arguments.pairs))
    rows = [{"through": name, **spread(seconds, "ms", 1000)} for name, seconds in times.items()]
    for name in ("sse", "chat-stream"):
        added = [ours - bare for ours, bare in zip(times[name], times["bare"], strict=True)]
        rows.append({"through": f"{name} − bare", **spread(added, "ms", 1000)})
    report("first_token", rows, pairs=arguments.pairs, ttft_ms=rounded(arguments.ttft * 1000))


async def _measure(ways: dict[str, Ask], model: str, pairs: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    rng = random.Random(1)
    async with httpx.AsyncClient(timeout=30, headers={"Accept-Encoding": "identity"}) as client:
        for number in range(-3, pairs):
            for name in rng.sample(list(ways), len(ways)):
                seconds = await ways[name](client, model)
                if number >= 0:  # The first ones open connections and import modules.
                    times[name].append(seconds)
    return times


def _bare(base_url: str) -> Ask:
    async def ask(client: httpx.AsyncClient, model: str) -> float:
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Tell me a story."}]}
        began = time.perf_counter()
        return await _first(client, began, f"{base_url}/chat/completions", body, b'"content":"#')

    return ask


def _sse(url: str) -> Ask:
    async def ask(client: httpx.AsyncClient, model: str) -> float:
        began = time.perf_counter()
        stream_id = await _begin(client, url, model, start=True)
        return await _first(client, began, f"{url}/streams/{stream_id}?live=sse&offset=-1", None, b"event: data")

    return ask


def _chat_stream(url: str) -> Ask:
    async def ask(client: httpx.AsyncClient, model: str) -> float:
        began = time.perf_counter()
        stream_id = await _begin(client, url, model, start=False)
        return await _first(client, began, f"{url}/chat-stream", {"streamId": stream_id}, b"#")

    return ask


async def _begin(client: httpx.AsyncClient, url: str, model: str, *, start: bool) -> str:
    body = {"content": "Tell me a story.", "model": model, "retrieve": False, "start": start}
    response = await client.post(f"{url}/api/conversations", json=body)
    stream_id: str = response.raise_for_status().json()["stream_id"]
    return stream_id


async def _first(client: httpx.AsyncClient, began: float, url: str, body: object, mark: bytes) -> float:
    """Seconds from `began` until `mark` has come; the rest is read, so that the connection can be used again."""
    method, found, seen = ("POST" if body else "GET"), 0.0, b""
    async with client.stream(method, url, json=body) as response, aclosing(response.aiter_raw()) as pieces:
        async for piece in pieces:
            seen += piece
            if not found and mark in seen:
                found = time.perf_counter() - began
    assert found, f"{url}: {response.status_code} {seen[:500]!r}"
    return found


if __name__ == "__main__":
    main()
