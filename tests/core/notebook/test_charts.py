"""Charts: made from picked columns, edited as text, and refused when a browser would fetch something for them."""

from __future__ import annotations

import json

import pytest

from core.errors import InvalidValue
from core.notebook.charts import MARKS, chart, checked, parsed, written
from core.notebook.picks import Picked, picked, redrawn, suggested

COLUMNS = [
    ("day", "DATE"),
    ("at", "TIMESTAMP WITH TIME ZONE"),
    ("model", "VARCHAR"),
    ("answers", "BIGINT"),
    ("cost", "DECIMAL(18,2)"),
    ("tags", "VARCHAR[]"),
    ("a.b [c]", "DOUBLE"),
    ("image", "VARCHAR"),
]


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_makes_a_chart_that_is_taken_and_picked_again(mark: str) -> None:
    """What a person picked is what the widgets show for the specification that was made of it."""
    spec = chart(mark, "day", "cost", "model", COLUMNS)
    assert parsed(written(spec)) == spec
    assert picked(spec) == Picked(mark, "day", "cost", "model")


def test_columns_are_drawn_as_what_they_are() -> None:
    """Numbers are quantities, dates are times, all else is named."""
    encoding = chart("point", "at", "cost", "tags", COLUMNS)["encoding"]
    assert [encoding[channel]["type"] for channel in ("x", "y", "color")] == ["temporal", "quantitative", "nominal"]


def test_without_y_rows_are_counted() -> None:
    """Bars of one column say how many rows there are of each."""
    assert chart("bar", "model", None, None, COLUMNS)["encoding"]["y"]["aggregate"] == "count"


def test_a_name_with_dots_and_brackets_is_one_column() -> None:
    """Vega reads such names as paths unless they are escaped, and shows the title as it is."""
    spec = chart("bar", "model", "a.b [c]", None, COLUMNS)
    assert spec["encoding"]["y"]["field"] == "a\\.b \\[c\\]"
    assert spec["encoding"]["y"]["title"] == "a.b [c]"
    assert picked(spec).y == "a.b [c]"


@pytest.mark.parametrize(
    ("picks", "said"),
    [
        (("pie", "day", None, None), "There is no chart “pie”"),
        (("bar", "week", None, None), "There is no column “week”"),
        (("heatmap", "day", None, None), "Choose a column for y"),
        (("bar", "image", None, None), "image"),
    ],
)
def test_what_cannot_be_drawn_is_said(picks: tuple[str, str, str | None, str | None], said: str) -> None:
    """The sentence names what to choose."""
    with pytest.raises(InvalidValue, match=said):
        chart(*picks, COLUMNS)


def test_a_first_chart_goes_over_time_if_there_is_one() -> None:
    """A line of the first number over the first time, else bars of what is named."""
    assert suggested(COLUMNS[1:]) == Picked("line", "at", "answers", "model")
    assert suggested(COLUMNS[2:4]) == Picked("bar", "model", "answers", None)
    assert suggested([("image", "VARCHAR")]) == Picked("bar", None, None, None)


def test_another_pick_leaves_what_was_written_by_hand() -> None:
    """A title, a transform and an axis stay when the colour changes."""
    spec = parsed(
        '{"title": "Waits", "transform": [{"fold": ["answers", "cost"], "as": ["of", "ms"]}],'
        ' "mark": {"type": "line", "strokeWidth": 3},'
        ' "encoding": {"x": {"field": "day", "type": "temporal", "title": null},'
        ' "y": {"field": "ms", "type": "quantitative"}, "opacity": {"value": 0.5}}}'
    )
    drawn = redrawn(spec, Picked("line", "day", "ms", "model"), COLUMNS)
    assert drawn["encoding"].pop("color")["field"] == "model"
    assert drawn == spec
    bars = redrawn(spec, Picked("bar", "day", "ms", None), COLUMNS)
    assert (bars["mark"]["type"], bars["title"]) == ("bar", "Waits")


