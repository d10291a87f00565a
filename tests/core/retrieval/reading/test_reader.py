"""Files are read in a process of their own, within limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DocumentError, TooLarge, Unsupported
from core.retrieval.encoders.tokens import count_tokens
from core.retrieval.reading import worker
from core.retrieval.reading.read import read
from core.retrieval.reading.reader import Reader
from core.retrieval.reading.split import Cut, split
from core.retrieval.reading.worker import Unwanted
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.reading.formats.build import workbook, zipped
from tests.support.server import alive, wait_for

ROOT = Path(__file__).parents[4]
HOSTILE = b"<div>" * 400_000  # The parser's time grows with the square of the depth.
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def cut(name: str, data: bytes) -> Cut:
    """What a file holds, read here."""
    text = read(name, data)
    return Cut(text.title, text.url, split(text, count_tokens))


PATIENCE = 60.0
WORDS = cut("a.txt", b"words")


@pytest.fixture
def reader() -> Iterator[Reader]:
    opened = Reader()
    yield opened
    opened.close()


def limited(**limits: float) -> Iterator[Reader]:
    opened = Reader(**limits)  # type: ignore[arg-type]
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_the_text_is_the_same_as_when_read_here(reader: Reader, name: str) -> None:
    """Title, pieces, headings, pages and places come through."""
    data = (SAMPLES / name).read_bytes()
    assert reader.read(name, data) == cut(name, data)


def test_a_long_text_comes_through(reader: Reader) -> None:
    """Piece by piece, whatever it holds."""
    data = "\n\n".join(f"# Part {n}\n\nLine \\n and “{n}” 漢字 {'word ' * 90}" for n in range(250)).encode()
    assert reader.read("a.md", data) == cut("a.md", data)


def test_the_address_comes_through(reader: Reader) -> None:
    """Of a saved page."""
    page = b'<link rel="canonical" href="https://example.com/a"><p>Words'
    assert reader.read("a.html", page).url == "https://example.com/a"


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.exe", b"MZ", Unsupported),
        ("a.txt", b"\x00\x01" * 500, DocumentError),
        ("a.docx", zipped({"word/document.xml": bytes(201 * 1024**2)}), TooLarge),
    ],
)
def test_errors_come_through(reader: Reader, name: str, data: bytes, error: type[Exception]) -> None:
    """Of the same kind, with the same sentence."""
    with pytest.raises(error) as here:
        read(name, data)
    with pytest.raises(error) as apart:
        reader.read(name, data)
    assert str(here.value) == str(apart.value)


def test_one_process_reads_many_files(reader: Reader) -> None:
    """Starting one for each would take longer than reading."""
    pids = set()
    for data in (b"# One", workbook(["Two"]), b"# Three"):
        reader.read("a.xlsx" if data.startswith(b"PK") else "a.md", data)
        pids.add(reader.pid)
    assert len(pids) == 1


def test_a_process_that_has_read_many_files_is_replaced(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it may have leaked is gone with it."""
    monkeypatch.setattr(worker, "_SERVED", 2)
    reader.read("a.txt", b"words")
    first = reader.pid
    assert first is not None
    reader.read("a.txt", b"words")
    assert reader.pid is None
    reader.read("a.txt", b"words")
    assert reader.pid not in (None, first)


def test_a_process_with_nothing_to_do_ends() -> None:
    """The next file starts another."""
    for reader in limited(idle=0.0):
        assert reader.read("a.txt", b"words") == WORDS
        wait_for(lambda reader=reader: reader.pid is None, PATIENCE, "it does not end")  # type: ignore[misc]
        assert reader.read("a.txt", b"words") == WORDS


def test_a_crash_costs_one_file(reader: Reader) -> None:
    """That file gets a sentence, the next is read."""
    reader.read("a.txt", b"words")
    pid = reader.pid
    assert pid is not None
    threading.Timer(0.3, os.kill, (pid, signal.SIGSEGV)).start()
    with pytest.raises(DocumentError, match="could not be read"):
        reader.read("a.html", HOSTILE)
    assert reader.read("a.txt", b"words") == WORDS
    assert reader.pid != pid


