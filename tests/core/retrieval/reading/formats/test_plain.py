"""Plain text, in whatever encoding."""

from __future__ import annotations

import pytest

from core.retrieval.reading.read import read
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.reading.formats.build import texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_is_decoded(encoding: str) -> None:
    """With a byte order mark or without, Unicode or Windows-1252."""
    assert texts(read("a.txt", "Grüße, naïve café.\n\nTwo".encode(encoding))) == ["Grüße, naïve café.", "Two"]


@pytest.mark.parametrize("name", ["a.csv", "a.md", "a.json", "a.py", "a.yaml", "a.rst", "a.jsonl"])
def test_every_kind_of_text_is_decoded(name: str) -> None:
    """Not plain text alone."""
    assert "Grüße" in read(name, '"Grüße"'.encode("cp1252")).content
    assert "Grüße" in read(name, '"Grüße"'.encode("utf-16")).content


def test_a_short_first_line_is_the_title() -> None:
    """It stands alone and ends no sentence."""
    ferry = read("ferry.txt", (SAMPLES / "ferry.txt").read_bytes())
    assert ferry.title == "The ferry Grey Heron: times and fares"
    assert read("a.txt", b"A sentence.\n\nAnother.").title is None
