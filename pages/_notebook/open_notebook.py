"""One notebook: its heading, its cells, the reference beside them, and the watch that keeps them up to date."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from core.notebook.values import Cell, CellKind
from pages._notebook.cell import show_cell
from pages._notebook.cell_menu import offer_undo, show_adding
from pages._notebook.heading import show_heading
from pages._notebook.reference import show_reference
from pages._notebook.state import editing, go_to, look, showing_frame
from pages._notebook.style import STYLE
from pages._notebook.watch import watch

_INPUT = 280


def show_notebook(notebook_id: str) -> None:
    """The whole of it.

    Raises:
        NotFound: there is none.
    """
    now = look(notebook_id)
    st.html(STYLE)
    showing_frame(now)
    # A callback is called even when the page is shown anew in parts just then; what stands after a click may be lost.
    st.button(
        "All notebooks",
        key="all-notebooks",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=go_to,
        args=(None,),
    )
    show_heading(notebook_id)
    edits = editing()
    with_reference = edits and st.session_state.get("reference", True)
    body, beside = st.columns([7, 3], gap="medium") if with_reference else (st.container(), None)
    with body, st.container(key="cells", gap="medium"):
        for inputs, group in groupby(now.notebook.cells, lambda cell: cell.kind is CellKind.INPUT):
            _show_group(notebook_id, list(group), inputs)
        if not now.notebook.cells:
            st.info("This notebook is empty. Add a query to begin with.", icon=":material/table:")
        if edits:
            offer_undo(now.notebook)
            show_adding(now.notebook)
    if beside is not None:
        with beside, st.container(key="reference-beside"):
            show_reference()
    watch(notebook_id)


def _show_group(notebook_id: str, cells: Sequence[Cell], inputs: bool) -> None:
    """Cells that follow each other: inputs side by side, others one below the other."""
    if not inputs:
        for cell in cells:
            show_cell(notebook_id, cell)
        return
    with st.container(horizontal=True, gap="small"):
        for cell in cells:
            with st.container(width=_INPUT):
                show_cell(notebook_id, cell)
