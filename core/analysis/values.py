"""What a database value is in JSON: nothing is lost, and every value of a kind looks alike."""

from __future__ import annotations

import base64
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

_EXACT = 2**53
_DIGITS = 15


def plain(value: object) -> object:
    """A value as JSON carries it.

    Times are RFC 3339 in UTC, intervals seconds, bytes base64. Numbers that JavaScript would round are strings.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    return _other(value)


def _number(value: float | Decimal) -> object:
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else str(value)
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float):
        return value
    return float(value) if len(value.as_tuple().digits) <= _DIGITS else str(value)


def _other(value: object) -> object:
    if isinstance(value, datetime):
        whole = value if value.tzinfo else value.replace(tzinfo=UTC)  # All times of the history are in UTC.
        return whole.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, UUID) else repr(value)
