"""What reading a file gives: its text in blocks, each with the headings above it and its page."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from core.errors import TooLarge

SEPARATOR = "\n\n"
CHARACTERS = 20_000_000
"""Characters of text that are taken from one file."""
BLOCKS = 200_000
"""Blocks that are taken from one file."""
_HEADING_LIMIT = 120
_PATH_LIMIT = 400

Kind = Literal["text", "code", "row"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or piece of code; `heading` is the path of headings above it."""

    text: str
    heading: str | None = None
    page: int | None = None
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text; `title` and `url` are None where the file does not tell its name or address."""

    title: str | None
    blocks: tuple[Block, ...]
    url: str | None = None

    @property
    def content(self) -> str:
        """The whole text, in which the character spans of passages are counted."""
        return SEPARATOR.join(block.text for block in self.blocks)


class Outline:
    """Gathers blocks while a document is walked, and remembers under which headings they stand.

    The first heading of level 1 is the title. Paths begin below what the title says already, be it the only heading of
    level 1 or one of its very words. Every method that takes text raises `TooLarge` once it is more than is taken from
    one file.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[str, tuple[str, ...], int | None, Kind]] = []
        self._path: list[tuple[int, str]] = []
        self._tops: list[str] = []
        self._title: str | None = None
        self._bare: tuple[str, int | None] | None = None
        self._characters = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was taken yet."""
        return not self._blocks and self._bare is None

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
        if self._path and self._path[-1][0] >= level:
            self._keep_bare()
        self._path = [entry for entry in self._path if entry[0] < level] + [(level, text[:_HEADING_LIMIT])]
        self._bare = text, page
        if level == 1:
            self._tops.append(text)

    def close(self, level: int) -> None:
        """Ends the headings of `level` and below: what follows does not stand under them."""
        if self._path and self._path[-1][0] >= level:
            self._keep_bare()
            self._path = [entry for entry in self._path if entry[0] < level]

    def add(self, text: str, page: int | None = None) -> None:
        """Takes a paragraph or list item; its white space is tidied."""
        self._add(tidy(text), page, "text")

    def code(self, text: str, page: int | None = None) -> None:
        """Takes a piece of code, or of anything else whose white space has a meaning."""
        self._add(_clean(text).expandtabs(4).strip("\n").rstrip(), page, "code")

    def row(self, text: str, page: int | None = None) -> None:
        """Takes a row of a table."""
        self._add(tidy(text), page, "row")

    def finish(self, title: str | None = None, url: str | None = None) -> Text:
        """All that was taken; `title` is what the file calls itself elsewhere, `url` where it was found."""
        self._keep_bare()
        if not self._blocks and self._title:
            self._path = []
            self._add(self._title, None, "text")
        top, told = self._tops[0] if self._tops else "", self._title or tidy(title or "").replace("\n", " ")
        said = {told.casefold()}
        if len(self._tops) == 1 and (not told or (not self._title and top.casefold() in told.casefold())):
            said.add(top.casefold())
        return Text(
            (told or top)[:200] or None,
            tuple(Block(text, _joined(path, said), page, kind) for text, path, page, kind in self._blocks),
            url,
        )

    def _keep_bare(self) -> None:
        if self._bare is not None:
            path, self._path = self._path, self._path[:-1]
            self._add(*self._bare, "text")
            self._path = path

    def _add(self, text: str, page: int | None, kind: Kind) -> None:
        if not text.strip():
            return
        self._characters += len(text)
        if self._characters > CHARACTERS:
            raise TooLarge(f"This file holds more than {CHARACTERS:,} characters. Split it and add the parts.")
        if len(self._blocks) >= BLOCKS:
            raise TooLarge(f"This file holds more than {BLOCKS:,} paragraphs or rows. Split it and add the parts.")
        self._blocks.append((text, tuple(name for _, name in self._path), page, kind))
        self._bare = None


def _joined(path: tuple[str, ...], said: Collection[str]) -> str | None:
    shown = path[1:] if path and any(path[0].casefold() == name[:_HEADING_LIMIT] for name in said) else path
    return " › ".join(shown)[:_PATH_LIMIT] or None


def tidy(text: str) -> str:
    """Text without control characters and needless white space; line breaks are kept."""
    text = _clean(text)
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r" ?\n[ \n]*", "\n", text).strip()


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b\ufeff\ufffe\uffff]", "", text)
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)
