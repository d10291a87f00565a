"""Excerpts: the part of a message, however long, that shows best why it was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from core.history.windows import windows
from core.retrieval.searching.snippets import Part, snippet
from core.retrieval.searching.terms import question_terms

_ELLIPSIS = "…"
_REACH = 360  # Characters whose words are looked at one by one: those of a long message would take too long.
_STEM = 3
_WORD = 80
_MOST = 64  # Places of a message at which one of the words begins.


def excerpt(text: str, query: str, window: int | None = None, length: int = 240) -> tuple[Part, ...]:
    """Some `length` characters with the words of `query` marked; without any, from where its meaning was found."""
    if not query.strip():
        return snippet(text[:_REACH], "", length)
    near = _near(text, query)
    parts = snippet(near, query, length)
    if not any(part.marked for part in parts) and window:
        found = windows(text)
        near = found[window][:_REACH] if window < len(found) else near
        parts = snippet(near, query, length)
    return _between(parts, before=not text.startswith(near), after=not text.endswith(near))


def _between(parts: tuple[Part, ...], *, before: bool, after: bool) -> tuple[Part, ...]:
    """The parts with an ellipsis where the text goes on before or after them."""
    if parts and before and not parts[0].text.startswith(_ELLIPSIS):
        parts = (Part(_ELLIPSIS), *parts)
    if parts and after and not parts[-1].text.endswith(_ELLIPSIS):
        parts = (*parts, Part(_ELLIPSIS))
    return parts


def _near(text: str, query: str) -> str:
    """The stretch of a text with the most of the words, as they are written."""
    if len(text) <= _REACH:
        return text
    places = _places(text.lower(), {term[: max(_STEM, len(term) - 1)] for term in question_terms(query)})
    best, most = 0, (0, 0)
    for number, (start, _) in enumerate(places):
        within = [stem for at, stem in places[number:] if at - start < _REACH // 2]
        if (held := (len(set(within)), len(within))) > most:
            best, most = start, held
    start = max(0, min(best - _REACH // 4, len(text) - _REACH))
    blank = text.rfind(" ", max(0, start - _WORD), start)  # So that it begins with a whole word.
    return text[blank + 1 if blank >= 0 else start : start + _REACH]


def _places(text: str, stems: Iterable[str]) -> list[tuple[int, str]]:
    """Where the stems stand, in order, if they can where words begin; the first of them."""
    found = sorted((at, stem) for stem in stems for at in islice(_all(text, stem), _MOST))
    beginning = [(at, stem) for at, stem in found if not (at and stem.isascii() and text[at - 1].isalnum())]
    return (beginning or found)[:_MOST]


def _all(text: str, stem: str) -> Iterator[int]:
    at = text.find(stem)
    while at >= 0:
        yield at
        at = text.find(stem, at + len(stem))
