"""Many answers at once, each followed over SSE: all text, in time, at what cost."""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from tests.bench._lag import begin, lags, times_of
from tests.bench._measure import report, rounded, running, spread, upstream
from tests.fakes.story import expected_text
from tests.support.server import Server, cpu_seconds, resident_bytes


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
    followers = await asyncio.gather(*(begin(server.port, body) for body in bodies))
    await asyncio.gather(*(follower.done for follower in followers))
    cpu = cpu_seconds(server.pid) - cpu
    sent = [await times_of(base_url, str(number)) for number in range(arguments.streams)]
    model_time = max(times[arguments.tokens - 1] for times in sent) - began
    end = max(follower.arrivals[-1][0] for follower in followers) - began
    late = [lag for follower, times in zip(followers, sent, strict=True) for lag in lags(follower, times)]
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
        **spread(late, "lag_ms", 1000),
        "cpu_ms_per_stream": rounded(cpu / arguments.streams * 1000),
        "server_cpu_share": rounded(cpu / end),
        "server_mb": rounded(resident_bytes(server.pid) / 1e6),
        "events_per_stream": rounded(sum(len(f.arrivals) for f in followers) / len(followers)),
    }


if __name__ == "__main__":
    main()
