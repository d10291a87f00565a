"""Notebooks as a page: results that anybody can read, nothing that runs, and the notebook to be read again."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from hypothesis import given, settings
from selectolax.lexbor import LexborHTMLParser

from core.errors import Unsupported
from core.notebook.formats.html import read, write
from core.notebook.values import CellKind, NewCell, Notebook
from tests.core.notebook.formats.support import HOSTILE, SPEC, news, notebook, notebooks, shown, usual


@settings(max_examples=60, deadline=None)
@given(notebooks())
def test_a_page_gives_back_every_cell(given: Notebook) -> None:
    """Kind, name, text and settings, to the last blank, whatever stands in them."""
    found = read(write(given, {}))
    assert (found.title, found.cells) == (given.title, news(given))


def test_a_page_shows_what_the_last_run_gave() -> None:
    """Rows, and how many there are of how many; times to the second; a chart as a picture."""
    rows = shown(["Mon", 1], ["Tue", None], count=2_000)
    page = LexborHTMLParser(write(usual(), {"c2": rows, "c3": rows}))
    assert [cell.text() for cell in page.css("td")] == ["Mon", "1", "Tue", "–"]
    assert next(note.text() for note in page.css("p.about")) == "The first 2 of 2,000 rows · 2026-01-02 03:04 UTC"
    assert [head.text() for head in page.css("h1")] == ["Tides"]
    image = page.css_first("img").attributes["src"] or ""
    assert image.startswith("data:image/svg+xml;base64,")
    assert b64decode(image.partition(",")[2]).startswith(b"<svg")
    assert "from the first 2 of 2,000 rows" in page.css_first("figcaption").text()


def test_nothing_in_a_page_runs_or_is_fetched() -> None:
    """Whatever title, cells, columns, rows and errors hold."""
    cells = [NewCell(kind, f"n{n}", HOSTILE, {"label": HOSTILE, "value": HOSTILE}) for n, kind in enumerate(CellKind)]
    chart = NewCell(CellKind.CHART, "drawn", SPEC, {"source": HOSTILE})
    image = "![x](https://evil.example/x.png) <img src=x onerror=alert(1)> [y](javascript:alert(1))"
    given = notebook(*cells, chart, NewCell(CellKind.MARKDOWN, text=image), title=HOSTILE)
    bad = shown([HOSTILE, 1], [["<b>", {"<i>": HOSTILE}], 2], error=HOSTILE)
    text = write(given, {cell.id: bad for cell in given.cells})
    page = LexborHTMLParser(text)
    assert [script.attributes for script in page.css("script")] == [
        {"type": "application/json", "id": "throughline-notebook"}
    ]
    assert {(node.attributes.get("src") or "")[:26] for node in page.css("[src]")} == {"data:image/svg+xml;base64,"}
    assert not page.css("b, i, link, iframe, [onerror], [href^=javascript]")
    policy = page.css_first('meta[http-equiv="Content-Security-Policy"]').attributes["content"] or ""
    assert policy.startswith("default-src 'none';") and "script" not in policy
    assert read(text).cells == news(given)


def test_a_picture_is_safe_whatever_its_rows_hold() -> None:
    """Text in a chart is text in its picture."""
    page = LexborHTMLParser(write(usual(), {"c3": shown(["<script>alert(1)</script>", 1])}))
    svg = b64decode((page.css_first("img").attributes["src"] or "").partition(",")[2]).decode()
    assert "<script" not in svg and "alert" in svg


@pytest.mark.parametrize(
    "spec", ["{", '{"mark": "image", "encoding": {}}', '{"mark": "bar", "data": {"url": "x"}}', "[]"]
)
def test_a_chart_that_cannot_be_drawn_says_so(spec: str) -> None:
    """In its place; the rest of the page is there."""
    given = notebook(NewCell(CellKind.CHART, "drawn", spec, {"source": "a"}), NewCell(CellKind.MARKDOWN, text="rest"))
    page = LexborHTMLParser(write(given, {"c0": shown(["Mon", 1])}))
    assert [note.text() for note in page.css("p.state")] == ["This chart cannot be drawn."]
    assert page.css_first("section.markdown p").text() == "rest"


def test_a_page_is_bounded() -> None:
    """Long values are cut, and rows that do not fit are counted, not written."""
    rows = [["x" * 5_000, number] for number in range(20_000)]
    text = write(notebook(NewCell(CellKind.SQL, "many", "select 1")), {"c0": shown(*rows)})
    assert len(text) < 17_000_000
    assert re.search(r"The first [\d,]+ of 20,000 rows", text)
    assert "x" * 1_001 not in text


@pytest.mark.parametrize("text", ["", "<p>", '<script id="throughline-notebook">{</script>', HOSTILE])
def test_another_page_is_refused(text: str) -> None:
    """As there is no notebook in it."""
    with pytest.raises(Unsupported, match="There is no notebook in this page"):
        read(text)
