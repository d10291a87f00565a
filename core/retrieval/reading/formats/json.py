"""JSON: records as readable lines under the paths that lead to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.errors import DocumentError
from core.retrieval.reading.formats.archive import broken
from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.outline import Outline, Text

_RECORD = 800  # Characters up to which a value is one block, with all that is in it.
_DEPTH = 6  # Of headings; what is deeper is named by its path.
_DEEPEST = 200
_SHORT = 80  # Characters of a string that is one word of a list, not a text of its own.


def read_json(data: bytes) -> Text:
    """The values of a JSON file: small records whole, larger ones under headings.

    Raises:
        DocumentError: it is damaged, or nested too deep.
        TooLarge: it holds more text than is taken.
    """
    outline = Outline()
    with broken(".json"):
        _add(parse(data), "", 1, outline)
    return outline.finish()


def read_jsonl(data: bytes) -> Text:
    """The lines of a JSON Lines file, each a record.

    Raises:
        DocumentError: a line is damaged, or nested too deep.
        TooLarge: it holds more text than is taken.
    """
    outline = Outline()
    for number, line in enumerate(decode(data).split("\n"), 1):
        if line.strip():
            outline.row("\n".join(_lines(_parsed(line, f"Line {number} of this file"))))
    return outline.finish()


def parse(data: bytes) -> Any:
    """The value in a JSON file.

    Raises:
        DocumentError: it is damaged, or nested too deep.
    """
    return _parsed(decode(data), "This file")


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"))
    except RecursionError as error:
        raise DocumentError(f"{what} is nested too deep to be read. Save it in a flatter form.") from error
    except ValueError as error:
        raise DocumentError(f"{what} is not valid JSON. Mend it, or save it as .txt, and add it again.") from error


def _add(value: Any, name: str, level: int, outline: Outline) -> None:
    """Adds a value: small ones as one block, the parts of larger ones under a heading with its name."""
    records = level == 1 and isinstance(value, list)
    if level > _DEPTH or _flat(value) or (_small(value) and not records):
        outline.row("\n".join(_lines(value, name)))
        return
    name = name or _label(value)
    if name:
        outline.heading(level + 1, name)
    below = level + 1 if name else level
    items = [(str(key), item) for key, item in value.items()] if isinstance(value, dict) else [("", v) for v in value]
    outline.row("\n".join(f"{key}: {_shown(item)}" for key, item in items if key and _flat(item)))
    for key, item in items:
        if not _flat(item) or not key:
            _add(item, key, below, outline)
            outline.close(below + 1)


def _flat(value: Any) -> bool:
    """Whether a value is told in one line: a scalar, or a list of short ones."""
    items = value if isinstance(value, list) else [value]
    return not any(
        isinstance(item, (dict, list)) or (item is not value and isinstance(item, str) and len(item) > _SHORT)
        for item in items
    )


def _label(value: Any) -> str:
    """What a record calls itself."""
    names = (value.get(key) for key in ("title", "name", "id")) if isinstance(value, dict) else ()
    return next((str(name) for name in names if isinstance(name, (str, int)) and name), "")


def _small(value: Any) -> bool:
    size = 0
    for line in _lines(value):
        size += len(line)
        if size > _RECORD:
            return False
    return True


def _lines(value: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """Every scalar of a value on its line, with the path that leads to it; lists of scalars are one line."""
    if depth > _DEEPEST:
        raise DocumentError("This file is nested too deep to be read. Save it in a flatter form.")
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lines(item, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list) and not _flat(value):
        for number, item in enumerate(value, 1):
            yield from _lines(item, f"{path}[{number}]", depth + 1)
    elif text := _shown(value):
        yield f"{path}: {text}" if path else text


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
