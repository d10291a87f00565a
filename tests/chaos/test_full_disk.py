"""The disk fills up while answers stream: nobody is shown what cannot be saved, and nothing that was shown is lost."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from core.store.database import Database
from core.store.streams import Streams
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.story import expected_text
from tests.support.readers import CatchUpReader, LongPollReader, Reader, SseReader
from tests.support.rounds import question
from tests.support.server import Server
from tests.support.wire import ask, call

TOKENS, RATE = 20_000, 400
FULL = "disk is full"


class Disk(Protocol):
    """A data folder whose space can be taken away and given back."""

    data_dir: Path

    def fill(self, server: Server) -> None: ...

    def free(self, server: Server) -> None: ...


class SmallDisk:
    """A file system of 64 MB."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._filler = data_dir / "filler"

    def fill(self, server: Server) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                while _written(filler.fileno(), size):
                    pass

    def free(self, server: Server) -> None:
        self._filler.unlink()


class LimitedFiles:
    """A folder on the ordinary disk in which the server may no longer make any file larger."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def fill(self, server: Server) -> None:
        log = self.data_dir / "throughline.duckdb.wal"
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))

    def free(self, server: Server) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.fixture(params=["small-disk", "limited-files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if request.param == "limited-files":
        yield LimitedFiles(data_dir)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(data_dir)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root alone")
    yield SmallDisk(data_dir)
    subprocess.run(["umount", "-l", str(data_dir)], check=True)


@pytest.fixture
def upstream() -> Iterator[FakeOpenRouter]:
    with FakeOpenRouter() as fake:
        yield fake


@pytest.mark.timeout(300)
def test_a_full_disk_ends_answers_and_loses_nothing(disk: Disk, upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Answers end with a sentence about the disk; once there is space, they are closed and the next one is written."""
    with Server(disk.data_dir, upstream.base_url, log=tmp_path / "server.log") as server:
        readers = asyncio.run(_fill_and_free(disk, server, tmp_path / "copy"))
        _check_saved(server, readers, "error")
        assert all(FULL in message["error"] for message in _answers(server, readers))
        server.kill()
        server.start()
        _check_saved(server, readers, "error")


@pytest.mark.timeout(300)
def test_a_kill_on_a_full_disk_loses_nothing(disk: Disk, upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """A server that is killed while its disk is full has all that was shown when it is started with space again."""
    with Server(disk.data_dir, upstream.base_url, log=tmp_path / "server.log") as server:
        readers = asyncio.run(_fill_and_kill(disk, server))
        if isinstance(disk, SmallDisk):
            disk.free(server)
        server.start()
        _check_saved(server, readers, "interrupted")


async def _fill_and_free(disk: Disk, server: Server, copy: Path) -> list[Reader]:
    async with _full(disk, server) as readers:
        _, health = await ask(server.port, "GET", "/api/health")
        assert FULL in health["database"], health
        status, refusal = await ask(server.port, "POST", "/api/conversations", question(10))
        # A few bytes may still fit into the last page of the log.
        assert status == 201 or (status == 503 and FULL in refusal["error"]["message"]), refusal
        _check_copy(disk.data_dir, copy, readers)
        disk.free(server)
        await _until(lambda: _closed(server, readers), "the answers are not closed")
        _, health = await ask(server.port, "GET", "/api/health")
        assert health["status"] == "ok", health
        ids = await call(server.port, "POST", "/api/conversations", question(300))
        after = SseReader(server.port, ids["stream_id"])
        await asyncio.wait_for(after.run(), 60)
        assert after.seen == expected_text(300)
    return readers


async def _fill_and_kill(disk: Disk, server: Server) -> list[Reader]:
    async with _full(disk, server) as readers:
        server.kill()
    return readers


@asynccontextmanager
async def _full(disk: Disk, server: Server) -> AsyncIterator[list[Reader]]:
    """Answers that are being written and read while the disk fills up; inside, it is full and the server knows it."""
    body = question(TOKENS, RATE)
    asked = [await call(server.port, "POST", "/api/conversations", body) for _ in range(3)]
    kinds = (SseReader, LongPollReader, CatchUpReader)
    readers: list[Reader] = [kind(server.port, ids["stream_id"]) for kind in kinds for ids in asked]
    tasks = [asyncio.create_task(_read(reader)) for reader in readers]
    try:
        await _until(lambda: _true(all(len(reader.seen) > 300 for reader in readers)), "no text comes")
        disk.fill(server)
        await _until(lambda: _unhealthy(server), "the server does not see that the disk is full")
        yield readers
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [result for result in results if isinstance(result, Exception)]
    assert not failed
    # That a long-poll is told 503 meanwhile is right; it asks again.
    assert not [fault for reader in readers for fault in reader.faults if "status 503" not in fault]


async def _read(reader: Reader) -> None:
    """Follows over every end of a connection, as a person's browser would."""
    while not reader.closed:
        before = len(reader.seen)
        await reader.run() if isinstance(reader, CatchUpReader) else await _once(reader)
        if len(reader.seen) == before:
            await asyncio.sleep(0.1)


async def _once(reader: Reader) -> None:
    try:
        await reader.read()
    except (ConnectionError, EOFError):
        await asyncio.sleep(0.1)


async def _until(condition: Callable[[], Any], complaint: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(complaint)


async def _true(value: bool) -> bool:
    return value


async def _unhealthy(server: Server) -> bool:
    return (await ask(server.port, "GET", "/api/health"))[0] == 503


async def _closed(server: Server, readers: list[Reader]) -> bool:
    streams = [await call(server.port, "GET", f"/api/streams/{reader.stream_id}") for reader in readers]
    return all(stream["status"] not in ("pending", "streaming") for stream in streams)


def _check_copy(data_dir: Path, copy: Path, readers: list[Reader]) -> None:
    """What was seen up to now stands in the files, as they are on the full disk."""
    seen = [(reader.stream_id, reader.seen) for reader in readers]
    copy.mkdir()
    for path in (data_dir / "throughline.duckdb", data_dir / "throughline.duckdb.wal"):
        if path.exists():  # A log that was folded is gone.
            shutil.copy(path, copy)
    database = Database(copy / "throughline.duckdb")
    try:
        for stream_id, text in seen:
            saved = Streams(database).text(stream_id)[0]
            assert saved.startswith(text), f"{len(text) - len(saved)} characters were shown before they were saved"
    finally:
        database.close()


def _check_saved(server: Server, readers: list[Reader], status: str) -> None:
    for reader in readers:
        stream = asyncio.run(call(server.port, "GET", f"/api/streams/{reader.stream_id}"))
        assert stream["status"] == status
        assert stream["text"].startswith(reader.seen)
        assert expected_text(TOKENS).startswith(stream["text"])


def _answers(server: Server, readers: list[Reader]) -> list[dict[str, Any]]:
    """The messages that were read."""
    listed = asyncio.run(call(server.port, "GET", "/api/conversations"))["conversations"]
    paths = [f"/api/conversations/{conversation['id']}/messages" for conversation in listed]
    messages = [message for path in paths for message in asyncio.run(call(server.port, "GET", path))["messages"]]
    read = {reader.stream_id for reader in readers}
    return [message for message in messages if message["stream_id"] in read]


def _written(file: int, size: int) -> bool:
    try:
        return os.write(file, b"\0" * size) == size
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
