"""The records of an export, one after the other: its file is never in memory as a whole.

A record is an element of the file's array, of the array under “conversations”, or a line. Python's own reader takes one
record after the other from a window of text; where it gives up, the end of the record is looked for, so that a broken
record costs only itself. What is nested too deeply for it is built from the events of ijson.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import ijson  # type: ignore[import-untyped]
from ijson.common import ObjectBuilder  # type: ignore[import-untyped]

from core.exchange.threads import Broken
from core.exchange.window import BETWEEN, LONGEST, Window, depth_of

BREAKS_OFF = "the file breaks off here"
_LONG = 1 << 20
_BARE = re.compile(r"[^\s,\[\]{}\"]+")
_HELD = re.compile(r'"conversations"\s*:\s*\[')
_READER = json.JSONDecoder(strict=False)

Shape = Literal["array", "lines", "objects"]


@dataclass(frozen=True, slots=True)
class Record:
    """A record's place in the file, from 1 on, and its value, or why there is none."""

    number: int
    value: Any = None
    broken: str | None = None


def records(file: BinaryIO) -> Iterator[Record]:
    """The records of a file; of one that is not JSON there are none that can be read."""
    window = Window(file)
    window.fill()
    shape = _shape(window)
    return _lines(window) if shape == "lines" else _values(window, closes=shape == "array")


def _shape(window: Window) -> Shape:
    """What the file is, from its beginning; moves the window to the first record."""
    head = window.text
    window.at = start = len(head) - len(head.lstrip("\ufeff \t\r\n"))
    if head[start : start + 1] == "[":
        window.at += 1
        return "array"
    held = _HELD.search(head)
    if held and depth_of(head[start : held.start()]) == 1:
        window.at = held.end()
        return "array"
    lines = head[start:].split("\n")[:20] if "\n" in head else []
    if head[start : start + 1] != "{" or any(_is_object(line) for line in lines):
        return "lines"
    return "objects"


def _is_object(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(_READER.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines(window: Window) -> Iterator[Record]:
    number = 0
    while True:
        end = window.find("\n")
        line = window.text[window.at : end].strip()
        if not line and end == len(window.text) and window.ended:
            return
        number += 1
        if end == len(window.text) and not window.ended:
            window.skip_line()
            yield Record(number, broken=_too_long())
            continue
        window.at = min(end + 1, len(window.text))
        if line:
            yield _record(number, line)


def _values(window: Window, *, closes: bool) -> Iterator[Record]:
    number, last = 0, None
    while True:
        window.at = window.match_end(BETWEEN)
        if window.at >= len(window.text):
            if closes and last != BREAKS_OFF:
                yield Record(number + 1, broken=BREAKS_OFF)
            return
        first = window.text[window.at]
        if first in "]}":
            if closes:
                return
            window.at += 1
            continue
        number += 1
        record = _value(window, number, first)
        last = record.broken
        yield record


def _value(window: Window, number: int, first: str) -> Record:
    """The record that begins at the window's place; moves the window behind it."""
    if first not in '{["':
        window.at = window.match_end(_BARE)
        return Record(number, broken="it is no JSON object")
    try:
        value, window.at = _READER.raw_decode(window.text, window.at)
        return Record(number, value)
    except (ValueError, RecursionError):
        pass
    end = window.end_of_value()
    if end is None:
        ended = window.ended
        window.skip_value()
        return Record(number, broken=BREAKS_OFF if ended else _too_long())
    found, window.at = window.text[window.at : end], end
    return _record(number, found)


def _record(number: int, found: str) -> Record:
    try:
        return Record(number, parsed(found))
    except Broken as error:
        return Record(number, broken=str(error))


def parsed(found: str) -> Any:
    """The value of a JSON text, however long or deeply nested it is.

    Raises:
        Broken: it is no JSON.
    """
    if len(found) > _LONG:
        with suppress(ijson.JSONError):
            return _from_events(found)
    try:
        return _READER.decode(found)
    except ValueError as error:
        raise Broken("it is no valid JSON") from error
    except RecursionError:
        pass
    try:
        return _from_events(found)
    except ijson.JSONError as error:
        raise Broken("it is no valid JSON") from error


def _from_events(found: str) -> Any:
    """Events, not items: ijson names the path of each item, which takes memory by the square of the depth."""
    builder = ObjectBuilder()
    for event, value in ijson.basic_parse(io.BytesIO(found.encode("utf-8", "replace")), use_float=True):
        builder.event(event, value)
    return builder.value


def _too_long() -> str:
    return f"it is over {LONGEST >> 20} million characters long"
