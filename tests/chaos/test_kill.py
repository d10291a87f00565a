"""kill -9 at any moment: what anybody was shown is there afterwards."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.openrouter import FakeOpenRouter
from tests.support.rounds import Rounds
from tests.support.server import Server

ROUNDS = 20
SEED = 20260823


@pytest.mark.timeout(900)
def test_what_a_reader_has_seen_is_there_after_every_kill(tmp_path: Path) -> None:
    """Twenty kills under live readers lose no character, no database, and every answer can be continued to its end."""
    print(f"seed {SEED}")
    with FakeOpenRouter() as upstream, Server(tmp_path / "data", upstream.base_url) as server:
        rounds = Rounds(server, random.Random(SEED))
        seen = interrupted = 0
        for number in range(ROUNDS):
            found = asyncio.run(rounds.kill_once(streams=5, readers=4))
            assert not found.faults, f"round {number} of seed {SEED}: {found.faults}"
            seen, interrupted = seen + found.seen, interrupted + found.interrupted
        faults = asyncio.run(rounds.finish())
        assert not faults, f"seed {SEED}: {faults}"
        assert seen > 10_000
        assert interrupted >= ROUNDS, "the kills came too late to interrupt anything"


@pytest.mark.timeout(300)
def test_a_kill_while_the_database_is_tidied_loses_nothing(tmp_path: Path) -> None:
    """A kill in the quiet, while closed streams are tidied and the log is folded into the file, loses nothing."""
    with FakeOpenRouter() as upstream, Server(tmp_path / "data", upstream.base_url) as server:
        rounds = Rounds(server, random.Random(SEED))
        for number, delay in enumerate((0.0, 0.006, 0.015)):
            waiting = _until_tidying(server.data_dir / "throughline.duckdb.wal", delay)
            found = asyncio.run(rounds.kill_once(streams=10, readers=2, wait=waiting))
            assert not found.faults, f"round {number} of seed {SEED}: {found.faults}"
        assert not asyncio.run(rounds.finish())


def _until_tidying(log: Path, delay: float) -> Callable[[], Awaitable[None]]:
    """Waits until the log changes although nothing streams, and `delay` seconds more."""

    async def wait() -> None:
        size, end = _size(log), time.monotonic() + 60
        while _size(log) == size and time.monotonic() < end:
            await asyncio.sleep(0.001)
        assert _size(log) != size, "the database was not tidied"
        await asyncio.sleep(delay)

    return wait


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
