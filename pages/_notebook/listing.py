"""All notebooks: one's own, and those that come with the app."""

from __future__ import annotations

import streamlit as st

from core.notebook.ready import ready_made
from core.notebook.values import CellKind, NewNotebook, Notebook, NotebookSummary
from pages._common.icons import icon_button
from pages._common.text import plain
from pages._common.times import moment
from pages._notebook.files import show_import
from pages._notebook.state import go_to, notebooks

_ABOUT = 200


def show_list() -> None:
    """The list, with what makes a new one."""
    st.title("Notebooks", anchor=False)
    st.caption("Ask the history in SQL: what is asked, what it costs, how fast and how well it is answered.")
    with st.container(horizontal=True, gap="small"):
        if st.button("New notebook", icon=":material/add:", type="primary"):
            _open(notebooks().create("Untitled notebook"))
        with st.popover("Import", icon=":material/upload:", key="import-notebook"):
            show_import()
    _offer_undo()
    own = notebooks().list()
    with st.container(gap="xsmall"):
        for notebook in own:
            _show_own(notebook)
    st.subheader("Ready-made", anchor=False)
    st.caption("Opening one makes a copy of your own, to look at, change and keep.")
    with st.container(gap="xsmall"):
        for number, ready in enumerate(ready_made()):
            _show_ready(number, ready, own)


def _show_own(notebook: NotebookSummary) -> None:
    cells = "1 cell" if notebook.cells == 1 else f"{notebook.cells:,} cells"
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        with st.container(gap=None):
            if st.button(f"**{plain(notebook.title)}**", key=f"open-{notebook.id}", type="tertiary"):
                go_to(notebook.id)
                st.rerun()
            st.caption(f"{cells} · changed {moment(notebook.updated_at)}")
        if icon_button("Make a copy", "content_copy", f"copy-{notebook.id}"):
            _open(notebooks().copy(notebook.id))
        if icon_button("Delete", "delete", f"delete-{notebook.id}"):
            st.session_state["deleted-notebook"] = notebooks().get(notebook.id)
            notebooks().remove(notebook.id)
            st.rerun()


def _show_ready(number: int, notebook: NewNotebook, own: list[NotebookSummary]) -> None:
    mine = next((one for one in own if one.title == notebook.title), None)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        with st.container(gap=None):
            st.markdown(f"**{plain(notebook.title)}**")
            st.caption(plain(_about(notebook)))
        if mine and st.button("Open yours", key=f"mine-{number}", type="tertiary"):
            go_to(mine.id, edits=False)
            st.rerun()
        label = "New copy" if mine else "Open"
        if st.button(label, key=f"ready-{number}", type="tertiary" if mine else "secondary"):
            made = notebooks().create(notebook.title, notebook.cells)
            notebooks().run(made.id)
            go_to(made.id, edits=False)
            st.rerun()


def _about(notebook: NewNotebook) -> str:
    """What its first text says, without its headings."""
    for cell in notebook.cells:
        if cell.kind is CellKind.MARKDOWN:
            blocks = [block for block in cell.text.split("\n\n") if not block.lstrip().startswith("#")]
            text = " ".join(blocks[0].split()).replace("**", "") if blocks else ""
            return text.split(". ")[0].removesuffix(".")[:_ABOUT] + "." if text else ""
    return ""


def _offer_undo() -> None:
    deleted = st.session_state.get("deleted-notebook")
    if not isinstance(deleted, Notebook):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Deleted “{plain(deleted.title)}”", width="content")
        if st.button("Undo", type="tertiary", icon=":material/undo:", key="undo-notebook"):
            notebooks().create(deleted.title, [cell.new for cell in deleted.cells])
            st.session_state["deleted-notebook"] = None
            st.rerun()


def _open(notebook: Notebook) -> None:
    go_to(notebook.id)
    st.rerun()
