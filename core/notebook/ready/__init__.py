"""The notebooks that come with the app, as SQL files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.notebook.formats.sql import read
from core.notebook.values import NewNotebook

_ORDER = ("usage", "speed", "errors", "citations", "support", "feedback")


@cache
def ready_made() -> tuple[NewNotebook, ...]:
    """Every ready-made notebook, in the order in which they are offered."""
    return tuple(read((Path(__file__).parent / f"{name}.sql").read_text("utf-8")) for name in _ORDER)
