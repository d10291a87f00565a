"""How long the other side asks to wait."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any


def asked_wait(error: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that headers or an error body ask for."""
    inner = _headers_in(error)
    outer = {name.lower(): value for name, value in headers.items()}
    availability = error.get("availability")
    named = availability.get("retry_after") if isinstance(availability, Mapping) else None
    waits = (
        *(_seconds(value) for value in (outer.get("retry-after"), named, inner.get("retry-after"))),
        *(_until(value) for value in (outer.get("x-ratelimit-reset"), inner.get("x-ratelimit-reset"))),
    )
    return next((wait for wait in waits if wait is not None), None)


def _headers_in(error: Mapping[str, Any]) -> dict[str, Any]:
    metadata = error.get("metadata")
    headers = metadata.get("headers") if isinstance(metadata, Mapping) else None
    return {str(name).lower(): value for name, value in headers.items()} if isinstance(headers, Mapping) else {}


def _seconds(value: object) -> float | None:
    """A wait given in seconds or, as HTTP allows, as a date."""
    number = _number(value)
    if number is not None:
        return max(0.0, number)
    try:
        date = parsedate_to_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if date is None:
        return None
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - time.time())


def _until(value: object) -> float | None:
    """A wait given as the moment it ends: milliseconds, or seconds, since 1970."""
    number = _number(value)
    if number is None or number < 1e9:
        return None
    return max(0.0, (number / 1000 if number > 1e11 else number) - time.time())


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else float("nan")
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None
