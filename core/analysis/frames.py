"""How a query and its result travel between the server and its worker: a kind, a length, so many bytes."""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Any, BinaryIO

_HEAD = struct.Struct(">BI")
HEAD = _HEAD.size
"""Bytes before the content of a frame."""


class Kind(IntEnum):
    """What a frame holds; all but `BYTES` hold JSON."""

    READY = 1
    QUERY = 2
    COLUMNS = 3
    ROWS = 4
    BYTES = 5
    END = 6
    ERROR = 7


def packed(kind: Kind, content: bytes) -> bytes:
    """A frame."""
    return _HEAD.pack(kind, len(content)) + content


def packed_json(kind: Kind, value: Any) -> bytes:
    """A frame that holds JSON."""
    return packed(kind, json.dumps(value, separators=(",", ":")).encode())


def head(data: bytes) -> tuple[Kind, int]:
    """The kind of a frame and the length of its content.

    Raises:
        ValueError: it is no frame.
    """
    kind, length = _HEAD.unpack(data)
    return Kind(kind), length


def read(stream: BinaryIO) -> bytes:
    """The content of the next frame; empty at the end of the stream."""
    start = stream.read(HEAD)
    return stream.read(head(start)[1]) if len(start) == HEAD else b""
