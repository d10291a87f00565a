"""Markdown: CommonMark with tables, by markdown-it-py."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.formats.tables import add_table
from core.retrieval.reading.outline import Outline, Text

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)


def read_markdown(data: bytes) -> Text:
    """The blocks of a Markdown text under their headings; front matter gives only the title.

    Raises:
        DocumentError: this is no text.
    """
    text = decode(data).replace("\r\n", "\n")
    front = _FRONT_MATTER.match(text)
    title = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", front.group(1), re.MULTILINE) if front else None
    outline = Outline()
    add_markdown(text[front.end() :] if front else text, outline)
    return outline.finish(title.group(1) if title else None)


def add_markdown(text: str, outline: Outline) -> None:
    """Adds the blocks of a Markdown text."""
    opened = ""
    rows: list[list[str]] = []
    for token in _parser().parse(text):
        if token.type == "inline":
            words = _plain(token.children or [])
            if opened.startswith("h") and opened[1:].isdigit():
                outline.heading(int(opened[1:]), words)
            elif opened in ("th", "td"):
                rows[-1].append(words)
            else:
                outline.add(words)
        elif token.type in ("fence", "code_block"):
            outline.code(token.content)
        elif token.type == "html_block":
            outline.add(re.sub(r"<!--.*?-->|<[^>]*>", " ", token.content, flags=re.DOTALL))
        elif token.type == "table_close":
            add_table(outline, rows, header="given")
            rows = []
        elif token.nesting == 1:
            opened = token.tag
            if opened == "tr":
                rows.append([])


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def _plain(children: list[Token]) -> str:
    parts = []
    for child in children:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak":
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
    return "".join(parts)