def test_a_process_that_was_killed_between_files_costs_none(reader: Reader) -> None:
    """As when the system runs out of memory."""
    reader.read("a.txt", b"words")
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    wait_for(lambda: reader.pid is None or not alive(reader.pid), PATIENCE, "it does not end")
    assert reader.read("a.txt", b"words") == WORDS


def test_a_file_that_takes_too_long_is_given_up() -> None:
    """With a sentence, when the time is over; the next is read."""
    for reader in limited(seconds=3):
        with pytest.raises(DocumentError, match="more than 3 seconds"):
            reader.read("a.html", HOSTILE)
        assert reader.pid is None
        reader._worker.seconds = PATIENCE  # That a new process begins within these three is not the question.
        assert reader.read("a.txt", b"words") == WORDS


@LINUX
def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    """With a sentence; the next is read."""
    for reader in limited(memory=400 * 1024**2):
        with pytest.raises(DocumentError, match="memory"):
            reader.read("a.json", b"[" + b"{}," * 6_000_000 + b"{}]")
        assert reader.read("a.txt", b"words") == WORDS


@pytest.mark.parametrize(
    ("data", "says"), [(b"x\n\n" * 200_002, "200,000 paragraphs"), (b"word " * 4_000_001, "20,000,000 characters")]
)
def test_a_file_that_gives_too_much_text_is_refused(reader: Reader, data: bytes, says: str) -> None:
    """Nothing is half kept."""
    with pytest.raises(TooLarge, match=says):
        reader.read("a.txt", data)


def test_files_of_several_threads_take_turns(reader: Reader) -> None:
    """Each gets its own text."""
    found: dict[int, Cut] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: reader.read("a.txt", b"words %d" % n)})) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: made.pieces[0].text for n, made in found.items()} == {n: f"words {n}" for n in range(8)}


def test_what_is_no_longer_wanted_is_given_up_at_once(reader: Reader) -> None:
    """The next file is read; what is wanted goes on, and a process that rests stays."""
    wanted = threading.Event()
    wanted.set()
    assert reader.read("a.txt", b"words", wanted.is_set) == WORDS
    pid = reader.pid

    def give_up() -> None:
        reader.drop_unwanted()
        wanted.clear()
        reader.drop_unwanted()

    threading.Timer(0.3, give_up).start()
    with pytest.raises(Unwanted):
        reader.read("a.html", HOSTILE, wanted.is_set)
    with pytest.raises(Unwanted):
        reader.read("a.txt", b"words", wanted.is_set)
    assert reader.read("a.txt", b"words") == WORDS
    assert pid != (pid := reader.pid)
    reader.drop_unwanted()
    assert reader.read("a.txt", b"words") == WORDS
    assert reader.pid == pid


def test_closing_ends_what_is_being_read() -> None:
    """A server that shuts down does not wait for a file, and starts no process after."""
    reader = Reader()
    threading.Timer(0.5, reader.close).start()
    with pytest.raises(DocumentError):
        reader.read("a.html", HOSTILE)
    with pytest.raises(DocumentError):
        reader.read("a.txt", b"words")
    assert reader.pid is None


@LINUX
def test_keys_are_kept_from_the_process(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that is taken over finds none."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-secret")
    monkeypatch.setenv("THROUGHLINE_API_TOKEN", "sk-secret")
    reader.read("a.txt", b"words")
    environment = Path(f"/proc/{reader.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"secret" not in environment


@LINUX
@pytest.mark.parametrize("data", [HOSTILE, b"<p>words"], ids=["busy", "idle"])
def test_the_process_ends_with_its_server(data: bytes, tmp_path: Path) -> None:
    """Even in the midst of parsing: nobody is left to ask for the answer."""
    (tmp_path / "a.html").write_bytes(data)
    work = (
        "import sys, threading, time\nfrom pathlib import Path\nfrom core.retrieval.reading.reader import Reader\n"
        "reader = Reader()\nreader.read('a.txt', b'words')\nprint(reader.pid, flush=True)\n"
        "reader.read('a.html', Path(sys.argv[1]).read_bytes())\ntime.sleep(60)"
    )
    command = [sys.executable, "-c", work, str(tmp_path / "a.html")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        time.sleep(0.3)
        assert alive(pid)
        server.kill()
    wait_for(lambda: not alive(pid), PATIENCE, "the process is still there")
