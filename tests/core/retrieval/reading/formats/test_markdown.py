"""Markdown becomes blocks under headings."""

from __future__ import annotations

from core.retrieval.reading.outline import Block, Text
from core.retrieval.reading.read import read


def test_markdown_keeps_its_structure() -> None:
    """Headings become paths without the title, markup goes, lists, tables and code stay in order."""
    text = read(
        "a.md",
        b"# Title\r\n\r\nSome *bold*\r\nwords.\r\n\r\n## One\r\n\r\n- a `c`\r\n- b\r\n\r\n### Two\r\n\r\n"
        b"| x | y |\r\n|---|---|\r\n| 1 | 2 |\r\n\r\n```py\r\nif a:\r\n    b\r\n```\r\n"
        b"\r\n## Bare\r\n\r\n## Three\r\n\r\nz\r\n",
    )
    assert text == Text(
        "Title",
        (
            Block("Some bold words."),
            Block("a c", "One"),
            Block("b", "One"),
            Block("x: 1 · y: 2", "One › Two", None, "row"),
            Block("if a:\n    b", "One › Two", None, "code"),
            Block("Bare"),
            Block("z", "Three"),
        ),
    )


def test_front_matter_names_a_markdown_file() -> None:
    """Its title counts, the rest of it is no text."""
    text = read("a.md", b'---\ntitle: "A name"\ntags: [x]\n---\nWords.\n')
    assert text == Text("A name", (Block("Words."),))


def test_html_in_markdown_gives_its_words() -> None:
    """Tags and comments go."""
    assert read("a.md", b"<div>\n<b>Words</b> <!-- no -->\n</div>\n").content == "Words"


def test_deep_quotes_and_brackets_exhaust_nothing() -> None:
    """What nests without end is read as far as the parser goes."""
    assert "word" in read("a.md", b"[" * 20_000 + b"word").content
    assert "word" in read("a.md", b">" * 20_000 + b" x\n\nword").content
