"""How a query and its result travel between the server and its worker: a kind, a length, so many bytes."""

from __future__ import annotations

import array
import json
import socket
import struct
from enum import IntEnum
from typing import Any

_HEAD = struct.Struct(">BI")
HEAD = _HEAD.size
"""Bytes before the content of a frame."""
MOST_FILES = 200
"""Open files that can come with a frame."""
LONGEST_HEAD = 1 << 20
"""Bytes of a frame of columns."""
_PIECE = 1 << 16


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


def receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """The content of the next frame and the files that came with it, open; no content at the end."""
    start, files = _receive_head(connection)
    return (_receive(connection, head(start)[1]) if len(start) == HEAD else b""), files


def _receive_head(connection: socket.socket) -> tuple[bytes, list[int]]:
    data, files = b"", array.array("i")
    while len(data) < HEAD:
        piece, beside, _, _ = connection.recvmsg(HEAD - len(data), socket.CMSG_SPACE(MOST_FILES * files.itemsize))
        for level, kind, content in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.frombytes(content[: len(content) - len(content) % files.itemsize])
        if not piece:
            break
        data += piece
    return data, list(files)


def _receive(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(min(_PIECE, length - len(data)))
        if not piece:
            return b""
        data += piece
    return bytes(data)
