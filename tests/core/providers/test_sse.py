"""The decoder gives the same events however the bytes arrive."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.sse import Comment, Decoder

STREAM = (
    "\ufeff: hello\n\n"
    'data: {"text":"naïve 🌊 \u2028 \x85 \x0b end"}\n\n'
    "event: ping\nid: 7\ndata:first\ndata: second\n\n"
    ":\n\n\n"
    "data: [DONE]\n\n"
).encode()
EVENTS = [Comment("hello"), '{"text":"naïve 🌊 \u2028 \x85 \x0b end"}', "first\nsecond", Comment(""), "[DONE]"]


def decode(*chunks: bytes) -> list[str | Comment]:
    """All that comes out of the chunks, the end included."""
    decoder = Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_any_two_pieces(newline: bytes) -> None:
    """A split at any byte changes nothing, in any of the three line endings."""
    stream = STREAM.replace(b"\n", newline)
    for at in range(len(stream) + 1):
        assert decode(stream[:at], stream[at:]) == EVENTS


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_single_bytes(newline: bytes) -> None:
    """One byte at a time changes nothing."""
    stream = STREAM.replace(b"\n", newline)
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=8), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_any_pieces(cuts: list[int], newline: bytes) -> None:
    """Any number of splits changes nothing."""
    stream = STREAM.replace(b"\n", newline)
    edges = [0, *sorted(cuts), len(stream)]
    assert decode(*(stream[a:b] for a, b in pairwise(edges))) == EVENTS


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_any_text(texts: list[str]) -> None:
    """Whatever a line holds comes out as it went in."""
    stream = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert decode(stream) == texts


def test_long_lines() -> None:
    """No line is too long, and long lines in small pieces are not slow."""
    long = b"x" * 400_000
    stream = b"data: " + long + b"\n\n"
    assert decode(*(stream[i : i + 7] for i in range(0, len(stream), 7))) == [long.decode()]


def test_what_is_held_is_known() -> None:
    """Whoever feeds an event that never ends can tell how much of it is kept."""
    decoder = Decoder()
    for number, part in enumerate((b"data: abc", b"def\ndata: gh", b"i\n"), 1):
        assert decoder.feed(part) == []
        assert decoder.held == (9, 14, 9)[number - 1]
    assert decoder.feed(b"\nda") == ["abcdef\nghi"]
    assert decoder.held == 2


def test_broken_utf8() -> None:
    """Bytes that are not UTF-8 spoil themselves alone."""
    assert decode(b"data: a\xff\xc3b\n\ndata: c\n\n") == ["a\ufffd\ufffdb", "c"]


def test_unterminated() -> None:
    """The end stands in for a last line's missing blank line."""
    assert decode(b"data: a\n\ndata: b") == ["a", "b"]
    assert decode(b"data: a\n\ndata: b\n") == ["a", "b"]
    assert decode(b"data: a\n\n") == ["a"]
    assert decode() == []
