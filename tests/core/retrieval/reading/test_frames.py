"""What is sent between the server and its worker arrives whole, or not at all."""

from __future__ import annotations

import io
import struct

import pytest

from core.retrieval.reading.frames import LIMIT, receive, send


def sent(header: dict[str, object], body: bytes = b"") -> bytes:
    stream = io.BytesIO()
    send(stream, header, body)
    return stream.getvalue()


def test_frames_follow_one_another() -> None:
    """Whatever is in them, and then there are none."""
    stream = io.BytesIO(sent({"a": "\ud800é"}, b"\x00\n") + sent({}))
    assert receive(stream) == ({"a": "\ud800é"}, b"\x00\n")
    assert receive(stream) == ({}, b"")
    assert receive(stream) is None


def test_a_frame_that_was_cut_is_none() -> None:
    """Its sender died."""
    whole = sent({"a": 1}, b"body")
    assert [receive(io.BytesIO(whole[:length])) for length in range(len(whole))] == [None] * len(whole)


@pytest.mark.parametrize(
    "data", [struct.pack(">QQ", 1, LIMIT), struct.pack(">QQ", 2, 0) + b"[]", struct.pack(">QQ", 3, 0) + b"{x}"]
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    """Before memory is set aside for it."""
    with pytest.raises(ValueError, match=r"frame|object|Expecting"):
        receive(io.BytesIO(data))
