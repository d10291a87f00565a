"""One cell of a notebook: what it says or shows, how far it has come, and what can be done with it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.analysis.sandbox import Result
from core.errors import ThroughlineError
from core.notebook.values import Cell, CellKind, CellState, CellStatus
from pages._common.icons import icon_button
from pages._common.text import escaped, plain
from pages._notebook.cell_chart import show_chart, show_picks, show_specification
from pages._notebook.cell_input import show_input, show_input_settings
from pages._notebook.cell_menu import show_menu
from pages._notebook.cell_parts import caption_or_nothing, error_or_nothing, nothing
from pages._notebook.cell_table import Sort, Table, show_facts, show_table
from pages._notebook.cell_text import show_markdown, show_name, show_pencil, show_sql, untitled
from pages._notebook.state import Look, cell_key, do, editing, look, notebooks, problem, refresh, showing

_SAID = {
    CellStatus.STALE: ":material/history: out of date",
    CellStatus.QUEUED: ":material/hourglass_top: waits its turn",
    CellStatus.RUNNING: ":material/progress_activity: running…",
}


def show_cell(notebook_id: str, cell: Cell) -> None:
    """The cell, which from then on is shown anew by itself."""
    st.fragment(_show, key=cell_key(cell.id))(notebook_id, cell.id)


def _show(notebook_id: str, cell_id: str) -> None:
    try:
        now = look(notebook_id)
        cell = now.notebook.cell(cell_id)
        if cell is None:
            return
        showing(cell, now)
        with st.container(key=f"{cell.kind.value}-cell-{cell.id}", gap="xsmall"):
            _BODIES[cell.kind](now, cell)
            error_or_nothing(problem(cell.id))
    except ThroughlineError as error:
        st.error(plain(error.message), icon=":material/error:")


def _markdown(now: Look, cell: Cell) -> None:
    if not editing():
        st.markdown(escaped(untitled(now.notebook, cell)))
        return
    with st.container(horizontal=True, wrap=False, gap="small"):
        with st.container():
            show_markdown(now.notebook, cell)
        show_pencil(now.notebook.id, cell)
        show_menu(now.notebook, cell)


def _input(now: Look, cell: Cell) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="bottom", gap=None):
        with st.container():
            show_input(now, cell)
        if editing():
            with st.popover("Settings", icon=":material/tune:", type="tertiary", key=f"settings-{cell.id}--icon"):
                show_name(now.notebook.id, cell, "Queries read this input by this name, with a $ before it.")
                show_input_settings(now, cell)
            show_menu(now.notebook, cell)


def _sql(now: Look, cell: Cell) -> None:
    state, edits = now.state(cell), editing()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if edits:
            show_name(now.notebook.id, cell, "Other cells read this result by this name, as a table.")
        else:
            st.caption(plain(cell.name), width="content")
        _show_state(now.notebook.id, cell, state)
        if edits:
            st.space("stretch")
            show_menu(now.notebook, cell)
    if edits:
        show_sql(cell, now)
    show_outcome(cell, state, table_of(now.notebook.id), now.notebook.id)


def _chart(now: Look, cell: Cell) -> None:
    state, edits = now.state(cell), editing()
    if edits:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", wrap=False):
            with st.container():
                show_picks(now.notebook.id, cell, now)
            show_menu(now.notebook, cell)
    error_or_nothing(None if state.status.moving else state.error)
    show_chart(cell, state, table_of(now.notebook.id))
    if edits:
        with st.expander("Specification", icon=":material/data_object:", key=f"specification-{cell.id}"):
            show_specification(now.notebook.id, cell)


_BODIES = {CellKind.MARKDOWN: _markdown, CellKind.INPUT: _input, CellKind.SQL: _sql, CellKind.CHART: _chart}


def show_outcome(cell: Cell, state: CellState, table: Table, notebook_id: str | None) -> None:
    """A query's error, or its rows; with the notebook's id also what its owner may do with them."""
    error_or_nothing(None if state.status.moving else state.error)
    if not state.has_table:
        nothing(4)  # Rows, pages, note, facts.
        return
    show_table(cell, state, table)
    caption_or_nothing(plain(state.note) if state.note else None)
    show_facts(cell, state, notebook_id)


def table_of(notebook_id: str) -> Table:
    """The rows of the cells of a notebook."""
    service = notebooks()

    def table(cell_id: str, offset: int, limit: int, sort: Sort) -> Result:
        return service.table(notebook_id, cell_id, offset, limit, sort)

    return table


def _show_state(notebook_id: str, cell: Cell, state: CellState) -> None:
    if state.status.moving:
        name, icon, deed = "Stop", "stop", partial(notebooks().stop, notebook_id, [cell.id])
    else:
        name, icon, deed = "Run", "play_arrow", partial(notebooks().run, notebook_id, [cell.id])
    icon_button(name, icon, f"{name.lower()}-{cell.id}", on_click=_do, args=(notebook_id, cell.id, deed))
    caption_or_nothing(_SAID.get(state.status))


def _do(notebook_id: str, cell_id: str, deed: partial[None]) -> None:
    do(notebook_id, cell_id, deed)
    refresh(notebook_id, cell_id)
