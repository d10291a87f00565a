"""What reading a file gives: its text in blocks, each with the headings above it and its page."""

from __future__ import annotations

import re
from dataclasses import dataclass

SEPARATOR = "\n\n"
_HEADING_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or piece of code; `heading` is the path of headings above it."""

    text: str
    heading: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text; `title` is None where the file does not name itself."""

    title: str | None
    blocks: tuple[Block, ...]

    @property
    def content(self) -> str:
        """The whole text, in which the character spans of passages are counted."""
        return SEPARATOR.join(block.text for block in self.blocks)


class Outline:
    """Gathers blocks while a document is walked, and remembers under which headings they stand.

    The first heading of level 1 is the title and is left out of the paths when it is the only one.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[str, tuple[str, ...], int | None]] = []
        self._path: list[tuple[int, str]] = []
        self._tops: list[str] = []
        self._title: str | None = None
        self._bare = False

    def title(self, text: str) -> None:
        """Takes the document's title, the first time; later ones are headings above all others."""
        if self._title is None and not self._blocks and tidy(text):
            self._title = tidy(text).replace("\n", " ")
        else:
            self.heading(1, text)

    def heading(self, level: int, text: str, page: int | None = None) -> None:
        """Takes a heading; one with nothing under it becomes text itself, lest it be lost."""
        text = tidy(text).replace("\n", " ")
        if not text:
            return
        if self._bare and self._path[-1][0] >= level:
            self._add(self._path[-1][1], page, self._path[:-1])
        self._path = [entry for entry in self._path if entry[0] < level] + [(level, text[:_HEADING_LIMIT])]
        self._bare = True
        if level == 1:
            self._tops.append(text)

    def add(self, text: str, page: int | None = None, *, verbatim: bool = False) -> None:
        """Takes a block; white space is tidied unless it is `verbatim`."""
        self._add(text.strip("\n").rstrip() if verbatim else tidy(text), page, self._path)

    def finish(self, title: str | None = None) -> Text:
        """All that was taken; `title` is what the file calls itself elsewhere."""
        if self._bare:
            self._add(self._path[-1][1], None, self._path[:-1])
        if not self._blocks and self._title:
            self._add(self._title, None, [])
        top = self._tops[0] if self._tops else None
        drop = top if len(self._tops) == 1 and not self._title else None
        return Text(
            (self._title or tidy(title or "").replace("\n", " ") or top or "")[:200] or None,
            tuple(Block(text, _joined(path, drop), page) for text, path, page in self._blocks),
        )

    def _add(self, text: str, page: int | None, path: list[tuple[int, str]]) -> None:
        if text.strip():
            self._blocks.append((text, tuple(name for _, name in path), page))
            self._bare = False


def _joined(path: tuple[str, ...], drop: str | None) -> str | None:
    shown = path[1:] if path and drop and path[0] == drop[:_HEADING_LIMIT] else path
    return " › ".join(shown) or None


def tidy(text: str) -> str:
    """Text without control characters and needless white space; line breaks are kept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b\ufeff\ufffe\uffff]", "", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r" ?\n[ \n]*", "\n", text).strip()
