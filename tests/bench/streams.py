"""Many answers at once, each followed over SSE: all text, in time, at what cost."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from bisect import bisect_left
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

from tests.bench._follow import Follower
from tests.bench._measure import report, rounded, running, spread, upstream
from tests.fakes.story import expected_text, token
from tests.support.server import Server, cpu_seconds, resident_bytes
from tests.support.wire import call, request


def main() -> None:
    """One row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=600)
    parser.add_argument("--rate", type=float, default=30)
    arguments = parser.parse_args()
    with upstream() as base_url, running(base_url) as server:
        row = asyncio.run(_measure(server, base_url, arguments))
    report("streams", [row])


async def _measure(server: Server, base_url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    models = [
        f"fake/stream?tokens={arguments.tokens}&rate={arguments.rate:g}&tag={number}"
        for number in range(arguments.streams)
    ]
    bodies = [{"content": "Tell me a story.", "model": model, "retrieve": False, "start": True} for model in models]
    cpu, began = cpu_seconds(server.pid), time.monotonic()
    followers = await asyncio.gather(*(_begin(server.port, body) for body in bodies))
    await asyncio.gather(*(follower.done for follower in followers))
    cpu = cpu_seconds(server.pid) - cpu
    sent = [await _times(base_url, number) for number in range(arguments.streams)]
    model_time = max(times[arguments.tokens - 1] for times in sent) - began
    end = max(follower.arrivals[-1][0] for follower in followers) - began
    lags = [lag for follower, times in zip(followers, sent, strict=True) for lag in _lags(follower, times)]
    expected = expected_text(arguments.tokens)
    return {
        "streams": arguments.streams,
        "tokens": arguments.tokens,
        "tokens_per_second": arguments.rate,
        "exact": sum(follower.text == expected for follower in followers),
        "nominal_seconds": rounded(arguments.tokens / arguments.rate),
        "model_seconds": rounded(model_time),
        "end_to_model_ratio": rounded(end / model_time),
        "end_to_nominal_ratio": rounded(end / (arguments.tokens / arguments.rate)),
        **spread(lags, "lag_ms", 1000),
        "cpu_ms_per_stream": rounded(cpu / arguments.streams * 1000),
        "server_cpu_share": rounded(cpu / end),
        "server_mb": rounded(resident_bytes(server.pid) / 1e6),
        "events_per_stream": rounded(sum(len(f.arrivals) for f in followers) / len(followers)),
    }


async def _begin(port: int, body: dict[str, Any]) -> Follower:
    ids = await call(port, "POST", "/api/conversations", body)
    follower = Follower(port, ids["stream_id"])
    await follower.connect()
    return follower


async def _times(base_url: str, tag: int) -> list[float]:
    parts = urlsplit(base_url)
    assert parts.port
    response = await request(parts.port, "GET", f"{parts.path}/times?tag={tag}")
    times: list[float] = json.loads(await response.read())
    return times


def _lags(follower: Follower, sent: list[float]) -> list[float]:
    """Seconds from when the model's side sent a token until the reader had all of it."""
    totals = [total for _, total in follower.arrivals]
    ends = accumulate(len(token(index)) for index in range(len(sent)))
    return [
        follower.arrivals[bisect_left(totals, end)][0] - at
        for at, end in zip(sent, ends, strict=True)
        if end <= totals[-1]
    ]


if __name__ == "__main__":
    main()
