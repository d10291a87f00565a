"""Markdown: CommonMark with tables, by markdown-it-py."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.retrieval.outline import Outline, Text

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)


def read_markdown(text: str) -> Text:
    """The blocks of a Markdown text under their headings; front matter gives only the title."""
    text = text.replace("\r\n", "\n")
    front = _FRONT_MATTER.match(text)
    title = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", front.group(1), re.MULTILINE) if front else None
    outline = Outline()
    _walk(MarkdownIt("commonmark").enable("table").parse(text[front.end() :] if front else text), outline)
    return outline.finish(title.group(1) if title else None)


def _walk(tokens: list[Token], outline: Outline) -> None:
    opened = ""
    cells: list[str] = []
    for token in tokens:
        if token.type == "inline":
            words = _plain(token.children or [])
            if opened.startswith("h") and opened[1:].isdigit():
                outline.heading(int(opened[1:]), words)
            elif opened in ("th", "td"):
                cells.append(words)
            else:
                outline.add(words)
        elif token.type in ("fence", "code_block"):
            outline.add(token.content, verbatim=True)
        elif token.type == "html_block":
            outline.add(re.sub(r"<!--.*?-->|<[^>]*>", " ", token.content, flags=re.DOTALL))
        elif token.type == "tr_close":
            outline.add(" | ".join(cells))
            cells = []
        elif token.nesting == 1:
            opened = token.tag


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
