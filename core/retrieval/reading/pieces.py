"""Pieces as bytes, in lines: a long text is unpacked bit by bit, so that nobody waits for the interpreter meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple

from core.retrieval.reading.split import Piece

_LINE = 100  # Pieces: some 100 KB, which are unpacked in less than a millisecond.


def packed(pieces: Sequence[Piece]) -> bytes:
    """The bytes of some pieces."""
    lines = (pieces[start : start + _LINE] for start in range(0, len(pieces), _LINE))
    return b"\n".join(json.dumps([astuple(piece) for piece in line]).encode() for line in lines)


def unpacked(data: bytes) -> Iterator[Piece]:
    """The pieces that were packed, in order."""
    for line in data.split(b"\n") if data else ():
        for piece in json.loads(line):
            yield Piece(*piece)
