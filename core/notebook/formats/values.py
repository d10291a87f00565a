"""What formats share: a notebook as it is read from a file, a result as it is written to one, how much is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import TooLarge, Unsupported
from core.notebook.values import JSON, CellKind, NewCell, NewNotebook

SIZE_LIMIT = 32 << 20
"""In bytes: the largest file that is read."""
CODE_LIMIT = 8 << 20
"""In characters: the most code that is read, be it SQL or Python; a page and a Jupyter notebook hold results too."""
VERSION = 1
_MOST_CELLS = 1_000
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Imported(NewNotebook):
    """A notebook from a file; `notes` say in sentences what could not be taken as it stands there."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file shows of a cell's last result: `rows` are its first ones as JSON values, `count` is how many it has.

    `error`: why it failed; `note`: what is to be said of the rows.
    """

    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    count: int = 0
    error: str | None = None
    note: str | None = None
    ran_at: datetime | None = None


def encoded(notebook: NewNotebook) -> dict[str, Any]:
    """A notebook as JSON."""
    cells = [
        {"kind": cell.kind.value, "name": cell.name, "text": cell.text, "settings": dict(cell.settings)}
        for cell in notebook.cells
    ]
    return {"throughline_notebook": VERSION, "title": notebook.title, "cells": cells}


def decoded(value: object) -> Imported:
    """The notebook that `encoded` wrote.

    Raises:
        Unsupported: it is none, or of a newer version.
        TooLarge: it has more cells than are taken.
    """
    if not isinstance(value, dict) or not isinstance(value.get("cells"), list):
        raise Unsupported("There is no notebook in this file.")
    check_version(value.get("throughline_notebook"))
    check_cells(len(value["cells"]))
    cells = tuple(_cell(cell) for cell in value["cells"])
    return Imported(str(value.get("title") or ""), cells)


def check_version(version: object) -> None:
    """Sees that a file of ours is not newer than this version of the app.

    Raises:
        Unsupported: it is.
    """
    if version != VERSION:
        raise Unsupported("A newer version of Throughline wrote this notebook. Update this one to read it.")


def check_cells(count: int) -> None:
    """Sees that a file has no more cells than are read.

    Raises:
        TooLarge: it has.
    """
    if count > _MOST_CELLS:
        raise TooLarge(f"This file has over {_MOST_CELLS:,} cells. Make several of it.")


def check_code(characters: int) -> None:
    """Sees that there is no more code than is read.

    Raises:
        TooLarge: there is.
    """
    if characters > CODE_LIMIT:
        raise TooLarge(f"There is over {CODE_LIMIT >> 20} MB of code in this file. Make several of it.")


def settings_of(value: object) -> Mapping[str, JSON]:
    """A cell's settings as a file has them.

    Raises:
        Unsupported: they are nested too deeply.
    """
    if not isinstance(value, dict):
        return {}
    if _too_deep(value):
        raise Unsupported("The settings of a cell in this file are damaged.")
    return {str(key): part for key, part in value.items()}


def _cell(value: object) -> NewCell:
    try:
        assert isinstance(value, dict)
        return NewCell(CellKind(value["kind"]), str(value["name"]), str(value["text"]), settings_of(value["settings"]))
    except (AssertionError, KeyError, ValueError) as error:
        raise Unsupported("A cell in this file is damaged.") from error


def _too_deep(value: object, depth: int = 0) -> bool:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return depth >= _DEEPEST or any(_too_deep(part, depth + 1) for part in parts)
    return False
