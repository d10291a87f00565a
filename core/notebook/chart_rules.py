"""What a chart may not hold: nothing in it makes a browser fetch something, or draw without end.

A notebook can come from a stranger and its rows hold what strangers wrote: an address that a browser fetches would
tell them what the rows say. Vega's own ways to the network are few and named here; a tooltip shows what is called
`image` as one; and CSS fetches what stands in `url(…)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.errors import InvalidValue

LONGEST = 20_000
_DEEPEST = 24
_MOST_PANELS = 24
_LARGEST = {"width": 4_000, "height": 4_000, "maxbins": 500, "steps": 2_000, "tickCount": 200, "size": 100_000}
_REFUSED = {
    "url": "addresses are not fetched",
    "href": "a chart has no links",
    "data": "a chart is drawn from the rows of its source",
    "datasets": "a chart is drawn from the rows of its source",
    "usermeta": "how a chart is embedded is not its own choice",
    "signal": "signals are Vega's, not Vega-Lite's; use params",
    "image": "images are not fetched",
    "pivot": "columns are made in SQL, not of values here",
    "keyvals": "values to fill in are not listed here",
}
_STYLE_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.DOTALL)
_FETCHES = re.compile(
    r"(?:url|image|image-set|cross-fade|src)\s*\(|^\s*(?:https?:|data:|javascript:|//)", re.IGNORECASE
)
_ENDLESS = re.compile(r"\bsequence\s*\(|\bpad\s*\(")
_EXPRESSIONS = ("calculate", "expr", "filter", "test", "labelExpr")
_IMAGE = re.compile(r"\bimage\b|\\")
_NO_PATH = str.maketrans("", "", "[]'\"\\ ")
_CURSOR = re.compile(r"[a-z-]+")


def refuse(spec: Any) -> None:
    """Raises if the specification holds what a chart may not.

    Raises:
        InvalidValue: it does; the message says where.
    """
    for where, key, value in _parts(spec, (), 0):
        if why := _why_not(where, key, value):
            raise InvalidValue(f"At {'.'.join(where)}: {why}.")


def _why_not(where: tuple[str, ...], key: str, value: Any) -> str | None:
    if key in _REFUSED:
        return _REFUSED[key]
    if key == "expr" and where[0] != "params":
        return "expressions stand in “transform”, “params” and conditions alone"
    if isinstance(value, str):
        return _why_not_text(key, value)
    if key == "scale" and value is None:
        return "values are not used as colours or shapes as they are"
    if key == "range" and isinstance(value, dict) and "field" in value:
        return "values are not used as colours or shapes as they are"
    if key == "cursor":
        return "the pointer's name is text"
    if key == "bind":
        return "inputs are cells of their own"
    if key == "repeat" and _panels(value) > _MOST_PANELS:
        return f"a chart has {_MOST_PANELS} panels at most"
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > _LARGEST.get(key, float("inf")):
        return f"the most is {_LARGEST[key]:,}"
    return None


def _why_not_text(key: str, value: str) -> str | None:
    if value.translate(_NO_PATH) == "image" or (key in _EXPRESSIONS and _IMAGE.search(value)):
        return "what is called “image” would be fetched when it is pointed at, whatever it is; use another name"
    if key == "bind" and value not in ("scales", "legend"):
        return "inputs are cells of their own"
    if key == "content" and value == "data":
        return "a tooltip shows what the chart encodes"
    if key == "cursor" and not _CURSOR.fullmatch(value):
        return "this is no name of a pointer"
    if _FETCHES.search(_STYLE_ESCAPE.sub(_unescaped, value)):
        return "addresses are not fetched"
    return "this may draw without end" if _ENDLESS.search(value) else None


def _unescaped(escape: re.Match[str]) -> str:
    """The character that CSS reads at an escape."""
    code = int(escape[1], 16) if escape[1] else ord(escape[2])
    return chr(code) if code < 0x110000 else " "


def _panels(repeat: Any) -> int:
    """How many panels a `repeat` draws."""
    if isinstance(repeat, dict):
        panels = 1
        for fields in repeat.values():
            panels *= len(fields) if isinstance(fields, list) else 1
        return panels
    return len(repeat) if isinstance(repeat, list) else 1


def _parts(part: Any, where: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every value with its place and the key that it stands under; parts of a list stand under the list's."""
    if depth > _DEEPEST:
        raise InvalidValue("This is nested too deeply for a chart.")
    if isinstance(part, dict):
        inner = [((*where, str(key)), str(key), value) for key, value in part.items()]
    elif isinstance(part, list):
        under = next((step for step in reversed(where) if not step.isdigit()), "")
        inner = [((*where, str(number)), under, value) for number, value in enumerate(part)]
    else:
        return
    for place, key, value in inner:
        yield place, key, value
        yield from _parts(value, place, depth + 1)
