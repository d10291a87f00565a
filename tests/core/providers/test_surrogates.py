"""Halves of a character are joined, whatever deltas they arrive in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.providers.surrogates import Joiner, mended


def joined(*deltas: str) -> str:
    """All that comes out of the deltas, the end included."""
    joiner = Joiner()
    return "".join(map(joiner.feed, deltas)) + joiner.end()


def test_halves_in_two_deltas() -> None:
    """A high half waits for its low half."""
    assert joined("a\ud83d", "", "\ude00b") == "a😀b"


def test_lonely_halves() -> None:
    """A half that stays alone becomes a replacement character."""
    assert joined("a\ud83d", "b") == "a\ufffdb"
    assert joined("a\ude00", "b\ud83d") == "a\ufffdb\ufffd"
    assert joined("\ud83d", "\ud83d", "\ude00") == "\ufffd😀"


@given(st.lists(st.text(st.sampled_from("aé😀\ud83d\ude00\udbff\udc00"))))
def test_any_deltas(deltas: list[str]) -> None:
    """The result can be saved, and is that of the whole text at once."""
    result = joined(*deltas)
    result.encode()
    assert result == mended("".join(deltas))
