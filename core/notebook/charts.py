"""Charts of a notebook: Vega-Lite specifications, made from picked columns or written by hand, without their data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, cast

import altair as alt
from altair.utils.schemapi import SchemaValidationError
from jsonschema import ValidationError

from core.errors import InvalidValue
from core.notebook.chart_rules import LONGEST, refuse

MARKS = ("bar", "line", "area", "point", "heatmap", "boxplot")
"""How a chart can be drawn; `heatmap` gives each pair of x and y a coloured cell."""
ROWS = 5_000
"""The most rows that a chart is drawn from."""


Kind = Literal["quantitative", "temporal", "nominal"]
"""How Vega-Lite draws a column."""
_NUMBER = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL(?:\(.*\))?)")
_TIME = re.compile(r"DATE|TIMESTAMP.*[^\]]")
_DATA = {"name": "source"}


def chart(mark: str, x: str, y: str | None, color: str | None, columns: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The specification of a chart of these columns, as `checked` takes it; without `y` rows are counted.

    `columns` are names and DuckDB's types, as a result has them.

    Raises:
        InvalidValue: there is no such mark or column, or the column's name cannot be shown in a chart.
    """
    if mark not in MARKS:
        raise InvalidValue(f"There is no chart “{mark}”. Choose one of {', '.join(MARKS)}.")
    kinds = {name: kind_of(type_) for name, type_ in columns}
    if y is None and mark in ("heatmap", "boxplot"):
        raise InvalidValue("Choose a column for y: this chart cannot count rows.")
    for name in (x, y, color):
        if name is not None and name not in kinds:
            raise InvalidValue(f"There is no column “{name}”. Choose one of {', '.join(kinds)}.")
    drawn: Any = alt.Chart().encode(**_channels(mark, x, y, color, kinds))
    drawn = _marked(drawn, mark)
    spec = drawn.to_dict(validate=False)
    return checked({part: spec[part] for part in ("mark", "encoding")})


def checked(spec: object) -> dict[str, Any]:
    """A specification that somebody wrote, if a browser can draw it and draws it from the given rows alone.

    It is given without its data, and holds nothing that a browser would fetch something for.

    Raises:
        InvalidValue: it is no such specification; the message says where and why.
    """
    if not isinstance(spec, Mapping):
        raise InvalidValue('A chart is an object of Vega-Lite: {"mark": "bar", "encoding": {…}}.')
    plain = {name: part for name, part in spec.items() if name not in ("$schema", "data")}
    if spec.get("data", _DATA) not in (None, _DATA):
        raise InvalidValue("At data: a chart is drawn from the rows of its source. Leave “data” out.")
    try:
        text = json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue("A chart is JSON: objects, lists, text, numbers, true, false and null.") from error
    return cast("dict[str, Any]", json.loads(_checked(text)))


def parsed(text: str) -> dict[str, Any]:
    """A specification as JSON text, checked.

    Raises:
        InvalidValue: it is no JSON, or no specification that is taken.
    """
    if len(text) > LONGEST:
        raise InvalidValue(f"A chart's specification has {LONGEST:,} characters at most.")
    try:
        spec = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidValue(f"This is not JSON yet; look at {where}: {error.msg}.") from error
    except RecursionError as error:
        raise InvalidValue("This is nested too deeply for a chart.") from error
    return checked(spec)


def written(spec: Mapping[str, Any]) -> str:
    """A specification as the text that a person edits."""
    return json.dumps(spec, indent=2, ensure_ascii=False)


@lru_cache(256)
def _checked(text: str) -> str:
    """The same text, if it is taken; cached, as pages ask anew at each run."""
    if len(text) > LONGEST:
        raise InvalidValue(f"A chart's specification has {LONGEST:,} characters at most.")
    spec = json.loads(text)
    refuse(spec)
    try:
        alt.Chart.from_dict({**spec, "data": _DATA})
    except (ValidationError, SchemaValidationError) as error:
        raise InvalidValue(_explained(error)) from error
    return text


def _explained(error: ValidationError) -> str:
    if error.validator == "required":
        missing = str(error.message).split("'")[1:2]
        example = '{"mark": "bar", "encoding": {…}}'
        return f"A chart needs “{missing[0] if missing else 'mark'}”, such as {example}."
    where = ".".join(str(step) for step in error.absolute_path) or "the top"
    shown = json.dumps(error.instance, ensure_ascii=False)
    if error.validator in ("enum", "const", "type", "anyOf"):
        return f"At {where}: {shown[:80]} is not taken here."
    return f"At {where}: {str(error.message)[:200]}."


def _channels(mark: str, x: str, y: str | None, color: str | None, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    channels: dict[str, Any] = {"x": alt.X(**_field(x, kinds[x], mark, counted=y is None))}
    channels["y"] = alt.Y(**_field(y, kinds[y], mark)) if y else alt.Y(aggregate="count", title="rows")
    if color:
        channels["color"] = alt.Color(**_field(color, kinds[color], "color"))
    elif mark == "heatmap":
        channels["color"] = alt.Color(aggregate="count", title="rows")
    return channels


def _field(name: str, kind: Kind, mark: str, *, counted: bool = False) -> dict[str, Any]:
    escaped = "".join("\\" + char if char in "\\.[]'\"" else char for char in name)
    field: dict[str, Any] = {"field": escaped, "type": kind, "title": name}
    if mark == "color":
        return field
    if kind == "nominal":
        field["sort"] = None  # The order of the rows is the author's.
    elif kind == "temporal":
        field["scale"] = alt.Scale(type="utc")
        if mark in ("bar", "heatmap", "boxplot"):  # Wide enough to be seen.
            field["timeUnit"] = "utcyearmonthdate"
    elif mark == "heatmap" or counted:
        field["bin"] = True
    return field


def _marked(drawn: Any, mark: str) -> Any:
    if mark == "heatmap":
        return drawn.mark_rect(tooltip=True)
    if mark == "boxplot":
        return drawn.mark_boxplot()
    if mark == "line":
        return drawn.mark_line(point=True, tooltip=True)
    return getattr(drawn, f"mark_{mark}")(tooltip=True)


def kind_of(type_: str) -> Kind:
    """How a column of DuckDB's type is drawn."""
    if _TIME.fullmatch(type_):
        return "temporal"
    return "quantitative" if _NUMBER.fullmatch(type_) else "nominal"
