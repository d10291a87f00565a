"""A notebook's title and what can be done with the whole of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.errors import ThroughlineError
from core.notebook.values import Notebook
from pages._common.text import plain
from pages._exchange.share import show_share
from pages._notebook.cell_parts import error_or_nothing
from pages._notebook.files import show_export
from pages._notebook.state import HEADING, Look, do, editing, go_to, look, notebooks, problem, refresh


def show_heading(notebook_id: str) -> None:
    """The heading, which from then on is shown anew by itself."""
    st.fragment(_show, key=HEADING)(notebook_id)


def _show(notebook_id: str) -> None:
    try:
        now = look(notebook_id)
    except ThroughlineError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    st.title(plain(now.notebook.title), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _show_run(now)
        key, edits = f"edit-{notebook_id}", editing()
        st.toggle("Edit", edits, key=key, on_change=_toggle, args=(notebook_id, key))
        if edits:
            st.toggle("Reference", True, key="reference", persist_state="session", on_change=st.rerun)
        st.space("stretch")
        share = st.popover("Share", icon=":material/share:", type="tertiary", key="share-notebook", on_change="rerun")
        if share.open:
            with share:
                show_share("notebook", notebook_id, now.notebook.title)
        _show_menu(now.notebook)
    error_or_nothing(problem(notebook_id))


def _show_run(now: Look) -> None:
    notebook_id = now.notebook.id
    if now.moving:
        stop = partial(_do, notebook_id, partial(notebooks().stop, notebook_id))
        st.button("Stop", key="stop-all", icon=":material/stop:", on_click=stop)
    else:
        run = partial(_do, notebook_id, partial(notebooks().run, notebook_id))
        st.button("Run all", key="run-all", icon=":material/play_arrow:", type="primary", on_click=run)


def _show_menu(notebook: Notebook) -> None:
    name = "Rename, copy, export, delete"
    with st.popover(name, icon=":material/more_horiz:", type="tertiary", help=name, key="notebook-menu--icon"):
        with st.form(f"rename-{notebook.id}", border=False):
            key = f"title-{notebook.id}"
            st.text_input("Title", notebook.title, key=key, max_chars=200)
            args = (notebook, key)
            st.form_submit_button("Rename", icon=":material/edit:", width="stretch", on_click=_rename, args=args)
        wide: dict[str, Any] = {"width": "stretch", "args": (notebook,)}
        st.button("Make a copy", key="copy-notebook", icon=":material/content_copy:", on_click=_copy, **wide)
        show_export(notebook)
        st.button("Delete", key="delete-notebook", icon=":material/delete:", on_click=_delete, **wide)


def _rename(notebook: Notebook, key: str) -> None:
    title = st.session_state[key]
    if title != notebook.title:
        do(notebook.id, notebook.id, lambda: notebooks().rename(notebook.id, title))
    st.rerun()


def _copy(notebook: Notebook) -> None:
    def copy() -> None:
        go_to(notebooks().copy(notebook.id).id)

    do(notebook.id, notebook.id, copy)
    st.rerun()


def _delete(notebook: Notebook) -> None:
    def delete() -> None:
        notebooks().remove(notebook.id)
        st.session_state["deleted-notebook"] = notebook
        go_to(None)

    do(notebook.id, notebook.id, delete)
    st.rerun()


def _toggle(notebook_id: str, key: str) -> None:
    go_to(notebook_id, st.session_state[key])
    st.rerun()


def _do(notebook_id: str, deed: partial[None]) -> None:
    do(notebook_id, notebook_id, deed)
    refresh(notebook_id)
