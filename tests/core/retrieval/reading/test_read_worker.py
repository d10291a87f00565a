"""The process looks after itself where nobody else does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.retrieval.reading import read_worker
from core.retrieval.reading.frames import receive, send
from core.retrieval.reading.pieces import unpacked
from core.retrieval.reading.split import Piece
from core.retrieval.reading.worker import MEMORY

ROOT = Path(__file__).parents[4]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def started(seconds: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "core.retrieval.reading.read_worker", str(MEMORY), str(seconds), "-1"]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_it_ends_itself_when_a_file_takes_too_long() -> None:
    """Even inside a parser."""
    with started(1) as process:
        assert process.stdin is not None
        send(process.stdin, {"do": "read", "filename": "a.html"}, b"<div>" * 400_000)
        assert process.wait(60) == -signal.SIGALRM


def test_it_ends_when_nothing_more_is_asked() -> None:
    """Without a complaint."""
    with started(60) as process:
        assert process.stdin is not None and process.stdout is not None
        send(process.stdin, {"do": "read", "filename": "a.txt"}, b"words")
        assert receive(process.stdout) is not None
        process.stdin.close()
        assert process.wait(60) == 0


def test_what_nobody_thought_of_is_an_answer_too() -> None:
    """And the next file is read."""
    with started(60) as process:
        assert process.stdin is not None and process.stdout is not None
        for request in ({"do": "draw"}, {"do": "read", "filename": "a.txt"}):
            send(process.stdin, request, b"words")
        failed, read = receive(process.stdout), receive(process.stdout)
        process.stdin.close()
    assert failed is not None and "KeyError" in failed[0]["failed"]
    assert read is not None and list(unpacked(read[1])) == [Piece("words", None, None, 0, 5)]


@LINUX
def test_a_process_that_has_grown_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that another takes its place."""
    monkeypatch.setattr(read_worker, "_GROWN", 1 << 60)
    assert not read_worker._grown()
    monkeypatch.setattr(read_worker, "_GROWN", 1024)
    assert read_worker._grown()
