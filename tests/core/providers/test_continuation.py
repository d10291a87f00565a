"""Going on from a text adds what is new: no more, no less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import Turn
from core.providers.continuation import Continuation, asked_to_go_on, prefilled

TEXT = "The quick brown fox jumps over the lazy dog. Then it went"


def continued(text: str, answer: str, size: int = 3, *, loose: bool = False) -> str:
    """What is added to `text` when the model answers in deltas of `size`."""
    continuation = Continuation(text, loose=loose)
    deltas = [answer[i : i + size] for i in range(0, len(answer), size)]
    return "".join(map(continuation.feed, deltas)) + continuation.end()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("answer", [" home.", "home", "\n\nNew.", " The quick end.", "", " "])
def test_plain_continuation(answer: str, size: int) -> None:
    """A model that goes on is passed through as it is, leading whitespace included."""
    assert continued(TEXT, answer, size) == answer
    assert continued(TEXT, answer, size, loose=True) == answer


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("loose", [False, True])
def test_restart(size: int, loose: bool) -> None:
    """A model that starts from the beginning is heard from where the text stops."""
    assert continued(TEXT, TEXT + " home.", size, loose=loose) == " home."
    assert continued("\n\n" + TEXT, TEXT + " home.", size, loose=loose) == " home."
    assert continued(TEXT, "\n" + TEXT + " home.", size, loose=loose) == " home."
    assert continued("Hello wor", "Hello world", size, loose=loose) == "ld"


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_restart_at_a_word(size: int) -> None:
    """A model that was asked in words may start again at an earlier word."""
    assert continued(TEXT, "over the lazy dog. Then it went home.", size, loose=True) == " home."
    # One that was given the text does not do that: what it writes is meant.
    assert continued(TEXT, "over the lazy dog. Then it went home.", size).startswith("over")


def test_seam() -> None:
    """Whitespace at the end of the text is not said twice."""
    assert continued("One.\n\n", "\n\nTwo.") == "Two."
    assert continued("One.\n\n", "\nTwo.") == "Two."
    assert continued("One. ", " Two.") == "Two."
    assert continued("One. ", "Two.") == "Two."
    assert continued("One.\n", "\n  Two.") == "  Two."
    assert continued(TEXT + "\n\n", TEXT + "\n\nHome.") == "Home."


def test_ordinary_repetition() -> None:
    """Short or monotonous text may well come twice."""
    assert continued("1", "1. First") == "1. First"
    assert continued("|---", "|---|") == "|---|"
    assert continued("x " + "-" * 40, "-" * 40, loose=True) == "-" * 40


def test_echo_that_breaks_off() -> None:
    """The mere beginning of an echo adds nothing."""
    assert continued(TEXT, TEXT[:40]) == ""


@given(st.text(max_size=60), st.text(min_size=1, max_size=40), st.integers(1, 9))
def test_size_of_deltas(text: str, answer: str, size: int) -> None:
    """However the answer is cut up, the result is the same."""
    assert continued(text, answer, size) == continued(text, answer, 1000)


@given(st.text(max_size=60), st.text(min_size=1, max_size=40), st.integers(1, 9))
def test_nothing_is_invented(text: str, answer: str, size: int) -> None:
    """What comes out is always an end of what came in."""
    assert answer.endswith(continued(text, answer, size, loose=True))


def test_prompts() -> None:
    """The text so far ends the prompt without its trailing whitespace, or a request to go on does."""
    turns = (Turn("user", "Hi"),)
    assert prefilled(turns, "So far \n") == (*turns, Turn("assistant", "So far"))
    assert prefilled(turns, " \n") == turns
    assert asked_to_go_on(turns, "So far")[1] == Turn("assistant", "So far")
    assert asked_to_go_on(turns, "So far")[-1].role == "user"
