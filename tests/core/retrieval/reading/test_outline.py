"""Blocks know the headings above them."""

from __future__ import annotations

from core.retrieval.reading.outline import Block, Outline, Text, tidy


def test_headings_without_text_become_text() -> None:
    """On their own page, lest they be lost; one with only headings below it is in their paths."""
    outline = Outline()
    outline.heading(2, "Bare", 1)
    outline.heading(2, "Outer", 2)
    outline.heading(3, "Inner", 2)
    outline.add("Words.", 3)
    outline.heading(2, "Last", 4)
    assert outline.finish().blocks == (
        Block("Bare", None, 1),
        Block("Words.", "Outer › Inner", 3),
        Block("Last", None, 4),
    )


def test_what_follows_a_closed_heading_stands_outside() -> None:
    """Under the headings above it."""
    outline = Outline()
    for text in ("a", "b"):
        outline.heading(2, "Outer")
        outline.heading(3, "Inner")
        outline.add(text)
        outline.close(3)
    outline.add("c")
    outline.close(2)
    outline.add("d")
    assert [(block.heading, block.text) for block in outline.finish().blocks] == [
        ("Outer › Inner", "a"),
        ("Outer › Inner", "b"),
        ("Outer", "c"),
        (None, "d"),
    ]


def test_the_only_top_heading_is_the_title() -> None:
    """And in no path; of two, both are headings."""
    outline = Outline()
    outline.heading(1, "One")
    outline.add("a")
    assert outline.finish(url="https://example.com") == Text("One", (Block("a"),), "https://example.com")
    outline.heading(1, "Two")
    outline.add("b")
    assert outline.finish("Name") == Text("Name", (Block("a", "One"), Block("b", "Two")))


def test_a_heading_that_is_not_in_the_title_is_kept() -> None:
    """A page's title names the site too: the words of its only top heading are lost in neither case."""
    for title, heading in (("Bridge opens | News", None), ("News of Monday", "Bridge opens")):
        outline = Outline()
        outline.heading(1, "Bridge opens")
        outline.add("a")
        assert outline.finish(title) == Text(title, (Block("a", heading),))


def test_no_path_begins_with_the_title() -> None:
    """A file that names itself in its properties and again in its first heading is named once."""
    outline = Outline()
    outline.heading(2, "Harbour report")
    outline.heading(3, "Budget")
    outline.add("a")
    assert outline.finish("Harbour Report").blocks == (Block("a", "Budget"),)


def test_paths_have_an_end() -> None:
    """However deep headings nest."""
    outline = Outline()
    for level in range(1000):
        outline.heading(level + 2, "heading " * 10)
    outline.add("a")
    assert len(outline.finish().blocks[0].heading or "") <= 400


def test_code_keeps_its_white_space() -> None:
    """Tabs become spaces; text is tidied, and neither holds what cannot be stored."""
    outline = Outline()
    outline.code("\n\tif x:\x00\r\n\n        y\ud800  \n\n")
    outline.add(" a \t b \r\n\n c\x07\ud800")
    assert outline.finish().blocks == (
        Block("    if x:\n\n        y\ufffd", None, None, "code"),
        Block("a b\nc\ufffd"),
    )
    assert tidy("\ufeffa\u00adb\u200b") == "ab"
