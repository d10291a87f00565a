"""Chunks become events, whichever shape they come in."""

from __future__ import annotations

import json

import pytest

from core.errors import ProviderError
from core.models import Usage
from core.providers.base import Finished, Named, ReasoningDelta, TextDelta
from core.providers.wire import Chunks, read_usage
from tests.fakes.replies import USAGE, chunk

STOP = chunk({"content": ""}, "stop")
HI = chunk({"content": "Hi", "role": "assistant"})


def test_names_come_once() -> None:
    """The id, the model and the provider are told when they are first seen."""
    chunks = Chunks()
    assert chunks.chunk(HI)[0] == Named("gen-fake-1", "fake/model-20260101", "Fake")
    assert chunks.chunk(HI) == [TextDelta("Hi")]


def test_late_provider() -> None:
    """A name that comes later is told later."""
    chunks = Chunks()
    assert chunks.chunk({"id": "a"}) == [Named("a")]
    assert chunks.chunk({"id": "b", "model": "m"}) == [Named(None, "m")]


@pytest.mark.parametrize("strange", [{}, {"choices": None}, {"choices": [None]}, {"choices": [{"delta": None}]},
                                     {"choices": [{"delta": {"content": 5}}]}, {"new": 1}, {"usage": []}])  # fmt: skip
def test_strange_chunks(strange: dict[str, object]) -> None:
    """What is not known is passed over."""
    assert Chunks().chunk(strange) == []


def test_usage() -> None:
    """Usage is read as far as it is given."""
    assert read_usage(USAGE) == Usage(16, 18, 3, 4, 0.000106)
    assert read_usage({"cost": None, "prompt_tokens_details": None, "prompt_tokens": "x"}) == Usage()


def test_reasoning_once() -> None:
    """Reasoning that comes twice in one chunk is given out once."""
    both = {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}
    assert Chunks().chunk({"choices": [{"delta": both}]}) == [ReasoningDelta("hm")]


def test_text_beside_an_error() -> None:
    """Text in the very chunk that reports an error is not lost."""
    chunks = Chunks()
    assert TextDelta("Hi") in chunks.chunk(HI | {"error": {"code": 502, "message": "gone"}})
    with pytest.raises(ProviderError, match="gone"):
        chunks.end()


def test_usage_beside_text() -> None:
    """Usage counts even in a chunk that carries text."""
    chunks = Chunks()
    chunks.chunk(HI | {"usage": USAGE})
    chunks.chunk(STOP)
    assert chunks.end() == [Finished("stop", read_usage(USAGE))]


@pytest.mark.parametrize(
    ("finish", "done", "usage", "reason"),
    [
        ("stop", True, True, "stop"),
        ("stop", True, False, "stop"),
        ("stop", False, True, "stop"),
        ("length", True, True, "length"),
        (None, True, True, "unknown"),
        (None, True, False, "unknown"),
        ("stop", False, False, None),
        (None, False, True, None),
        (None, False, False, None),
        ("error", True, True, None),
    ],
)
def test_completion(finish: str | None, done: bool, usage: bool, reason: str | None) -> None:
    """An answer is complete when its finish is told and confirmed; `[DONE]` alone is odd and said to be."""
    chunks = Chunks()
    chunks.chunk(HI)
    chunks.chunk(chunk({}, finish) | ({"usage": USAGE} if usage else {}))
    if done:
        chunks.data("[DONE]")
    if reason is None:
        with pytest.raises(ProviderError) as caught:
            chunks.end()
        assert caught.value.retryable
    else:
        assert isinstance(last := chunks.end()[-1], Finished) and last.finish_reason == reason


def test_nothing_new_after_a_continuation() -> None:
    """An answer that was already complete may go on with nothing."""
    chunks = Chunks(continues=True)
    chunks.chunk(STOP | {"usage": USAGE})
    assert chunks.end() == [Finished("stop", read_usage(USAGE))]


def test_filtered() -> None:
    """An answer that was withheld says so."""
    chunks = Chunks()
    chunks.chunk(chunk({}, "content_filter", usage=USAGE))
    with pytest.raises(ProviderError, match="Rephrase"):
        chunks.end()


def test_split_characters() -> None:
    """A character whose halves come in two chunks is one character, and all text can be saved."""
    chunks = Chunks()
    texts = []
    for half in ("a\ud83d", "\ude00", "\ud83d"):
        texts += chunks.data(json.dumps({"choices": [{"delta": {"content": half}}]}))
    chunks.chunk(STOP | {"usage": USAGE})
    texts += chunks.end()
    assert "".join(event.text for event in texts if isinstance(event, TextDelta)) == "a😀\ufffd"


def test_names_can_be_saved() -> None:
    """Half a character in a name, or in the finish, is mended: what cannot be saved would hold up every stream."""
    chunks = Chunks()
    said = {"id": "gen\ud800", "model": "m\udc00", "provider": "P\ud83d\ude00"}
    assert chunks.data(json.dumps(said)) == [Named("gen\ufffd", "m\ufffd", "P😀")]
    chunks.chunk(HI)
    chunks.chunk(chunk({}, "st\ud800op", usage=USAGE))
    assert chunks.end() == [Finished("st\ufffdop", read_usage(USAGE))]


def test_nesting_without_end() -> None:
    """A line that is nested too deeply to be read is nonsense, as any other that cannot be."""
    with pytest.raises(ProviderError, match="not an answer"):
        Chunks().data("[" * 200_000)