def test_what_is_no_longer_picked_is_gone() -> None:
    """Without a colour there is none, with other channels as they were."""
    spec = chart("bar", "model", "cost", "tags", COLUMNS)
    plain = redrawn(spec, Picked("bar", "model", "cost", None), COLUMNS)
    assert plain == chart("bar", "model", "cost", None, COLUMNS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"mark": "bar",\n "encoding": }', "line 2, column 14"),
        ("[1]", "an object of Vega-Lite"),
        ('{"encoding": {}}', "needs “mark”"),
        ('{"mark": "barx"}', 'At mark: "barx" is not taken here'),
        ('{"mark": "bar", "encoding": {"x": {"field": "a", "type": "number"}}}', 'At encoding.x.type: "number"'),
        ('{"mark": "bar", "encoding": {"x": {"field": "a", "colour": 1}}}', "'colour' was unexpected"),
        ('{"mark": "bar", "width": NaN}', "JSON"),
        ('{"mark": "bar", "width": 90000}', "At width: the most is 4,000"),
        ('{"a":' * 3_000, "not JSON|too deeply"),
        ('{"a":' * 100 + "1" + "}" * 100, "too deeply"),
        (json.dumps({"mark": "bar", "title": "x" * 30_000}), "20,000 characters"),
    ],
)
def test_a_wrong_specification_is_said_with_its_place(text: str, said: str) -> None:
    """The sentence says where to look."""
    with pytest.raises(InvalidValue, match=said):
        parsed(text)


BAR = {"mark": "bar", "encoding": {"x": {"field": "a", "type": "nominal"}}}
FETCHING = [
    {"data": {"url": "https://evil.example/a.csv"}},
    {"data": {"values": [1]}},
    {"datasets": {"other": [1]}},
    {"usermeta": {"embedOptions": {"loader": {}}}},
    {"mark": "image"},
    {"mark": {"type": "image", "url": "https://evil.example/a.png"}},
    {"mark": {"type": "bar", "href": "https://evil.example"}},
    {"mark": {"type": "bar", "cursor": "url(https://evil.example/a.png), auto"}},
    {"mark": {"type": "bar", "cursor": {"expr": "datum.a"}}},
    {"mark": {"type": "bar", "color": "url(https://evil.example/a.svg#b)"}},
    {"mark": {"type": "bar", "color": "\\75rl(https://evil.example/a.svg#b)"}},
    {"mark": {"type": "bar", "color": {"expr": "datum.a"}}},
    {"mark": {"type": "bar", "tooltip": {"content": "data"}}},
    {"background": "URL( 'https://evil.example' )"},
    {"encoding": {"url": {"field": "a"}}},
    {"encoding": {"href": {"field": "a"}}},
    {"encoding": {"color": {"field": "a", "type": "nominal", "scale": None}}},
    {"encoding": {"color": {"field": "a", "type": "nominal", "scale": {"range": {"field": "b"}}}}},
    {"encoding": {"tooltip": [{"field": "image", "type": "nominal"}]}},
    {"encoding": {"tooltip": [{"field": "['image']", "type": "nominal"}]}},
    {"encoding": {"tooltip": [{"field": "a", "type": "nominal", "title": "image"}]}},
    {"transform": [{"calculate": "{image: 'x'}", "as": "b"}]},
    {"transform": [{"calculate": "{\\u0069mage: 'x'}", "as": "b"}]},
    {"transform": [{"calculate": "datum.a", "as": "image"}]},
    {"transform": [{"pivot": "a", "value": "b"}]},
    {"transform": [{"lookup": "a", "from": {"data": {"url": "https://evil.example"}, "key": "b", "fields": ["c"]}}]},
    {"transform": [{"calculate": "sequence(1e9)", "as": "b"}]},
    {"params": [{"name": "p", "bind": {"input": "range"}, "value": 1}]},
]


@pytest.mark.parametrize("part", FETCHING, ids=lambda part: json.dumps(part)[:60])
def test_nothing_in_a_chart_fetches_anything(part: dict[str, object]) -> None:
    """Addresses, images, links, styles and tooltips that would load something are refused, in a layer too."""
    with pytest.raises(InvalidValue):
        checked(BAR | part)
    with pytest.raises(InvalidValue):
        checked({"layer": [BAR, BAR | part]})


@pytest.mark.parametrize(
    "part",
    [
        {"params": [{"name": "zoom", "select": "interval", "bind": "scales"}]},
        {"transform": [{"filter": "datum.a > 3"}, {"calculate": "datum.a * 2", "as": "b"}]},
        {"$schema": "https://vega.github.io/schema/vega-lite/v5.json"},
        {"data": {"name": "source"}},
        {"title": "Images and urls"},
    ],
    ids=str,
)
def test_what_harms_nobody_is_taken(part: dict[str, object]) -> None:
    """Zooming, transforms, and what other tools write into every specification."""
    assert checked(BAR | part)["mark"] == "bar"


def test_panels_are_bounded() -> None:
    """A thousand small charts would keep a browser busy for minutes."""
    panel = {"mark": "bar", "encoding": {"x": {"field": {"repeat": "column"}, "type": "nominal"}}}
    names = [f"c{number}" for number in range(30)]
    checked({"repeat": {"column": names[:4]}, "spec": panel})
    with pytest.raises(InvalidValue, match="24 panels"):
        checked({"repeat": {"column": names}, "spec": panel})
