"""Splitting: a text becomes passages along its structure, each short enough for the embedding model to read whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from core.retrieval.reading.outline import SEPARATOR, Kind, Text

LIMIT = 220
"""Tokens of a passage: with its title and headings in front it stays within the model's 254."""
_HEADER_LIMIT = 32
_LONGEST = 8  # Characters a token may stand for: a word of 100 letters is one token to the model, and tells it nothing.
_SMALL = 24  # Paragraphs below this join their neighbours; longer ones stand alone once the passage is half full.
_WORD = 64  # Characters of a word whose tokens are remembered.

Count = Callable[[str], int]
"""The number of tokens in a text, which is the sum of those of its words, as divided by spaces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to be: `start` and `end` are its character span in `Text.content`."""

    text: str
    heading: str | None
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What a file holds: its title and address as far as it tells them, and its text in pieces."""

    title: str | None
    url: str | None
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class _Part:
    """A block, a part of one that is too long, or several together: its span in the content, and its tokens."""

    heading: str | None
    page: int | None
    kind: Kind
    start: int
    end: int
    tokens: int


def split(text: Text, count: Count, limit: int = LIMIT) -> tuple[Piece, ...]:
    """The pieces of `text` in order, each of at most `limit` tokens as told by `count`, under one heading and page."""
    count = _bounded(by_words(count), limit)
    content = text.content
    held: list[_Part] = []
    for part in _parts(text, count, limit):
        if held and _belong(held[-1], part, limit):
            held[-1].end = part.end
            held[-1].tokens += part.tokens
        else:
            held.append(part)
    return tuple(Piece(content[p.start : p.end], p.heading, p.page, p.start, p.end) for p in held)


def embedded(title: str, piece: Piece, count: Count) -> str:
    """What the model reads of a piece: its title and headings in front, as far as they fit."""
    header = title if not piece.heading else f"{title} › {piece.heading}"
    count = by_words(count)
    while count(header) > _HEADER_LIMIT:
        header = header[: len(header) * 3 // 4]
    return f"{header}\n{piece.text}"


@lru_cache(4)
def by_words(count: Count) -> Count:
    """Counts just as `count` does, but no word twice: words come again and again, and tokenizers are slow."""
    remembered = lru_cache(200_000)(count)

    def counted(text: str) -> int:
        # These spaces divide words for every tokenizer; what other white space means is left to it.
        words = text.replace("\n", " ").replace("\t", " ").split(" ")
        return sum(remembered(word) if len(word) <= _WORD else count(word) for word in words if word)

    return counted


def _bounded(count: Count, limit: int) -> Count:
    return lambda text: count(text) if len(text) <= limit * _LONGEST else limit + 1


def _belong(held: _Part, part: _Part, limit: int) -> bool:
    """Whether two neighbours make one passage: rows of a table as many as fit, small paragraphs likewise."""
    if held.heading != part.heading or held.page != part.page or held.tokens + part.tokens > limit:
        return False
    if part.end - held.start > limit * _LONGEST:
        return False
    if held.kind == part.kind == "row":
        return True
    return held.tokens + part.tokens <= limit // 2 or part.tokens < _SMALL or held.tokens < _SMALL


def _parts(text: Text, count: Count, limit: int) -> Iterator[_Part]:
    """Every block, or the pieces of one that is too long."""
    start = 0
    for block in text.blocks:
        for begin, end, tokens in _spans(block.text, count, limit):
            yield _Part(block.heading, block.page, block.kind, start + begin, start + end, tokens)
        start += len(block.text) + len(SEPARATOR)


# From the kindest cut to the harshest: after a blank line, a line, a cell of a table, a sentence, a clause, a word.
_CUTS = (
    r"\n(?:[^\S\n]*\n)+",
    r"\n+",
    r" · ",
    r"(?<=[.!?…。！？])[\"”’)\]]*\s*(?=\S)",
    r"(?<=[,;:，；])\s*",
    r"\s+",
)

_Span = tuple[int, int, int]  # Start, end, tokens.


def _spans(text: str, count: Count, limit: int, cut: int = 0) -> Iterable[_Span]:
    """The parts of a text that each keep to the limit."""
    tokens = count(text)
    if tokens <= limit:
        return [(0, len(text), tokens)] if text.strip() else []
    if cut == len(_CUTS):
        middle = len(text) // 2
        units = [(0, middle), (middle, len(text))]
    else:
        units = _units(text, _CUTS[cut])
    fine: list[_Span] = []
    for begin, end in units:
        deeper = min(cut + 1, len(_CUTS))
        fine.extend((begin + a, begin + b, size) for a, b, size in _spans(text[begin:end], count, limit, deeper))
    return _packed(text, fine, limit)


def _units(text: str, pattern: str) -> list[tuple[int, int]]:
    edges = [0, *(match.end() for match in re.finditer(pattern, text) if 0 < match.end() < len(text)), len(text)]
    return [(a, b) for a, b in pairwise(edges) if a < b]


def _packed(text: str, spans: list[_Span], limit: int) -> list[_Span]:
    """Neighbouring spans joined while they fit; sizes are added up, which never falls short of counting anew."""
    packed: list[_Span] = []
    for begin, end, tokens in spans:
        first, _, size = packed[-1] if packed else (0, 0, limit)
        if size + tokens <= limit and end - first <= limit * _LONGEST:
            packed[-1] = first, end, size + tokens
        else:
            packed.append((begin, end, tokens))
    stripped = ((begin, begin + len(text[begin:end].rstrip()), size) for begin, end, size in packed)
    return [span for span in stripped if span[0] < span[1]]
