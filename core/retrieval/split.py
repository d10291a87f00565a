"""Splitting: a text becomes passages along its structure, each short enough for the embedding model to read whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from core.retrieval.outline import SEPARATOR, Text

LIMIT = 220
"""Tokens of a passage: with its title and headings in front it stays within the model's 254."""
_HEADER_LIMIT = 32
_LONGEST = 8  # Characters a token may stand for: a word of 100 letters is one token to the model, and tells it nothing.
_SMALL = 24  # Paragraphs below this join their neighbours; longer ones stand alone once the passage is half full.

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be: `start` and `end` are its character span in `Text.content`."""

    text: str
    heading: str | None
    page: int | None
    start: int
    end: int


def split(text: Text, count: Count, limit: int = LIMIT) -> tuple[Piece, ...]:
    """The pieces of `text` in order, each of at most `limit` tokens as told by `count`, under one heading and page."""
    count = _bounded(count, limit)
    content = text.content
    pieces: list[Piece] = []
    held: Piece | None = None
    for part in _parts(text, count, limit):
        joined = _join(content, held, part) if held else None
        if joined and _belong(held, part, joined, count, limit):
            held = joined
            continue
        if held:
            pieces.append(held)
        held = part
    return (*pieces, held) if held else tuple(pieces)


def embedded(title: str, piece: Piece, count: Count) -> str:
    """What the model reads of a piece: its title and headings in front, as far as they fit."""
    header = title if not piece.heading else f"{title} › {piece.heading}"
    while count(header) > _HEADER_LIMIT:
        header = header[: len(header) * 3 // 4]
    return f"{header}\n{piece.text}"


def _bounded(count: Count, limit: int) -> Count:
    return lambda text: count(text) if len(text) <= limit * _LONGEST else limit + 1


def _belong(held: Piece | None, part: Piece, joined: Piece | None, count: Count, limit: int) -> bool:
    if held is None or joined is None or held.heading != part.heading or held.page != part.page:
        return False
    tokens = count(joined.text)
    if tokens > limit:
        return False
    return tokens <= limit // 2 or count(part.text) < _SMALL or count(held.text) < _SMALL


def _join(content: str, first: Piece, second: Piece) -> Piece:
    return Piece(content[first.start : second.end], first.heading, first.page, first.start, second.end)


def _parts(text: Text, count: Count, limit: int) -> Iterator[Piece]:
    """Every block, or the pieces of one that is too long."""
    start = 0
    for block in text.blocks:
        for begin, end in _spans(block.text, count, limit):
            yield Piece(block.text[begin:end], block.heading, block.page, start + begin, start + end)
        start += len(block.text) + len(SEPARATOR)


# From the kindest cut to the harshest: after a line, a sentence, a clause, a word.
_CUTS = (r"\n+", r"(?<=[.!?…。！？])[\"”’)\]]*\s*(?=\S)", r"(?<=[,;:，；])\s*", r"\s+")


def _spans(text: str, count: Count, limit: int, cut: int = 0) -> Iterable[tuple[int, int]]:
    if count(text) <= limit:
        return [(0, len(text))] if text.strip() else []
    if cut == len(_CUTS):
        middle = len(text) // 2
        units = [(0, middle), (middle, len(text))]
    else:
        units = _units(text, _CUTS[cut])
    fine: list[tuple[int, int]] = []
    for begin, end in units:
        deeper = min(cut + 1, len(_CUTS))
        fine.extend((begin + a, begin + b) for a, b in _spans(text[begin:end], count, limit, deeper))
    return _packed(text, fine, count, limit)


def _units(text: str, pattern: str) -> list[tuple[int, int]]:
    edges = [0, *(match.end() for match in re.finditer(pattern, text) if 0 < match.end() < len(text)), len(text)]
    return [(a, b) for a, b in pairwise(edges) if a < b]


def _packed(text: str, spans: list[tuple[int, int]], count: Count, limit: int) -> list[tuple[int, int]]:
    """Neighbouring spans joined while they fit; sizes are added up, which never falls short of counting anew."""
    packed: list[tuple[int, int]] = []
    size = 0
    for begin, end in spans:
        tokens = count(text[begin:end])
        if packed and size + tokens <= limit:
            packed[-1] = (packed[-1][0], end)
            size += tokens
        else:
            packed.append((begin, end))
            size = tokens
    return [(begin, begin + len(text[begin:end].rstrip())) for begin, end in packed if text[begin:end].strip()]
