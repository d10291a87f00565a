"""Headings of a PDF that has no bookmarks, told by their size: only where it is sure, as a false one misleads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from core.retrieval.reading.formats.pdf_lines import DOTS, Line

_LARGER = 1.15  # Than the text.
_LONGEST = 120  # Characters of a line.
_MOST_LINES = 3
_MOST = 0.2  # Of all characters: where more is large, its size says nothing.
_SIZES = 4  # That are told apart: the smallest of more count alike.
_TITLE, _TOP = 1, 2


class Heading(NamedTuple):
    """Lines of a page, from `start` to before `end`, that are a heading of `level`."""

    level: int
    start: int
    end: int


class _Large(NamedTuple):
    page: int
    start: int
    end: int
    size: float


def headings(pages: Sequence[Sequence[Line]]) -> dict[int, list[Heading]]:
    """The headings of each page, which is counted from 0: short lines that are set larger than the text.

    The largest of all is the title if it stands on the first page alone.
    """
    weights: Counter[float] = Counter()
    for line in (line for lines in pages for line in lines):
        weights[line.size] += len(line.text)
    if not weights:
        return {}
    body = max(weights, key=weights.__getitem__)
    large = [one for number, lines in enumerate(pages) for one in _large(number, lines, body * _LARGER)]
    if not body or sum(_length(pages[one.page], one) for one in large) > _MOST * weights.total():
        return {}
    levels = _levels(large)
    found: dict[int, list[Heading]] = {}
    for one in large:
        found.setdefault(one.page, []).append(Heading(levels[one.size], one.start, one.end))
    return found


def _large(page: int, lines: Sequence[Line], least: float) -> Iterator[_Large]:
    """Neighbouring lines of one size that is at least so large, if they may be a heading."""
    at = 0
    for size, group in groupby(lines, lambda line: line.size if line.size >= least else 0.0):
        some = list(group)
        start, at = at, at + len(some)
        texts = [line.text for line in some]
        if size and len(some) <= _MOST_LINES and max(map(len, texts)) <= _LONGEST and _names(" ".join(texts)):
            yield _Large(page, start, at, size)


def _names(text: str) -> bool:
    """Whether a text may name what follows: it has letters, is no sentence and no line of a table of contents."""
    return sum(map(str.isalpha, text)) > 1 and not text.endswith((",", ";", ".", "-")) and DOTS not in text


def _levels(large: Sequence[_Large]) -> dict[float, int]:
    sizes = sorted({one.size for one in large}, reverse=True)
    titles = [one.page for one in large if sizes and one.size == sizes[0]]
    first = _TITLE if titles == [0] and len(sizes) > 1 else _TOP
    return {size: first + min(rank, _SIZES - 1) for rank, size in enumerate(sizes)}


def _length(lines: Sequence[Line], one: _Large) -> int:
    return sum(len(line.text) for line in lines[one.start : one.end])
