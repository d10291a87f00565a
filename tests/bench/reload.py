"""A page is opened on a long answer in progress: how soon all text so far stands there."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from tests.bench._measure import report, running, spread, upstream
from tests.bench._session import Session
from tests.support.server import Server
from tests.support.wire import call

TARGET_MS = 200


def main() -> None:
    """One row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--there", type=int, default=9_000, help="how many of them are there from the start")
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--reloads", type=int, default=20)
    arguments = parser.parse_args()
    with upstream() as base_url, running(base_url) as server:
        row = asyncio.run(_measure(server, arguments))
    report("reload", [row], target_ms=TARGET_MS)


async def _measure(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    model = f"fake/stream?tokens={arguments.tokens}&rate={arguments.rate:g}&burst={arguments.there}&tag=reload"
    body = {"content": "Tell me a story.", "model": model, "retrieve": False, "start": True}
    ids = await call(server.port, "POST", "/api/conversations", body)
    while len(await _text(server, ids)) < 5 * arguments.there:
        await asyncio.sleep(0.1)
    from_run, from_ask, size = list[float](), list[float](), 0
    for number in range(-1, arguments.reloads):
        text = await _text(server, ids)
        async with Session(server.port, f"c={ids['conversation_id']}") as session, asyncio.timeout(60):
            end = await session.watch(_shows(text[-200:]))
        assert session.shows(text), "the page does not show all text so far"
        if number >= 0:  # The first page run after the start imports modules.
            from_run.append(end - session.started)
            from_ask.append(end - session.asked)
            size = session.bytes
    stream = await call(server.port, "GET", f"/api/streams/{ids['stream_id']}")
    assert stream["status"] == "streaming", "the answer ended before the last reload; give it more tokens"
    return {
        "reloads": arguments.reloads,
        "characters": len(stream["text"]),
        **spread(from_run, "from_run_ms", 1000),
        **spread(from_ask, "from_ask_ms", 1000),
        "bytes": size,
    }


def _shows(ending: str) -> Any:
    return lambda session: session.ends_with(ending)


async def _text(server: Server, ids: dict[str, str]) -> str:
    text: str = (await call(server.port, "GET", f"/api/streams/{ids['stream_id']}"))["text"]
    return text


if __name__ == "__main__":
    main()
