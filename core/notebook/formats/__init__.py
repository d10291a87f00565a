"""Notebooks as files: SQL, HTML with results, Jupyter, marimo; each of them is read again.

notebook → export(notebook, "html", results_of(notebooks, notebook)) → bytes
bytes → import_("errors.sql", data) → Imported, a new notebook and what is to be said of it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from core.errors import InvalidValue, TooLarge, Unsupported
from core.notebook.formats import html, jupyter, jupyter_reading, marimo, marimo_reading, sql
from core.notebook.formats.values import SIZE_LIMIT, Imported, Shown
from core.notebook.names import check
from core.notebook.values import NewCell, NewNotebook, Notebook

__all__ = ["FORMATS", "SIZE_LIMIT", "Format", "Imported", "Shown", "export", "import_"]

_Results = Mapping[str, Shown]
_LONGEST_TITLE = 200
_MOST_NAMES = 10
_TAKEN = "A notebook is a .sql, .ipynb or .py file, or an .html page that Throughline exported."


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: what a person calls it, how its name ends, and its media type."""

    name: str
    label: str
    suffix: str
    media_type: str


FORMATS = (
    Format("sql", "SQL", ".sql", "application/sql; charset=utf-8"),
    Format("html", "HTML with results", ".html", "text/html; charset=utf-8"),
    Format("jupyter", "Jupyter", ".ipynb", "application/x-ipynb+json"),
    Format("marimo", "marimo", ".py", "text/x-python; charset=utf-8"),
)
_WRITERS: dict[str, Callable[[Notebook, _Results], str]] = {
    "sql": lambda notebook, _: sql.write(NewNotebook(notebook.title, tuple(cell.new for cell in notebook.cells))),
    "html": html.write,
    "jupyter": jupyter.write,
    "marimo": lambda notebook, _: marimo.write(notebook),
}
_READERS = {
    ".sql": sql.read,
    ".html": html.read,
    ".htm": html.read,
    ".ipynb": jupyter_reading.read,
    ".py": marimo_reading.read,
}


def export(notebook: Notebook, format_: str, results: _Results | None = None) -> bytes:
    """A notebook as a file of one of `FORMATS`, with the results of its cells, by their ids, where it shows any.

    Raises:
        InvalidValue: there is no such format.
    """
    if format_ not in _WRITERS:
        raise InvalidValue(f"“format” must be one of {', '.join(_WRITERS)}.")
    return _WRITERS[format_](notebook, results or {}).encode("utf-8", "replace")


def import_(filename: str, data: bytes) -> Imported:
    """The notebook in a file; its title is the file's name if it says no other.

    Raises:
        Unsupported: it is of no known kind, damaged, or no notebook.
        TooLarge: it is over `SIZE_LIMIT`, or has more code or more cells than is taken.
    """
    if len(data) > SIZE_LIMIT:
        raise TooLarge(f"This file is over {SIZE_LIMIT >> 20} MB. A notebook is smaller than that.")
    name = PurePath(filename)
    reader = _READERS.get(name.suffix.lower())
    if reader is None:
        raise Unsupported(_TAKEN)
    try:
        found = reader(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unsupported("This file is no text in UTF-8. Save it as UTF-8 first.") from error
    if not found.cells:
        raise Unsupported(f"There are no cells in this file. {_TAKEN}")
    cells, renamed = _named(found.cells)
    title = (found.title.strip() or name.stem)[:_LONGEST_TITLE]
    return Imported(title, cells, (*found.notes, *renamed))


def _named(cells: Iterable[NewCell]) -> tuple[tuple[NewCell, ...], tuple[str, ...]]:
    """The cells without the names that they cannot have here, and what is to be said of that."""
    kept, lost, taken = list[NewCell](), list[str](), list[str]()
    for cell in cells:
        if cell.name and not _fits(cell.name, taken):
            lost.append(cell.name)
            cell = replace(cell, name="")
        kept.append(cell)
        taken.append(cell.name)
    names = ", ".join(f"“{name[:40]}”" for name in dict.fromkeys(lost[:_MOST_NAMES]))
    said = f"These names cannot be used here, or twice, so their cells have others: {names}."
    return tuple(kept), (said,) if lost else ()


def _fits(name: str, taken: Iterable[str]) -> bool:
    try:
        check(name, taken)
    except InvalidValue:
        return False
    return True
