from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from durable_streams import DurableStream, stream

from core.service import Service
from tests.core.api.support import NASTY, Hand, by_hand

TEXT = NASTY.replace("\r", "")


@pytest.fixture
def hand(service: Service) -> Iterator[Hand]:
    """An open stream with all of the text."""
    hand = by_hand(service)
    for piece in (TEXT[:7], TEXT[7:8], TEXT[8:]):
        hand.write(piece)
    yield hand
    hand.close()


def test_the_python_client_knows_a_stream(hand: Hand, address: str) -> None:
    """Its HEAD reads type and tail."""
    with DurableStream(f"{address}/streams/{hand.id}") as handle:
        head = handle.head()

    assert head.content_type == "text/plain; charset=utf-8"
    assert head.offset == f"{len(TEXT):020d}"


@pytest.mark.parametrize("close", [False, True])
def test_the_python_client_catches_up_from_every_offset(hand: Hand, address: str, close: bool) -> None:
    """Catch-up gives the exact text from wherever it begins."""
    if close:
        hand.close()
    with httpx.Client() as client:
        for offset in (None, *(f"{at:020d}" for at in range(len(TEXT) + 1))):
            with stream(f"{address}/streams/{hand.id}", offset=offset, live=False, client=client) as response:
                assert response.read_text() == TEXT[int(offset or 0) :]
                assert response.offset == f"{len(TEXT):020d}"
                assert response.up_to_date


@pytest.mark.parametrize("live", ["long-poll", "sse"])
def test_the_python_client_follows_from_every_offset(hand: Hand, address: str, live: str) -> None:
    """Following gives the exact text, what is there and what comes."""
    for offset in ("-1", *(f"{at:020d}" for at in range(0, len(TEXT), 3))):
        expected, text = TEXT[max(0, int(offset)) :], ""
        with stream(f"{address}/streams/{hand.id}", offset=offset, live=live) as response:  # type: ignore[arg-type]
            for part in response.iter_text():
                text += part
                if len(text) >= len(expected):
                    break
        assert text == expected


@pytest.mark.parametrize("live", ["auto", "long-poll", "sse"])
def test_the_python_client_follows_a_stream_while_it_is_written(service: Service, address: str, live: str) -> None:
    """Text that comes while it reads arrives whole."""
    hand, text, pieces = by_hand(service, "begin"), "", iter(TEXT)
    with stream(f"{address}/streams/{hand.id}", offset="-1", live=live) as response:  # type: ignore[arg-type]
        for part in response.iter_text():
            text += part
            if len(text) >= 5 + len(TEXT):
                break
            while hand.log.offset("answer") <= len(text):  # type: ignore[arg-type]
                hand.write("".join(next(pieces, "") for _ in range(11)))

    assert text == "begin" + TEXT
    hand.close()
