"""Many pages, each watching its own answer, next to as many of the tutorial page."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.bench._measure import report, rounded, running, spread, upstream
from tests.bench._session import Session
from tests.fakes.story import expected_text
from tests.support.rounds import question
from tests.support.server import Server, cpu_seconds, resident_bytes
from tests.support.wire import call

Query = Callable[[], Awaitable[str]]


def main() -> None:
    """One row a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--without-tutorial", action="store_true")
    arguments = parser.parse_args()
    rows = []
    with upstream() as base_url:
        with running(base_url) as server:
            rows.append(asyncio.run(_measure("throughline", server, _ours(server, arguments), arguments)))
        if not arguments.without_tutorial:
            env = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "sk-test"}
            with running(base_url, script="tests/bench/tutorial_page.py", env=env) as server:
                rows.append(asyncio.run(_measure("tutorial", server, _tutorial(arguments), arguments)))
    report("pages", rows)


def _ours(server: Server, arguments: argparse.Namespace) -> Query:
    async def query() -> str:
        body = question(arguments.tokens, arguments.rate)
        return f"c={(await call(server.port, 'POST', '/api/conversations', body))['conversation_id']}"

    return query


def _tutorial(arguments: argparse.Namespace) -> Query:
    async def query() -> str:
        return f"model=fake/stream%3Ftokens%3D{arguments.tokens}%26rate%3D{arguments.rate}"

    return query


async def _measure(page: str, server: Server, query: Query, arguments: argparse.Namespace) -> dict[str, Any]:
    text = expected_text(arguments.tokens)
    begun, cpu = time.monotonic(), cpu_seconds(server.pid)
    nominal = arguments.tokens / arguments.rate
    patience = 20 * nominal + 60
    watched = await asyncio.gather(*(_watch(server, query, text[-200:], patience) for _ in range(arguments.sessions)))
    took, cpu = time.monotonic() - begun, cpu_seconds(server.pid) - cpu
    return {
        "page": page,
        "sessions": arguments.sessions,
        "tokens": arguments.tokens,
        "whole_texts": sum(session.shows(text) for session, _, _ in watched),
        "model_seconds": rounded(nominal),
        "all_seconds": rounded(took),
        "all_to_model_ratio": rounded(took / nominal),
        **spread([end / nominal for _, _, end in watched], "ratio"),
        **spread([first for _, first, _ in watched], "first_text_s"),
        **spread([session.bytes / 1e6 for session, _, _ in watched], "mb"),
        "cpu_s_per_session": rounded(cpu / arguments.sessions),
        "server_mb": rounded(resident_bytes(server.pid) / 1e6),
    }


async def _watch(server: Server, query: Query, ending: str, patience: float) -> tuple[Session, float, float]:
    """A session, and the seconds from its start to its first and to its whole text."""
    begun = time.monotonic()
    async with Session(server.port, await query()) as session, asyncio.timeout(patience):
        first = await session.watch(lambda it: it.shows("## Part 0"))
        end = await session.watch(lambda it: it.ends_with(ending))
    return session, first - begun, end - begun


if __name__ == "__main__":
    main()
