"""The values of inputs: what each type takes, and what a query is given for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from core.errors import InvalidValue
from core.notebook.values import JSON, Cell, InputType

MOST_CHOICES = 1_000
"""The most that an input offers."""
_LONGEST = 10_000
_WRONG = {
    InputType.TEXT: "“{name}” takes a text of 10,000 characters at most.",
    InputType.NUMBER: "“{name}” takes a number.",
    InputType.DATE: "“{name}” takes a date such as 2026-01-31.",
    InputType.CHOICE: "“{name}” takes one of its choices.",
}


def settled(name: str, before: Mapping[str, JSON], given: Mapping[str, JSON]) -> dict[str, JSON]:
    """The settings of an input after those that are `given` were changed; a value that fits no longer is left out.

    Raises:
        InvalidValue: there is no such type, the choices are none, or the value that is given does not fit.
    """
    settings = {"type": InputType.TEXT.value, "label": "", "value": None, **before, **given}
    kind = _type(settings["type"])
    if kind is InputType.CHOICE:
        settings["choices"] = _choices(settings.get("choices"))
        if "value" not in given and (settings.get("source") or "") != (before.get("source") or ""):
            settings["value"] = None
    try:
        settings["value"] = _value(kind, settings)
    except ValueError as error:
        if "value" in given and given["value"] != before.get("value"):
            raise InvalidValue(_WRONG[kind].format(name=name)) from error
        settings["value"] = None
    if settings["value"] is None:
        settings["value"] = _first(kind, settings)
    return {**settings, "type": kind.value, "label": str(settings["label"] or "")[:_LONGEST]}


def parameter(cell: Cell) -> Any:
    """What a query is given for an input: text, a number, a date, or nothing."""
    value = cell.settings.get("value")
    if cell.settings.get("type") == InputType.DATE.value and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def _type(value: JSON) -> InputType:
    try:
        return InputType(str(value))
    except ValueError as error:
        raise InvalidValue(f"An input is one of {', '.join(InputType)}.") from error


def _choices(value: JSON) -> list[JSON]:
    choices = list(value) if isinstance(value, list | tuple) else []
    if len(choices) > MOST_CHOICES or not all(isinstance(choice, str | int | float) for choice in choices):
        raise InvalidValue(f"The choices of an input are texts or numbers, {MOST_CHOICES:,} at most.")
    return list(dict.fromkeys(choices))


def _value(kind: InputType, settings: Mapping[str, JSON]) -> JSON:
    """The value as its type keeps it.

    Raises:
        ValueError: it does not fit.
    """
    value = settings["value"]
    if value is None:
        return None
    if kind is InputType.NUMBER:
        return _number(value)
    if kind is InputType.DATE:
        return date.fromisoformat(str(value)).isoformat()
    if kind is InputType.CHOICE:
        choices = settings["choices"]
        if not settings.get("source") and not (isinstance(choices, list) and value in choices):
            raise ValueError(value)
        return _short(value)
    return str(_short(value))


def _short(value: JSON) -> JSON:
    if not isinstance(value, str | int | float) or len(str(value)) > _LONGEST:
        raise ValueError(value)
    return value


def _number(value: JSON) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    try:
        return int(value) if isinstance(value, str | int) else _finite(value)
    except ValueError:
        return _finite(float(value))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def _first(kind: InputType, settings: Mapping[str, JSON]) -> JSON:
    choices = settings.get("choices")
    if kind is InputType.CHOICE and isinstance(choices, list) and choices and not settings.get("source"):
        first: JSON = choices[0]
        return first
    return "" if kind is InputType.TEXT else None
