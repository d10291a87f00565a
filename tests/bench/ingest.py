"""Many Markdown files are added while answers stream: how fast, in how much memory, and whether the answers notice.

Answers stream before, during and after, so that both kinds of figures come from one run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.bench._lag import begin, lags, times_of
from tests.bench._measure import report, rounded, running, spread, upstream
from tests.support.server import ROOT, Server, resident_bytes

_SIZE = 10_000
_AT_ONCE = 8
_TOKENS = 150
_TAGS = count()


@dataclass
class Memory:
    """The most that was seen, in bytes: of the server alone, and with the processes that it started."""

    server: int = 0
    all: int = 0


def main() -> None:
    """A row for the time before, during and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--rate", type=float, default=30, help="tokens a second of each answer")
    parser.add_argument("--rounds", type=int, default=4, help="answers of five seconds before and after")
    parser.add_argument("--light", action="store_true", help="a stand-in for the embedding model, which takes no time")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with upstream() as base_url, running(base_url, embeddings=not arguments.light) as server:
        rows = asyncio.run(_measure(server, base_url, arguments))
    report("ingest", rows, files=arguments.files, file_bytes=_SIZE, seed=arguments.seed, light=arguments.light)


async def _measure(server: Server, base_url: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    rng = random.Random(arguments.seed)
    words = _vocabulary()
    files = [_markdown(number, words, rng) for number in range(arguments.files)]
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as client, _memory(server) as memory:
        await _add(client, "first.md", b"# A first document\n\nIt has the model loaded.", wait=True)
        before = await _stream(server, base_url, arguments, arguments.rounds)
        began = time.monotonic()
        adding = asyncio.create_task(_add_all(client, files))
        during = await _stream(server, base_url, arguments, 1, adding)
        documents, taken, ended = await adding
        after = await _stream(server, base_url, arguments, arguments.rounds)
    ready = [document for document in documents if document["status"] == "ready"]
    passages, seconds = sum(document["passages"] for document in ready), ended - began
    return [
        {"answers": "before", "tokens": len(before), **spread(before, "lag_ms", 1000)},
        {
            "answers": "during",
            "tokens": len(during),
            **spread(during, "lag_ms", 1000),
            "ready": len(ready),
            "taken_s": rounded(taken - began),
            "seconds": rounded(seconds),
            "files_per_s": rounded(len(ready) / seconds),
            "passages": passages,
            "passages_per_s": rounded(passages / seconds),
            "server_mb": rounded(memory.server / 1e6),
            "all_mb": rounded(memory.all / 1e6),
        },
        {"answers": "after", "tokens": len(after), **spread(after, "lag_ms", 1000)},
    ]


async def _stream(
    server: Server, base_url: str, arguments: argparse.Namespace, rounds: int, until: asyncio.Task[Any] | None = None
) -> list[float]:
    """The lags of answers in rounds, as many as are wanted and on `until` something has ended."""
    found: list[float] = []
    while rounds > 0 or (until is not None and not until.done()):
        rounds -= 1
        tags = [str(next(_TAGS)) for _ in range(arguments.streams)]
        models = [f"fake/stream?tokens={_TOKENS}&rate={arguments.rate:g}&tag={tag}" for tag in tags]
        bodies = [{"content": "Tell me a story.", "model": model, "retrieve": False, "start": True} for model in models]
        followers = await asyncio.gather(*(begin(server.port, body) for body in bodies))
        await asyncio.gather(*(follower.done for follower in followers))
        for follower, tag in zip(followers, tags, strict=True):
            found += lags(follower, await times_of(base_url, tag))
    return found


async def _add_all(client: httpx.AsyncClient, files: list[bytes]) -> tuple[list[dict[str, Any]], float, float]:
    """Adds all files, some at a time, and waits until none is being indexed: they, when all were taken, the end."""
    waiting = iter(enumerate(files))

    async def add() -> None:
        for number, data in waiting:
            await _add(client, f"bench/{number:05}.md", data)

    await asyncio.gather(*(add() for _ in range(_AT_ONCE)))
    taken = time.monotonic()
    while True:
        newest = (await client.get("/api/documents?q=bench/&limit=1")).json()["documents"]
        if newest[0]["status"] != "indexing":
            documents: list[dict[str, Any]] = (await client.get("/api/documents?q=bench/")).json()["documents"]
            if not any(document["status"] == "indexing" for document in documents):
                return documents, taken, time.monotonic()
        await asyncio.sleep(0.2)


async def _add(client: httpx.AsyncClient, name: str, data: bytes, *, wait: bool = False) -> None:
    query = {} if wait else {"wait": "false"}
    response = await client.post("/api/documents", params=query, files={"file": (name, data, "text/markdown")})
    response.raise_for_status()


@asynccontextmanager
async def _memory(server: Server) -> AsyncIterator[Memory]:
    """Looks at the memory of the server's processes all the while."""
    most = Memory()

    async def look() -> None:
        while True:
            sizes = {}
            for pid in server.orphans():
                with suppress(OSError):  # It has just ended.
                    sizes[pid] = resident_bytes(pid)
            most.server = max(most.server, sizes.get(server.pid, 0))
            most.all = max(most.all, sum(sizes.values()))
            await asyncio.sleep(0.5)

    task = asyncio.create_task(look())
    try:
        yield most
    finally:
        task.cancel()


def _vocabulary() -> list[str]:
    """The words of this project's own pages, the frequent ones often."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "data" / "samples").glob("*.md"), *(ROOT / "data" / "samples").glob("*.txt")]
    words = " ".join(page.read_text("utf-8") for page in pages).split()
    return [word.strip("*_`#|()[].,:;") for word in words if word.strip("*_`#|()[].,:;-").isalpha()]


def _markdown(number: int, words: list[str], rng: random.Random) -> bytes:
    """A page with a title, headings of two levels, paragraphs and lists."""
    parts = [f"# {' '.join(rng.choices(words, k=4)).capitalize()} {number}"]
    while sum(len(part) + 2 for part in parts) < _SIZE:
        if rng.random() < 0.25:
            parts.append(f"{rng.choice(('##', '###'))} {' '.join(rng.choices(words, k=3)).capitalize()}")
        if rng.random() < 0.2:
            parts.append("\n".join(f"- {_sentence(words, rng)}" for _ in range(rng.randint(2, 6))))
        parts.append(" ".join(_sentence(words, rng) for _ in range(rng.randint(2, 7))))
    return "\n\n".join(parts).encode()[:_SIZE]


def _sentence(words: list[str], rng: random.Random) -> str:
    return " ".join(rng.choices(words, k=rng.randint(6, 18))).capitalize() + "."


if __name__ == "__main__":
    main()
