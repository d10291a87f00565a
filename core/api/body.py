"""What callers send, read strictly: broken bodies are 400, wrong values 422, unknown fields ignored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from core.errors import InvalidRequest, InvalidValue, TooLarge, Unsupported

LONGEST_JSON = 1_000_000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a JSON object; an absent field and `null` are the same."""

    values: Mapping[str, object]

    def text(self, name: str, longest: int | None = None) -> str | None:
        """A string; with `longest` one that is neither empty nor longer."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise InvalidValue(f"“{name}” must be a string.")
        if longest is not None and not 0 < len(value) <= longest:
            raise InvalidValue(f"“{name}” must have 1 to {longest} characters.")
        return _well_formed(value)

    def needed(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if value is None:
            raise InvalidValue(f"“{name}” is missing.")
        return value

    def name(self, name: str) -> str | None:
        """A short string, such as an id or a model."""
        return self.text(name, _LONGEST_NAME)

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise InvalidValue(f"“{name}” must be true or false.")
        return value

    def whole(self, name: str, allowed: Iterable[int]) -> int:
        """One of a few whole numbers, which must be there."""
        value = self.values.get(name)
        if type(value) is not int or value not in allowed:
            raise InvalidValue(f"“{name}” must be {' or '.join(map(str, allowed))}.")
        return value

    def names(self, name: str) -> tuple[str, ...] | None:
        """A list of short strings."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise InvalidValue(f"“{name}” must be a list of strings.")
        return tuple(_well_formed(part) for part in value)


async def read_fields(request: Request) -> Fields:
    """The JSON object of a request; a request without a body has an empty one.

    Raises:
        InvalidRequest: it is not JSON, or no object.
        TooLarge: it is over the limit.
        Unsupported: the request says that it is something else.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_JSON:
            raise TooLarge(f"The body is over {LONGEST_JSON:,} bytes. Add long texts as documents.")
    if not body:
        return Fields({})
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Unsupported("The body must be JSON, sent with Content-Type: application/json.")
    try:
        values = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body cannot be read as JSON in UTF-8.") from error
    if not isinstance(values, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return Fields(values)


def whole_parameter(request: Request, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most` in the query.

    Raises:
        InvalidValue: it is none.
    """
    value = request.query_params.get(name)
    if value is None:
        return default
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    if not 0 < number <= most:
        raise InvalidValue(f"“{name}” must be a whole number from 1 to {most}.")
    return number


def _well_formed(text: str) -> str:
    # JSON can name half a surrogate pair, which no encoding can carry.
    return text.encode("utf-8", "replace").decode()
