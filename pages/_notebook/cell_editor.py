"""An editor for SQL and JSON: in colours, with completion, and everything typed is kept after a moment's pause."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from core.notebook.values import Cell, CellKind
from pages._notebook.state import do, notebooks, refresh

_HTML = '<div class="editor"><pre aria-hidden="true"></pre><textarea rows="1" spellcheck="false" autocomplete="off" '
_HTML += 'autocapitalize="off"></textarea><ul hidden></ul></div>'
_HERE = Path(__file__).with_suffix("")
_editor = st.components.v2.component(
    "throughline_editor",
    html=_HTML,
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
)

Words = Sequence[tuple[str, str]]
"""What can be completed, each with what it is."""


def edit(
    notebook_id: str,
    cell: Cell,
    language: Literal["sql", "json"],
    label: str,
    placeholder: str,
    words: Words = (),
) -> None:
    """The text of a cell, to be edited; it runs when the editor is left or Ctrl+Enter is pressed."""
    key = f"editor-{cell.id}"
    _editor(
        key=key,
        data={"text": cell.text, "language": language, "label": label, "placeholder": placeholder, "words": words},
        height="content",
        on_typed_change=partial(_keep, notebook_id, cell.id, key),
        on_finished_change=partial(_run, notebook_id, cell.id, key),
    )


def _keep(notebook_id: str, cell_id: str, key: str) -> None:
    """Keeps what is typed so far, which may be half a query: it does not run yet."""
    _change(notebook_id, cell_id, st.session_state[key].typed, run=False)


def _run(notebook_id: str, cell_id: str, key: str) -> None:
    _change(notebook_id, cell_id, st.session_state[key].finished, run=True)


def _change(notebook_id: str, cell_id: str, sent: dict[str, object], *, run: bool) -> None:
    text = str(sent["text"])

    def change() -> None:
        cell = notebooks().get(notebook_id).cell(cell_id)
        if cell is not None and cell.text != text:
            notebooks().change_cell(notebook_id, cell_id, text=text, run=run)
        elif cell is not None and run and cell.kind is CellKind.SQL:  # It was kept while it was typed.
            notebooks().run(notebook_id, [cell_id])

    do(notebook_id, cell_id, change)
    refresh(notebook_id)
