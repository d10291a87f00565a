"""Source code of any language: pieces that begin where something is defined, each named by the path to it.

Languages are not parsed: `definitions` tells a definition by its words or its shape, indentation what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from core.retrieval.reading.formats.definitions import Definition, find, has_braces
from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.outline import Outline, Text

_LEADING = re.compile(r"\s*(?:#|//|/\*|\*|--|@|\[\w)")  # Comments and decorators: they go with what is below them.
_GOES_ON = re.compile(r"\s*(?:[\])}{]|end\b|(?:public|private|protected)\b[\w\s]*:\s*$)")
_SECTION = re.compile(r"\[\[?(?P<name>[^\]]+)\]\]?\s*$|(?P<key>[\w.-]+):(?:\s|$)")
_LEVEL = 2  # Of the outermost definitions: a file has no title of its own.
_TINY = 120  # Characters of a definition that tells little alone.
_TOGETHER = 400  # Characters that such ones make together.

Piece = tuple[tuple[str, ...], str]
"""The names on the path to a definition, and its lines."""


def read_source(data: bytes) -> Text:
    """The definitions in a source file, in order and as they are written, each under the path of its name.

    Raises:
        DocumentError: this is no text.
        TooLarge: it is more text than is taken.
    """
    return _text(together(definitions(_lines(data))))


def read_settings(data: bytes) -> Text:
    """The sections of a settings file, as they are written, each under its name.

    Raises:
        DocumentError: this is no text.
        TooLarge: it is more text than is taken.
    """
    pieces: list[Piece] = []
    path: tuple[str, ...] = ()
    held: list[str] = []
    for line in _lines(data):
        if section := _SECTION.match(line):
            comments = _comments(held)
            pieces.append((path, "\n".join(held)))
            path, held = (section.group("name") or section.group("key"),), comments
        held.append(line)
    return _text([*pieces, (path, "\n".join(held))])


def definitions(lines: Sequence[str]) -> list[Piece]:
    """The lines of a source file, divided where definitions begin and end."""
    walk = _Walk(has_braces(lines))
    for line, following in pairwise([*lines, ""]):
        walk.line(line, following)
    walk.flush()
    return walk.pieces


def together(pieces: Sequence[Piece]) -> list[Piece]:
    """The same, in which definitions of a line or two stand together under what they are in."""
    joined: list[Piece] = []
    for path, text in pieces:
        above, before = joined[-1] if joined else ((), "")
        siblings = above[:-1] == path[:-1] and len(before) <= _TINY
        if joined and path and len(text) <= _TINY and len(before) <= _TOGETHER and (siblings or above == path[:-1]):
            joined[-1] = path[:-1], f"{before}\n{text}"
        else:
            joined.append((path, text))
    return joined


class _Walk:
    """Takes line after line, and remembers what is being defined."""

    def __init__(self, braces: bool) -> None:
        self.pieces: list[Piece] = []
        self._braces = braces
        self._opened: list[Definition] = []
        self._held: list[str] = []

    def line(self, line: str, following: str) -> None:
        indent = len(line) - len(line.lstrip())
        if line.strip() and not _LEADING.match(line) and not _GOES_ON.match(line):
            depth = next((i for i, one in enumerate(self._opened) if one.indent >= indent), len(self._opened))
            holds = depth == 0 or self._opened[depth - 1].holds
            found = find(line, following, self._braces) if holds else None
            if found or depth < len(self._opened):
                self._divide(depth, found._replace(indent=indent) if found else None)
        self._held.append(line)

    def flush(self) -> None:
        """Ends a piece."""
        if any(line.strip() for line in self._held):
            self.pieces.append((tuple(one.name for one in self._opened), "\n".join(self._held)))
        self._held = []

    def _divide(self, depth: int, found: Definition | None) -> None:
        """Ends what is deeper than `depth`, and begins what was found."""
        comments = _comments(self._held)
        self.flush()
        self._held = comments
        self._opened[depth:] = [found] if found else []


def _comments(lines: list[str]) -> list[str]:
    """The comments and decorators at the end of some lines, which are taken off them."""
    start = len(lines)
    while start and _LEADING.match(lines[start - 1]):
        start -= 1
    taken = lines[start:]
    del lines[start:]
    return taken


def _text(pieces: Sequence[Piece]) -> Text:
    outline = Outline()
    for path, text in pieces:
        outline.close(_LEVEL)
        for depth, name in enumerate(path):
            outline.heading(_LEVEL + depth, name)
        outline.code(text)
    return outline.finish()


def _lines(data: bytes) -> list[str]:
    return decode(data).replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
