"""What went wrong in the worker, in words for whoever wrote the query."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from core.analysis.results import TooBig

_DUCKDBS = re.compile(r"([A-Z][A-Za-z ]+) Error: ")


class Refused(Exception):
    """A query that is not run."""


class NotThere(Exception):
    """The files of the snapshot cannot be read."""


class Spoilt(Exception):
    """A table that came with the query cannot be read."""


def explained(error: Exception) -> dict[str, Any]:
    """What the server is told of an error: its kind, and a message as a person reads it."""
    kind, message = "query", str(error)
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        kind = "memory"
    elif isinstance(error, TooBig):
        kind = "size"
    elif isinstance(error, NotThere):
        kind = "snapshot"
    elif isinstance(error, Spoilt):
        message = f"The kept result of “{message}” cannot be read. Run that cell again."
    elif isinstance(error, RecursionError):
        message = "This query is nested too deep. Simplify it."
    elif isinstance(error, duckdb.PermissionException):
        message = "A query reaches the tables of the history alone, no files, no addresses and no extensions."
    elif message.startswith("Traceback"):  # From a file of the snapshot: it was to be written, or there is none.
        message = "The tables of the history can be read as they are named, not written."
    elif isinstance(error, OSError) and (found := _DUCKDBS.match(message)):  # By way of Arrow.
        kind = "memory" if found[1] == "Out of Memory" else kind
    elif not isinstance(error, Refused | duckdb.Error | ValueError | TypeError | OverflowError):
        message = "This query has a result that cannot be shown. Simplify it."
    return {"kind": kind, "message": message}
