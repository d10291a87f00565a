"""What one visitor sees of a notebook: which one, what of it is on the page by now, and what has changed since."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import ThroughlineError
from core.notebook.notebooks import Notebooks
from core.notebook.values import Cell, CellKind, CellState, Notebook
from pages._common import session

WATCH, HEADING = "notebook-watch", "notebook-heading"
"""The keys of the fragments that say whether something runs."""
_IDLE = CellState()
_ECHO = 3.0
_READ = {"edit": "no"}


@dataclass(frozen=True, slots=True)
class Look:
    """A notebook as it was at one revision, with the states of its cells."""

    revision: int
    notebook: Notebook
    states: dict[str, CellState]

    def state(self, cell: Cell) -> CellState:
        """How far a cell has come."""
        return self.states.get(cell.id, _IDLE)

    @property
    def moving(self) -> bool:
        """Whether anything is about to change by itself."""
        return any(state.status.moving for state in self.states.values())

    @property
    def tables(self) -> dict[str, Cell]:
        """The cells that a chart can draw, by their names."""
        return {cell.name: cell for cell in self.notebook.cells if cell.kind is CellKind.SQL}

    def face(self, cell: Cell) -> object:
        """All that a cell shows: it is shown anew when this is another."""
        sources = tuple(self.tables) if cell.kind in (CellKind.CHART, CellKind.INPUT) else ()
        return cell, self.state(cell), sources

    def frame(self) -> object:
        """What the page around the cells shows."""
        return self.notebook.title, tuple((cell.id, cell.kind) for cell in self.notebook.cells)


def notebooks() -> Notebooks:
    """The notebooks of the open service."""
    return session.service().notebooks


def notebook_id() -> str | None:
    """The notebook that the address names."""
    return st.query_params.get("notebook")


def go_to(notebook: str | None, edits: bool | None = None) -> None:
    """Changes the address, for this run and the next.

    `edits`: whether a notebook shows what its cells are made of, or only what they say; None as it did before.
    """
    if notebook is None:
        st.query_params.clear()
        return
    kept = f"edits-{notebook}"
    st.session_state[kept] = st.session_state.get(kept, True) if edits is None else edits
    st.query_params.from_dict({"notebook": notebook, **({} if st.session_state[kept] else _READ)})


def editing() -> bool:
    """Whether the address has the notebook show what its cells are made of."""
    return st.query_params.get("edit") != _READ["edit"]


def look(notebook: str) -> Look:
    """The notebook as it is now; read once for all cells of a run.

    Raises:
        NotFound: there is none.
    """
    kept = st.session_state.get("notebook-look")
    revision = notebooks().revision(notebook)  # First: what changes meanwhile is looked at again.
    if isinstance(kept, Look) and kept.notebook.id == notebook and kept.revision == revision:
        return kept
    found = Look(revision, notebooks().get(notebook), notebooks().states(notebook))
    st.session_state["notebook-look"] = found
    return found


def showing(cell: Cell, now: Look) -> None:
    """Remembers what of a cell is on the page from now on."""
    _shown()[cell.id] = now.face(cell)


def showing_frame(now: Look) -> None:
    """Remembers what is around the cells."""
    st.session_state["notebook-frame"] = now.notebook.id, now.frame()


def refresh(notebook: str, *cells: str) -> None:
    """From a widget's callback: runs only what has changed on the page, and `cells`; else nothing but the watch."""
    if not alone():
        return
    now = look(notebook)
    if st.session_state.get("notebook-frame") != (notebook, now.frame()):
        st.rerun()
    shown = _shown()
    changed = [cell.id for cell in now.notebook.cells if shown.get(cell.id) != now.face(cell) or cell.id in cells]
    with suppress(StreamlitAPIException):  # A part that is not on the page: then all of it is shown anew.
        st.rerun([*(cell_key(cell) for cell in changed), HEADING, WATCH])


def alone() -> bool:
    """From a widget's callback: whether nothing else was clicked at the same time.

    What else was clicked is in a part of the page that would not run, and the click would be lost.
    """
    context = get_script_run_ctx()
    return context is not None and len(context.fragment_ids_this_run or ()) == 1


def cell_key(cell_id: str) -> str:
    """The name of the fragment that shows a cell."""
    return f"cell-{cell_id}"


def do(notebook: str, cell_id: str, deed: Callable[[], object]) -> bool:
    """Does what a widget of a cell asks for; why it was not done is said at the cell."""
    try:
        deed()
    except ThroughlineError as error:
        st.session_state[f"problem-{cell_id}"] = error.message
        return False
    st.session_state.pop(f"problem-{cell_id}", None)
    return True


def problem(cell_id: str) -> str | None:
    """Why the last thing that was asked of a cell was not done."""
    return cast("str | None", st.session_state.get(f"problem-{cell_id}"))


def synced(key: str, stored: object) -> None:
    """Has the widget `key` show what is stored, unless it was typed here and could not be stored."""
    if key in st.session_state and st.session_state.get(f"{key}-stored", ...) == stored:
        return
    if key in st.session_state and st.session_state[key] != stored:
        st.session_state[f"{key}-before"] = st.session_state[key], time.monotonic()
    st.session_state[key] = st.session_state[f"{key}-stored"] = stored


def chosen(key: str) -> bool:
    """From a widget's callback: whether a person chose what it holds.

    A browser that has not heard yet of what another tab stored sends what it held before, as if it were chosen.
    """
    before = st.session_state.get(f"{key}-before")
    if before is None or before[0] != st.session_state[key] or time.monotonic() - before[1] > _ECHO:
        return True
    st.session_state[key] = st.session_state[f"{key}-stored"]
    return False


def _shown() -> dict[str, object]:
    return cast("dict[str, object]", st.session_state.setdefault("notebook-shown", {}))
