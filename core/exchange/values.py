"""Fields of foreign JSON, read with patience: what is not as expected counts as not there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from core.models import Usage

Fields = Mapping[str, Any]

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LARGEST = 2**53
_LONGEST_NAME = 200
_UNITS = (1e17, 1e9), (1e14, 1e6), (1e11, 1e3)
"""Seconds, or what is too large for that: nanoseconds, microseconds, milliseconds."""
_REASONS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "incomplete": "length"}


def fields(value: object) -> Fields:
    """An object's fields; none of anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A list's items; none of anything else."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """A string without half characters, which no encoding can carry; empty for anything else."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    return value


def name(value: object) -> str | None:
    """A short string on one line, such as a model's name; None when there is none."""
    return " ".join(text(value).split())[:_LONGEST_NAME] or None


def key(value: object) -> str | None:
    """An id, whether string or number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return text(str(value)) or None if not isinstance(value, int) or abs(value) < _LARGEST else None


def digest(value: object) -> str:
    """What stands for a value that has no id: the same for the same content."""
    whole = json.dumps(value, sort_keys=True, default=str)
    return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def whole(value: object) -> int | None:
    """A count."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST else None


def real(value: object) -> float | None:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
        return None
    return float(value)


def moment(value: object) -> datetime | None:
    """A time: seconds or smaller units since 1970, or ISO 8601; None for what no chat can be from."""
    if isinstance(value, dict):  # As MongoDB writes it.
        value = value.get("$date")
    try:
        found = _moment(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and _EARLIEST <= found <= datetime.now(UTC) + timedelta(minutes=1) else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            found = datetime.fromisoformat(str(value).strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    scale = next((scale for least, scale in _UNITS if value >= least), 1)
    return datetime.fromtimestamp(value / scale, UTC)


def reason(value: object) -> str | None:
    """Why a model stopped, in the words of OpenAI's wire."""
    found = name(value)
    return _REASONS.get(found, found) if found else None


def usage(value: object) -> Usage:
    """Token counts and cost as any of the servers says them."""
    said = fields(value)
    prompt, answer = fields(said.get("prompt_tokens_details")), fields(said.get("completion_tokens_details"))

    def first(*names: str) -> int | None:
        return next((count for at in names if (count := whole(said.get(at))) is not None), None)

    return Usage(
        first("prompt_tokens", "input_tokens", "prompt_eval_count"),
        first("completion_tokens", "output_tokens", "eval_count"),
        whole(answer.get("reasoning_tokens")),
        whole(prompt.get("cached_tokens")),
        real(said.get("cost")),
    )


def thumb(value: object) -> int | None:
    """A rating in any of the usual forms."""
    if isinstance(value, str):
        word = value.lower().replace("_", "").replace("-", "")
        return {"thumbsup": 1, "upvote": 1, "1": 1, "thumbsdown": -1, "downvote": -1, "flag": -1, "-1": -1}.get(word)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return 1 if value == 1 else -1 if value == -1 else None
