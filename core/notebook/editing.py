"""Edits of a notebook, from one value to the next: what is not given stays, and what cannot be is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.errors import InvalidValue, NotFound, TooLarge
from core.ids import new_id
from core.notebook.inputs import settled
from core.notebook.names import named
from core.notebook.values import JSON, Cell, CellKind, NewCell, Notebook

_MOST_CELLS = 200
_LONGEST = 100_000
_LONGEST_TITLE = 200


def titled(title: str) -> str:
    """A title as it is kept.

    Raises:
        InvalidValue: it is empty.
    """
    kept = " ".join(_clean(title).split())[:_LONGEST_TITLE]
    if not kept:
        raise InvalidValue("Give the notebook a title.")
    return kept


def made(title: str, cells: Sequence[NewCell], now: datetime) -> Notebook:
    """A new notebook.

    Raises:
        InvalidValue, TooLarge: as `added` does.
    """
    notebook = Notebook(new_id(), titled(title), (), now, now)
    given = [cell.name for cell in cells]
    for cell in cells:
        taken = _names(notebook) if cell.name else _names(notebook) + given  # A name that is made up is nobody's.
        notebook = placed(notebook, _cell(cell, taken), None)
    return notebook


def added(notebook: Notebook, cell: NewCell, cell_id: str, place: int | None) -> Notebook:
    """The notebook with another cell at `place`, None the end.

    Raises:
        InvalidValue: its name or a setting cannot be.
        TooLarge: there are more cells, or more in it, than are taken.
    """
    return placed(notebook, replace(_cell(cell, _names(notebook)), id=cell_id), place)


def placed(notebook: Notebook, cell: Cell, place: int | None) -> Notebook:
    """The notebook with that very cell at `place`.

    Raises:
        TooLarge: there are more cells than are taken.
    """
    if len(notebook.cells) >= _MOST_CELLS:
        raise TooLarge(f"A notebook has {_MOST_CELLS} cells at most. Begin another one.")
    cells = list(notebook.cells)
    cells.insert(len(cells) if place is None else max(0, place), cell)
    return replace(notebook, cells=tuple(cells))


def changed(
    notebook: Notebook, cell_id: str, name: str | None, text: str | None, settings: Mapping[str, JSON] | None
) -> Notebook:
    """The notebook with what is given changed in one of its cells; what is picked by its name follows a new one.

    Raises:
        NotFound: there is no such cell.
        InvalidValue, TooLarge: as `added` does.
    """
    old = found(notebook, cell_id)
    new = NewCell(old.kind, old.name if name is None else name, old.text if text is None else text, settings or {})
    others = [cell for cell in notebook.cells if cell.id != cell_id]
    cell = replace(_cell(new, [other.name for other in others], old.settings), id=cell_id)
    cells = (cell if each.id == cell_id else _following(each, old, cell) for each in notebook.cells)
    return replace(notebook, cells=tuple(cells))


def _following(cell: Cell, old: Cell, new: Cell) -> Cell:
    """A cell that draws or offers the rows of another one under the name that this has now."""
    drawn = str(cell.settings.get("source") or "").lower()
    if old.kind is not CellKind.SQL or old.name == new.name or drawn != old.name.lower():
        return cell
    return replace(cell, settings={**cell.settings, "source": new.name})


def moved(notebook: Notebook, cell_id: str, place: int) -> Notebook:
    """The notebook with a cell at another place.

    Raises:
        NotFound: there is no such cell.
    """
    cell = found(notebook, cell_id)
    return placed(without(notebook, cell_id), cell, place)


def without(notebook: Notebook, cell_id: str) -> Notebook:
    """The notebook without a cell."""
    return replace(notebook, cells=tuple(cell for cell in notebook.cells if cell.id != cell_id))


def found(notebook: Notebook, cell_id: str) -> Cell:
    """A cell of a notebook.

    Raises:
        NotFound: there is no such cell.
    """
    cell = notebook.cell(cell_id)
    if cell is None:
        raise NotFound("cell", cell_id)
    return cell


def _cell(new: NewCell, taken: Iterable[str], before: Mapping[str, JSON] | None = None) -> Cell:
    name, text = named(new, [name for name in taken if name]), _clean(new.text)
    if len(text) > _LONGEST:
        raise TooLarge(f"A cell has {_LONGEST:,} characters at most. Make two of it.")
    settings = {**(before or {}), **new.settings}
    if new.kind is CellKind.INPUT:
        settings = settled(name, before or {}, new.settings)
    return Cell(new_id(), new.kind, name, text, _plain(settings))


def _plain(settings: Mapping[str, JSON]) -> dict[str, JSON]:
    """Settings as they come back from where they are kept."""
    try:
        written = json.dumps(settings, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidValue("The settings of a cell are values of JSON.") from error
    if len(written) > _LONGEST:
        raise TooLarge("The settings of this cell are too long. Shorten them.")
    plain: dict[str, JSON] = json.loads(_clean(written))
    return plain


def _names(notebook: Notebook) -> list[str]:
    return [cell.name for cell in notebook.cells]


def _clean(text: str) -> str:
    """Text that can be kept: half a character of two cannot."""
    return text.encode("utf-8", "replace").decode()
