"""Web pages become the words that people read."""

from __future__ import annotations

import pytest

from core.retrieval.reading.outline import Block, Text
from core.retrieval.reading.read import read
from tests.core.retrieval.conftest import SAMPLES
from tests.core.retrieval.reading.formats.build import read_text, rows, texts


def page(body: str) -> list[str]:
    return texts(read_text("a.html", body))


def test_words_without_machinery() -> None:
    """Navigation, scripts, styles and footers are dropped; blocks and line breaks divide."""
    text = read("bakery.html", (SAMPLES / "bakery.html").read_bytes())
    assert text.title == "The Tide and Crumb bakery"
    assert Block("What: Seaweed loaf · Crowns: 6", "Prices", None, "row") in text.blocks
    assert {block.heading for block in text.blocks} == {None, "Opening hours", "The seaweed loaf", "Prices"}
    assert not any(word in text.content for word in ("Home", "console", "font-family", "<", "4 Rope Street"))


def test_another_encoding_is_read() -> None:
    """What the page declares is believed."""
    html = '<meta charset="iso-8859-2"><p>Łódź<br>and more<p>two <b>w</b>ords'
    assert texts(read("a.htm", html.encode("iso-8859-2"))) == ["Łódź\nand more", "two words"]


@pytest.mark.parametrize("opening", ["<div>", "<h1><b>", "<table><tr><td>", "<td><i>", "<ul><li>"])
def test_deep_nesting_exhausts_nothing(opening: str) -> None:
    """Not even Python's own stack."""
    assert "deep" in read_text("a.html", opening * 1_000 + "deep").content


def test_code_keeps_its_lines() -> None:
    """And says that it is code."""
    assert read_text("a.html", "<p>a<pre>if x:\n    y\n</pre>").blocks[1] == Block("if x:\n    y", None, None, "code")


def test_a_page_inside_a_form_is_read() -> None:
    """Some servers wrap all of it in one; a search form is dropped."""
    assert page("<form><p>Words</p><select><option>x</select></form><form><label>Search</label><input></form>") == [
        "Words"
    ]


def test_the_main_part_is_enough_when_it_is_most_of_the_page() -> None:
    """What stands beside an article is left out, unless it says more."""
    assert page(f"<div>Related</div><main><p>{'Words. ' * 10}</main>") == [("Words. " * 10).strip()]
    assert page(f"<div>{'Words. ' * 10}</div><main>x</main>") == [("Words. " * 10).strip(), "x"]


def test_tables_name_their_columns() -> None:
    """By header cells; spanned cells are repeated, the caption stands above."""
    html = (
        "<table><caption>Fees</caption><tr><th>Boat<th colspan=2>Fee</tr><tr><td rowspan=2>small<td>1<td>2</tr>"
        "<tr><td>3<td>4</table>"
    )
    assert page(html) == ["Fees", "Boat: small · Fee: 1 · Fee: 2", "Boat: small · Fee: 3 · Fee: 4"]


def test_header_cells_beside_values_name_them() -> None:
    """As in the boxes of an encyclopaedia."""
    html = "<table><tr><th>Capital<td>Oslo</tr><tr><th>Area:<td>385 km²</table>"
    assert page(html) == ["Capital: Oslo", "Area: 385 km²"]


def test_tables_that_only_arrange_are_no_tables() -> None:
    """Their cells are read one after the other, as is a table inside."""
    html = "<table><tr><td><p>Left<p>more</td><td><h2>Right</h2>x</td></tr></table>"
    assert rows(read_text("a.html", html)) == [(None, "Left"), (None, "more"), ("Right", "x")]
    assert page("<table><tr><td>a<td><table><tr><td>b<td>c</table></table>") == ["a", "b | c"]


def test_endless_spans_are_bounded() -> None:
    """A cell that claims ten thousand columns and rows."""
    html = f"<table>{'<tr><td colspan=9999 rowspan=9999>x<td>y' * 100}</table>"
    assert len(read_text("a.html", html).content) < 100 * 2000


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ("<!-- saved from url=(0024)https://example.com/a?b=c -->", "https://example.com/a?b=c"),
        (
            "<!--\n Page saved with SingleFile \n url: https://example.com/b \n saved date: x-->",
            "https://example.com/b",
        ),
        ('<link rel="canonical" href="https://example.com/c">', "https://example.com/c"),
        ('<meta property="og:url" content="http://example.com/d">', "http://example.com/d"),
        ('<link rel="canonical" href="/c">', None),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<link rel="canonical" href="https://example.com/ x">', None),
        ("", None),
    ],
)
def test_the_address_of_a_saved_page_is_found(head: str, url: str | None) -> None:
    """Where browsers and pages write it, and only if it is one."""
    assert read_text("a.html", f"{head}<title>T</title><p>Words") == Text("T", (Block("Words"),), url)
