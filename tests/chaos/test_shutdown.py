"""An orderly end, and starts that are refused: a sentence, an exit code, no traceback."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path

import duckdb
import pytest
import websockets

from core.store.database import Database
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.story import expected_text
from tests.support.readers import LongPollReader, Reader, SseReader
from tests.support.rounds import question
from tests.support.server import Server, ServerEnded, wait_for
from tests.support.wire import call

TOKENS = 5000
LIMIT = 5.0
SLACK = 10.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end_keeps_all_text_and_is_quick(tmp_path: Path, number: signal.Signals) -> None:
    """With followers and an open page the server ends within seconds; the answers are closed as interrupted.

    Who follows one over SSE is told its end and has all of its text.
    """
    with FakeOpenRouter() as upstream, Server(tmp_path / "data", upstream.base_url) as server:
        readers, seconds = asyncio.run(_end_under_followers(server, number))
        assert seconds < LIMIT + SLACK
        assert "Traceback" not in server.output
        wait_for(lambda: not server.orphans(), 30, "processes were left behind")
        server.start()
        saved = [asyncio.run(call(server.port, "GET", f"/api/streams/{reader.stream_id}")) for reader in readers]
        for reader, stream in zip(readers, saved, strict=True):
            assert not reader.faults
            assert stream["status"] == "interrupted"
            assert len(reader.seen) > 100
            assert stream["text"].startswith(reader.seen)
            assert expected_text(TOKENS).startswith(stream["text"])
            assert reader.closed or not isinstance(reader, SseReader)
            if reader.closed:
                assert stream["text"] == reader.seen


async def _end_under_followers(server: Server, number: signal.Signals) -> tuple[list[Reader], float]:
    asked = [await call(server.port, "POST", "/api/conversations", question(TOKENS, 200)) for _ in range(4)]
    readers: list[Reader] = [SseReader(server.port, ids["stream_id"]) for ids in asked]
    readers += [LongPollReader(server.port, ids["stream_id"]) for ids in asked]
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    page = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    async with websockets.connect(page, subprotocols=[websockets.Subprotocol("streamlit")]):
        while any(len(reader.seen) <= 100 for reader in readers):
            await asyncio.sleep(0.02)
        _, seconds = await asyncio.to_thread(server.terminate, number)
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    return readers, seconds


def test_a_second_process_is_refused_with_the_holder(tmp_path: Path) -> None:
    """A second server on the same folder names the file and the process that holds it, and the first goes on."""
    with FakeOpenRouter() as upstream, Server(tmp_path / "data", upstream.base_url) as server:
        refused = Server(tmp_path / "data", upstream.base_url).refused()
        _check_sentence(refused, str(tmp_path / "data" / "throughline.duckdb"), f"PID {server.pid}")
        assert asyncio.run(call(server.port, "GET", "/api/health"))["status"] == "ok"


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    """A file that is not a database is named, and not a byte of it is changed."""
    path = tmp_path / "data" / "throughline.duckdb"
    path.parent.mkdir()
    garbage = b"These are my notes, not a database.\n" * 500
    path.write_bytes(garbage)
    _check_sentence(Server(tmp_path / "data").refused(), str(path))
    assert path.read_bytes() == garbage


def test_a_database_of_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    """A database that a newer version wrote is left alone, and the person told to update."""
    path = tmp_path / "data" / "throughline.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table migrations (version integer not null, applied_at timestamptz)")
        connection.execute("insert into migrations values (999, now())")
    _check_sentence(Server(tmp_path / "data").refused(), "newer version", "999")
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == [("migrations",)]


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, exists: bool) -> None:
    """A read-only data folder, with a database in it or without, is refused with its name."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if exists:
        Database(data_dir / "throughline.duckdb").close()
    for path in data_dir.iterdir():
        path.chmod(0o400)
    data_dir.chmod(0o500)
    try:
        server = Server(data_dir, prefix=_without_privileges())
        _check_sentence(server.refused(), str(data_dir))
    finally:
        data_dir.chmod(0o700)


def _without_privileges() -> tuple[str, ...]:
    """The command that has root respect the modes of files, as everybody else does."""
    if os.geteuid() != 0:
        return ()
    lacking = "-dac_override,-dac_read_search,-fowner"
    prefix = ("setpriv", f"--bounding-set={lacking}", f"--inh-caps={lacking}")
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("root cannot give up its right to write everywhere")
    return prefix


def _check_sentence(refused: ServerEnded, *parts: str) -> None:
    assert refused.code not in (0, None)
    lines = [line for line in refused.output.splitlines() if line.strip()]
    assert "Traceback" not in refused.output, refused.output
    sentences = [line for line in lines if line.startswith("Throughline cannot start. ")]
    assert len(sentences) == 1, refused.output
    for part in parts:
        assert part in sentences[0], refused.output
