"""Cells that are written: Markdown, and SQL."""

from __future__ import annotations

import streamlit as st

from core.notebook.values import Cell, Notebook
from pages._common.icons import icon_button
from pages._common.text import escaped
from pages._notebook.cell_editor import edit
from pages._notebook.cell_words import words
from pages._notebook.state import Look, chosen, do, notebooks, refresh, synced

_LONGEST_NAME = 60


def show_markdown(notebook: Notebook, cell: Cell) -> None:
    """The text as it reads, or its editor."""
    notebook_id = notebook.id
    if not _editing(cell):
        st.markdown(escaped(untitled(notebook, cell)))
        return
    key = f"text-{cell.id}"
    synced(key, cell.text)
    st.text_area(
        "Text",
        key=key,
        height="content",
        on_change=_save,
        args=(notebook_id, cell.id, key),
        label_visibility="collapsed",
        placeholder="What this is about, in Markdown",
    )
    st.button("Done", key=f"done-{cell.id}", on_click=_set_editing, args=(notebook_id, cell.id, False))


def untitled(notebook: Notebook, cell: Cell) -> str:
    """A cell's Markdown, without the title of the notebook, which stands above it already."""
    return cell.text.removeprefix(f"# {notebook.title}\n") if cell == notebook.cells[0] else cell.text


def show_pencil(notebook_id: str, cell: Cell) -> None:
    """The way into the editor of a Markdown cell."""
    if not _editing(cell):
        icon_button("Edit", "edit", f"edit-{cell.id}", on_click=_set_editing, args=(notebook_id, cell.id, True))


def show_sql(cell: Cell, now: Look) -> None:
    """The query's editor."""
    edit(now.notebook.id, cell, "sql", f"Query {cell.name}", "from turns limit 10", words(cell, now))


def show_name(notebook_id: str, cell: Cell, help: str) -> None:
    """The name by which other cells read this one."""
    key = f"name-{cell.id}"
    synced(key, cell.name)

    def rename() -> None:
        if not chosen(key):
            return
        name = st.session_state[key].strip().removeprefix("$")
        if do(notebook_id, cell.id, lambda: notebooks().change_cell(notebook_id, cell.id, name=name)):
            st.session_state.pop(f"{key}-stored", None)
        refresh(notebook_id, cell.id)

    st.text_input(
        "Name",
        key=key,
        on_change=rename,
        label_visibility="collapsed",
        max_chars=_LONGEST_NAME,
        width=190,
        placeholder="name",
        help=help,
    )


def _save(notebook_id: str, cell_id: str, key: str) -> None:
    text = st.session_state[key]
    if chosen(key) and do(notebook_id, cell_id, lambda: notebooks().change_cell(notebook_id, cell_id, text=text)):
        st.session_state[f"{key}-stored"] = text
    refresh(notebook_id, cell_id)


def _editing(cell: Cell) -> bool:
    return not cell.text.strip() or bool(st.session_state.get(f"editing-{cell.id}"))


def _set_editing(notebook_id: str, cell_id: str, editing: bool) -> None:
    st.session_state[f"editing-{cell_id}"] = editing
    refresh(notebook_id, cell_id)
