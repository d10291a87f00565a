"""A notebook for who may only read it: its cells and their last results, and nothing that runs or changes them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.notebook.values import Cell, CellKind, CellState, Notebook
from pages._common.text import escaped, plain
from pages._notebook.cell import show_outcome
from pages._notebook.cell_chart import show_chart
from pages._notebook.cell_table import Table
from pages._notebook.cell_text import untitled
from pages._notebook.style import STYLE

_IDLE = CellState()


def show_notebook_view(notebook: Notebook, states: Mapping[str, CellState], table: Table) -> None:
    """The cells in their order; `table` gives rows of their last results."""
    st.html(STYLE)
    with st.container(gap="medium"):
        for cell in notebook.cells:
            with st.container(key=f"{cell.kind.value}-cell-{cell.id}", gap="xsmall"):
                _show(notebook, cell, states.get(cell.id, _IDLE), table)


def _show(notebook: Notebook, cell: Cell, state: CellState, table: Table) -> None:
    if cell.kind is CellKind.MARKDOWN:
        st.markdown(escaped(untitled(notebook, cell)))
    elif cell.kind is CellKind.INPUT:
        value = cell.settings.get("value")
        shown = "–" if value in (None, "") else f"**{plain(str(value))}**"
        st.markdown(f"{plain(str(cell.settings.get('label') or cell.name))}: {shown}")
    elif cell.kind is CellKind.CHART:
        show_chart(cell, state, table)
    else:
        with st.expander(plain(cell.name or "Query"), icon=":material/code:"):
            st.code(cell.text, language="sql", wrap_lines=True)
        show_outcome(cell, state, table, None)
