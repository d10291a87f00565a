"""Answers as Markdown: what is escaped, what is left alone, and which blocks are finished."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pages._common.text import Guard, escaped, finished_blocks, plain

_PIECES = (
    *("`", "``", "```", "~~~", "$", "$5", "!", "![", "![x](http://a.b/c.png)", ":", ":red[x]", ":smile:", "[x](y)"),
    *("\n", "\n\n", "    ", " ", "word", "\\", "1.", "é", "🌊"),
)
_LINES = (
    *("", "", "word", "more words", "- item", "  - inner", "  more", "* star", "1. one", "2. two", "10. ten"),
    *("| a | b |", "|---|---|", "| 1 | 2 |", "```", "```python", "~~~", "    indented", "# Title", "> quote", ">"),
    *("===", "---", "***", "**bold** word", "`code`", "a | b"),
)
markdown = MarkdownIt("commonmark").enable("table")
texts = st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)
documents = st.lists(st.sampled_from(_LINES), max_size=14).map("\n".join)


def cut(data: st.DataObject, text: str) -> list[str]:
    """The text in chunks as a network may choose them."""
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@given(texts, st.data())
def test_chunks_do_not_matter(text: str, data: st.DataObject) -> None:
    """However a text is cut, the escaped pieces join to the same text."""
    guard = Guard()
    pieces = [guard.feed(chunk) for chunk in cut(data, text)]
    assert "".join(pieces) + guard.feed("", end=True) == escaped(text)


@given(texts)
def test_nothing_is_lost(text: str) -> None:
    """Escaping adds backslashes and takes nothing away."""
    assert escaped(text).replace("\\", "") == text.replace("\\", "")


@pytest.mark.parametrize(
    "text",
    [
        "```sh\necho $5 ![x](y) :red[x]\n```",
        "~~~\n$1 and `$2`\n```\n$3\n~~~",
        "`$5` and ``a ` $6`` and `:red[x]`",
        "A price of x$ and a time of 10:30, see https://example.org: good!",
        "$$x^2$$ and $x$",
        "\\$5, \\![x](y) and \\:red[x] are escaped already",
    ],
)
def test_code_and_ordinary_text_stay_as_they_are(text: str) -> None:
    """Inside fences and code spans, and where nothing would be misread, nothing is escaped."""
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from $5 to $10", "from \\$5 to \\$10"),
        (":red[x] and :smile: and :material/home:", "\\:red[x] and \\:smile: and \\:material/home:"),
        ("![x](http://a.b/c)", "\\![x](http://a.b/c)"),
        ("![x][r]\n\n[r]: http://a.b/c", "\\![x][r]\n\n[r]: http://a.b/c"),
        ("```\n$5\n```\n$6", "```\n$5\n```\n\\$6"),
        ("`$5` $6", "`$5` \\$6"),
        ("It`s\n\n$5 and ![x](y)", "It`s\n\n\\$5 and \\![x](y)"),
        ("\\`$5` and \\``$6`", "\\`\\$5` and \\``$6`"),
        ("C:\\\\$5", "C:\\\\\\$5"),
    ],
)
def test_what_streamlit_would_misread_is_escaped(text: str, shown: str) -> None:
    """Money is no formula, a colon no colour, and an image is not loaded."""
    assert escaped(text) == shown


@given(st.lists(st.sampled_from([piece for piece in _PIECES if not set(piece) & {"`", "~"}])).map("".join))
def test_no_image_is_loaded(text: str) -> None:
    """Outside code, whatever stands around an image, it is shown as text."""
    tokens = [child.type for token in markdown.parse(escaped(text)) for child in token.children or []]
    assert "image" not in tokens


@settings(max_examples=400)
@given(documents, st.data())
def test_a_finished_block_stays_as_it_is(text: str, data: st.DataObject) -> None:
    """What is finished at any moment and what follows, each rendered alone, look as the whole text does."""
    seen = data.draw(st.integers(0, len(text)))
    finished = finished_blocks(text[:seen])
    assert finished <= seen
    assert markdown.render(text[:finished]) + markdown.render(text[finished:]) == markdown.render(text)


@pytest.mark.parametrize(
    "text",
    [
        "- one\n\n- two\n\n  more of two",
        "1. one\n\n2. two",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |",
        "```\nfirst\n\n# no title\n\nlast",
        "> one\n> \n> two",
    ],
)
def test_nothing_freezes_inside_a_block(text: str) -> None:
    """A list, a table, a fence or a quotation is not finished while it can go on, whatever it is cut into."""
    assert [finished_blocks(text[:seen]) for seen in range(len(text) + 1)] == [0] * (len(text) + 1)


@given(st.text("\\`*_[]$:~#<>!|-+ab1. ", min_size=1, max_size=20).map(str.strip))
def test_a_plain_line_means_nothing(text: str) -> None:
    """A title is shown letter by letter, whatever Markdown it looks like."""
    tokens = [child for token in markdown.parseInline(plain(text)) for child in token.children or []]
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == text
