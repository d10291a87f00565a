"""Snippets: the part of a passage that shows best why it was found, with the question's words marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.retrieval.searching.terms import question_terms, words

_ELLIPSIS = "…"
_BEFORE = 40  # Characters that are shown before the first word that is marked, if there are.


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text; `marked` if it is one of the question's words."""

    text: str
    marked: bool = False


_Span = tuple[int, int, frozenset[str]]


def snippet(text: str, query: str, length: int = 240) -> tuple[Part, ...]:
    """Some `length` characters of `text` that hold the most different words of `query`, those marked by their stem.

    Words are whole; an ellipsis stands where text is left out. Line breaks become blanks.
    """
    wanted = frozenset(question_terms(query))
    text = text.strip()
    found = list(words(text))
    hits = [(start, end, held) for start, end, its in found if (held := its & wanted)]
    first, last = _window(text, found, hits, length)
    parts = [Part(_ELLIPSIS)] if first > 0 else []
    at = first
    for start, end, _ in hits:
        if start >= first and end <= last:
            parts += [Part(text[at:start])] if start > at else []
            parts.append(Part(text[start:end], marked=True))
            at = end
    parts += [Part(text[at:last])] if last > at else []
    parts += [Part(_ELLIPSIS)] if last < len(text) else []
    return _merged(parts)


def _window(text: str, found: Sequence[_Span], hits: Sequence[_Span], length: int) -> tuple[int, int]:
    """Where the best `length` characters start and end, between words."""
    if len(text) <= length or not found:
        return 0, min(len(text), length)
    best = max(range(len(hits)), key=lambda i: (_held(hits[i:], length - _BEFORE), -i), default=None)
    wanted = 0 if best is None else max(0, hits[best][0] - _BEFORE)
    wanted = min(wanted, len(text) - length)
    first = next((start for start, _, _ in found if start >= wanted), wanted) if wanted > 0 else 0
    last = max((end for _, end, _ in found if end <= first + length), default=0)
    if last <= first:  # One word that is longer than the window.
        return first, first + length
    return first, len(text) if not any(start >= last for start, _, _ in found) and len(text) - first <= length else last


def _held(hits: Sequence[_Span], length: int) -> tuple[int, int]:
    """How many different terms, and how many hits, the window that starts with the first hit holds."""
    inside = [its for _, end, its in hits if end - hits[0][0] <= length]
    return len(frozenset[str]().union(*inside)), len(inside)


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with blanks for line breaks, and neighbours of a kind in one."""
    merged: list[Part] = []
    for part in parts:
        if merged and merged[-1].marked == part.marked:
            merged[-1] = Part(merged[-1].text + part.text, part.marked)
        else:
            merged.append(part)
    return tuple(Part(" ".join(part.text.split("\n")), part.marked) for part in merged)
