"""Which views a query needs, so that it does not wait for the others to be made; pure."""

from __future__ import annotations

import re

from core.analysis.views import made_of

_WORD = re.compile(r"\w+")
_UNTOLD = frozenset(("describe", "information_schema", "query", "query_table", "show", "stored"))
_BY_TEXT = ("duckdb_", "json_execute", "pg_", "pragma_", "sqlite_")


def needed(sql: str) -> list[str] | None:
    """The names of the views that a query can name, and of what they are made of; None if that cannot be told.

    It looks at words alone, so it names too many rather than too few: a view of which no word speaks can only be meant
    by text that is put together, or by a list of all that there is.
    """
    written = _WORD.findall(sql.lower())
    words = set(written)
    if words & _UNTOLD or written[:1] == ["desc"] or any(word.startswith(_BY_TEXT) for word in words):
        return None
    parts = made_of()
    waiting, found = [name for name in parts if name in words], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(parts.get(name, ()))
    return sorted(found)
