"""Files are read in a process of their own."""

from __future__ import annotations

import threading
import time

import pytest

from core.errors import DocumentError, TooLarge, Unsupported
from core.retrieval.read import read
from core.retrieval.reader import Reader
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.test_read import zip_bomb

HOSTILE = b"<div>" * 400_000  # The parser's time grows with the square of the depth.


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_the_text_is_the_same_as_when_read_here(name: str) -> None:
    """Title, blocks, headings and pages come through."""
    data = (SAMPLES / name).read_bytes()
    assert Reader().read(name, data) == read(name, data)


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [("a.exe", b"MZ", Unsupported), ("a.txt", b"\x00\x01" * 500, DocumentError), ("a.docx", zip_bomb(), TooLarge)],
)
def test_errors_come_through(name: str, data: bytes, error: type[Exception]) -> None:
    """Of the same kind, with the same sentence."""
    with pytest.raises(error) as here:
        read(name, data)
    with pytest.raises(error) as apart:
        Reader().read(name, data)
    assert str(here.value) == str(apart.value)


def test_a_file_that_takes_too_long_is_given_up() -> None:
    """With a sentence, when the time is over."""
    with pytest.raises(DocumentError, match="more than 2 seconds"):
        Reader(seconds=2).read("a.html", HOSTILE)


def test_closing_ends_what_is_being_read() -> None:
    """A server that shuts down does not wait for a file."""
    reader = Reader()
    threading.Timer(1, reader.close).start()
    started = time.monotonic()
    with pytest.raises(DocumentError):
        reader.read("a.html", HOSTILE)
    assert time.monotonic() - started < 20
