"""What a server and the process that reads its files send each other: a header in JSON, then bytes."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

_HEAD = struct.Struct(">QQ")
LIMIT = 512 * 1024 * 1024
"""Bytes of a frame; what claims to be longer was not written by us."""

Header = dict[str, Any]


def send(stream: IO[bytes], header: Header, body: bytes = b"") -> None:
    """Writes one frame.

    Raises:
        OSError: nobody reads.
    """
    encoded = json.dumps(header).encode()
    stream.write(_HEAD.pack(len(encoded), len(body)) + encoded)
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Header, bytes] | None:
    """The next frame, or None when there will be none.

    Raises:
        ValueError: this is no frame.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    lengths = _HEAD.unpack(head)
    if sum(lengths) > LIMIT:
        raise ValueError("the frame is too long")
    encoded, body = (stream.read(length) for length in lengths)
    if len(encoded) + len(body) < sum(lengths):
        return None
    header = json.loads(encoded)
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header, body
