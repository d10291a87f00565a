"""A result as the frame of data that tables and charts take: every value as what it is; pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from core.analysis.sandbox import Result

_WHOLE = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),  # What a sum gives is a HUGEINT, small as it may be.
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
)
_BROKEN = ("FLOAT", "DOUBLE", "INTERVAL")


def frame(result: Result) -> pd.DataFrame:
    """The rows of a result, column by column; what has no look of its own is text."""
    names = _distinct([name for name, _ in result.columns])
    columns = zip(*result.rows, strict=True) if result.rows else ((),) * len(names)
    series = (_series(type_, list(values)) for (_, type_), values in zip(result.columns, columns, strict=True))
    return pd.DataFrame(dict(zip(names, series, strict=True)))


def _series(type_: str, values: list[Any]) -> pd.Series[Any]:
    for begins, convert, dtype in _KINDS:
        if type_.startswith(begins) and not type_.endswith("]"):
            try:
                return pd.Series([None if value is None else convert(value) for value in values], dtype=dtype)
            except (ValueError, OverflowError, TypeError):
                break  # A number or a day that only text can hold.
    return pd.Series([_text(value) for value in values], dtype="object")


def _number(value: Any) -> float:
    number = float(value)
    return number if math.isfinite(number) else math.nan


def _decimal(value: Any) -> float:
    if isinstance(value, str):
        raise ValueError(value)  # It has more digits than a float.
    return _number(value)


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value)


_KINDS: Sequence[tuple[str | tuple[str, ...], Callable[[Any], Any], Any]] = (
    (_WHOLE, int, "Int64"),
    (_BROKEN, _number, "Float64"),
    ("DECIMAL", _decimal, "Float64"),
    ("BOOLEAN", bool, "boolean"),
    ("TIMESTAMP", _time, "datetime64[us, UTC]"),
    ("DATE", date.fromisoformat, "object"),
)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number after those that are there already."""
    found: list[str] = []
    for name in names:
        number, tried = 1, name
        while tried in found:
            number += 1
            tried = f"{name}_{number}"
        found.append(tried)
    return found
