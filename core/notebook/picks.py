"""Charts as a person picks them: a mark and some columns; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.notebook.charts import MARKS, Kind, chart, checked, kind_of

_KINDS: tuple[Kind, ...] = ("quantitative", "temporal", "nominal")
_PICKED = ("x", "y", "color")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Picked:
    """What a chart is made of: how it is drawn, and its columns; without `y` rows are counted."""

    mark: str = MARKS[0]
    x: str | None = None
    y: str | None = None
    color: str | None = None


def suggested(columns: Sequence[tuple[str, str]]) -> Picked:
    """What a chart of these columns is at first: a line over time if there is one, else bars."""
    kinds = {name: kind_of(type_) for name, type_ in columns if name != "image"}
    first = {kind: next((name for name in kinds if kinds[name] == kind), None) for kind in _KINDS}
    x = first["temporal"] or first["nominal"] or next(iter(kinds), None)
    y = next((name for name in kinds if kinds[name] == "quantitative" and name != x), None)
    color = first["nominal"] if first["temporal"] and y else None
    return Picked("line" if first["temporal"] else "bar", x, y, color)


def picked(spec: Mapping[str, Any]) -> Picked:
    """What of a specification `chart` would make likewise; the rest was written by hand."""
    mark, channels = spec.get("mark"), _channels(spec)
    mark = mark.get("type") if isinstance(mark, Mapping) else mark
    mark = "heatmap" if mark == "rect" else mark if mark in MARKS else MARKS[0]
    return Picked(mark, *(_column(channels.get(name)) for name in _PICKED))


def redrawn(spec: Mapping[str, Any], picks: Picked, columns: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A specification with other picks; what was written by hand of the rest of it stays.

    Raises:
        InvalidValue: as `chart` does.
    """
    before = picked(spec)
    known = {name for name, _ in columns}
    made = [(name, "VARCHAR") for name in _names(before) if name not in known]  # By a transform.
    drawn = chart(picks.mark, picks.x or "", picks.y, picks.color, [*columns, *made])
    if before.mark == picks.mark:
        drawn["mark"] = spec.get("mark", drawn["mark"])
    channels = _channels(spec)
    for name in _PICKED:
        if getattr(before, name) == getattr(picks, name) and name in channels:
            drawn["encoding"][name] = channels[name]
    others = {name: channel for name, channel in channels.items() if name not in _PICKED}
    return checked({**spec, **drawn, "encoding": {**others, **drawn["encoding"]}})


def _names(picks: Picked) -> list[str]:
    return [name for name in (picks.x, picks.y, picks.color) if name]


def _channels(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    found = spec.get("encoding")
    return found if isinstance(found, Mapping) else {}


def _column(channel: object) -> str | None:
    field = channel.get("field") if isinstance(channel, Mapping) else None
    return _ESCAPED.sub(r"\1", field) if isinstance(field, str) else None
