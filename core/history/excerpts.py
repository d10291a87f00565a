"""Excerpts: the part of a message, however long, that shows best why it was found."""

from __future__ import annotations

import re
from itertools import islice

from core.history.windows import windows
from core.retrieval.searching.snippets import Part, snippet
from core.retrieval.searching.terms import question_terms

_ELLIPSIS = "…"
_REACH = 800  # Characters that are looked through for the best: all words of a long message would take too long.
_STEM = 3
_AT_ONCE = 50_000
_MOST = 64  # Places of a message at which one of the words begins.


def excerpt(text: str, query: str, window: int | None = None, length: int = 240) -> tuple[Part, ...]:
    """Some `length` characters with the words of `query` marked; without any, from where its meaning was found."""
    if not query.strip():
        return snippet(text[:_REACH], "", length)
    near = _near(text, query)
    parts = snippet(near, query, length)
    if not any(part.marked for part in parts) and window:
        found = windows(text)
        near = found[window] if window < len(found) else near
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
    stems = {term[: max(_STEM, len(term) - 1)] for term in question_terms(query)}
    words = re.compile("|".join(map(re.escape, sorted(stems, key=len, reverse=True))), re.IGNORECASE)
    # Bit by bit: other threads stand still while a regular expression is at work.
    found = (match for at in range(0, len(text), _AT_ONCE) for match in words.finditer(text, at, at + _AT_ONCE))
    places = [(match.start(), match[0].lower()) for match in islice(found, _MOST)]
    best, most = 0, 0
    for number, (start, _) in enumerate(places):
        within = {word for at, word in places[number:] if at - start < _REACH // 2}
        if len(within) > most:
            best, most = start, len(within)
    start = max(0, best - _REACH // 4)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    return text[start : start + _REACH]
