"""Charts as pictures: drawn from their rows, in a process that can do and reach little."""

from __future__ import annotations

import json

import pytest

from core.notebook.formats import Shown, drawing
from core.notebook.formats.drawing import drawn
from tests.core.notebook.formats.support import SPEC, shown


def test_charts_are_drawn_in_their_order() -> None:
    """Those that cannot be drawn leave their place empty."""
    rows = shown(["Mon", 1], ["Tue", 2])
    first, none, wrong, last = drawn([(SPEC, rows), (SPEC, Shown()), ("{", rows), (SPEC.replace("bar", "line"), rows)])
    assert first and last and "Mon" in first and first != last
    assert (none, wrong) == (None, None)


def test_a_chart_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that came past the rules: neither from the network nor from the disk."""
    monkeypatch.setattr(drawing, "parsed", json.loads)
    urls = ("https://example.com/x.json", "file:///etc/passwd", "/etc/passwd")
    images = [{"mark": {"type": "image", "url": url}, "encoding": {"x": {"field": "n"}}} for url in urls]
    table = {"url": "file:///etc/passwd", "format": {"type": "dsv", "delimiter": ":"}}
    found = {"lookup": "n", "from": {"data": table, "key": "root", "fields": ["0"]}}
    charts = [*images, {"transform": [found], **json.loads(SPEC)}]
    pictures = drawn([(json.dumps(chart), shown(["Mon", 1])) for chart in charts])
    assert len(pictures) == 4
    assert not [picture for picture in pictures if picture and ("root:" in picture or "/bash" in picture)]


def test_a_chart_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is one that takes all memory; those before it are drawn."""
    monkeypatch.setattr(drawing, "parsed", json.loads)
    monkeypatch.setattr(drawing, "_SECONDS", 15.0)
    many = {"transform": [{"calculate": "sequence(1e9)", "as": "z"}, {"flatten": ["z"]}], **json.loads(SPEC)}
    rows = shown(["Mon", 1])
    first, second = drawn([(SPEC, rows), (json.dumps(many), rows)])
    assert first and second is None
