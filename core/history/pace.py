"""The pace of an answer that is shown as HTML: the times of its pieces, put on the words that are seen; pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import NamedTuple

from core.history.replay import Piece

SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")
"""Shows a text at its pace in a browser: the class `Track`, which takes what `paced` gives."""
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\S+")
_FAR, _NEAR, _NEXT = 4_000, 300, 12
"""In characters: how far ahead a long word, a short one and a single letter are looked for."""
_LONG = 4


def paced(html: str, pieces: Iterable[Piece]) -> list[int]:
    """When how much of a rendered text is to be seen: a time in ms, a length, a time and so on, each a difference.

    `html` is what our own renderer makes, in which `<` and `>` begin and end tags alone. Lengths are of its text, in
    UTF-16 units, as browsers count.
    """
    kept, seen = list(pieces), text_of(html)
    places = _places(seen, "".join(piece.text for piece in kept))
    steps, read, shown, last = list[int](), 0, 0, 0
    for piece in kept:
        read += len(piece.text)
        now = _shown(places, read, len(seen))
        if now > shown:
            steps += [piece.at_ms - last, _units(seen[shown:now])]
            shown, last = now, piece.at_ms
    return steps


def text_of(html: str) -> str:
    """The text of a piece of HTML that our own renderer made, as a browser has it in its nodes."""
    return unescape(_TAG.sub("", html))


class _Place(NamedTuple):
    """A word, or a letter of one: where it is seen, and where it ends in what was written."""

    ends: int
    seen: int
    length: int


def _places(seen: str, written: str) -> list[_Place]:
    """Where the words that are seen were written, in order.

    What is seen is what was written without its markup, so it is looked for word by word. What is not found, as the
    character that an entity stands for, comes with what is before it.
    """
    places, at = list[_Place](), 0
    for found in _WORD.finditer(seen):
        word = found.group()
        place = _alone(word, written, at, _FAR if len(word) >= _LONG else _NEAR)
        if place >= 0:
            at = place + len(word)
            places.append(_Place(at, found.start(), len(word)))
            continue
        for number, letter in enumerate(word, found.start()):  # There is markup inside.
            place = written.find(letter, at, at + _NEXT)
            at = place + 1 if place >= 0 else at
            places.append(_Place(at, number, 1))
    return places


def _alone(word: str, written: str, at: int, ahead: int) -> int:
    """Where a word is that is no part of another one, -1 if nowhere near."""
    end = at + ahead + len(word)
    while (place := written.find(word, at, end)) >= 0:
        around = written[place - 1 : place] + written[place + len(word) : place + len(word) + 1]
        if not any(map(str.isalnum, around)):
            return place
        at = place + 1
    return -1


def _shown(places: list[_Place], read: int, everything: int) -> int:
    """How much is to be seen when so much was written; the space behind a word comes with it."""
    number = bisect_right(places, read, key=lambda place: place.ends)
    if number == len(places):
        return everything
    following = places[number]
    return following.seen + max(0, read - (following.ends - following.length))


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2
