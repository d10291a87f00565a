"""Notebooks as files: taken out in four formats, and brought in again."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import ThroughlineError
from core.notebook.formats import FORMATS, export, import_
from core.notebook.formats.results import results_of
from core.notebook.values import Notebook
from pages._common.downloads import lasting
from pages._common.text import plain
from pages._notebook.state import go_to, notebooks


def show_export(notebook: Notebook) -> None:
    """The choice of a format, and the download."""
    format = st.selectbox("Export as", FORMATS, key=f"export-{notebook.id}", format_func=lambda one: one.label)
    file_name = f"{_file_name(notebook.title)}{format.suffix}"
    st.download_button(
        "Download",
        data=lasting(_file(notebook, format.name), format.media_type, file_name),
        file_name=file_name,
        mime=format.media_type,
        key=f"download-{notebook.id}",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )


def show_import() -> None:
    """A file of any of the formats becomes a notebook of one's own."""
    batch = st.session_state.setdefault("notebook-imports", 0)  # Another key empties what was filled in.
    file = st.file_uploader("A .sql, .html, .ipynb or .py file", key=f"notebook-file-{batch}")
    if file is None:
        return
    try:
        read = import_(file.name, file.getvalue())
        made = notebooks().create(read.title or file.name, read.cells)
    except ThroughlineError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    for note in read.notes:
        st.toast(plain(note), icon=":material/info:")
    st.session_state["notebook-imports"] = batch + 1
    go_to(made.id)
    st.rerun()


def _file(notebook: Notebook, format: str) -> Callable[[], bytes]:
    """Makes the file when it is asked for, of the notebook as it is then."""
    service = notebooks()

    def make() -> bytes:
        now = service.get(notebook.id)
        return export(now, format, results_of(service, now))

    return make


def _file_name(title: str) -> str:
    return " ".join("".join(char if char.isalnum() else " " for char in title).split())[:80] or "notebook"
