"""What can be done with the place of a cell: move it, add another after it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.notebook.charts import chart, written
from core.notebook.picks import suggested
from core.notebook.values import JSON, Cell, CellKind, Notebook
from pages._notebook.state import do, notebooks, refresh

_UP, _DOWN, _DELETE = "Move up", "Move down", "Delete"
_ICONS = {_UP: "arrow_upward", _DOWN: "arrow_downward", _DELETE: "delete"}
KINDS = {
    CellKind.SQL: ("SQL", "table"),
    CellKind.CHART: ("Chart", "bar_chart"),
    CellKind.INPUT: ("Input", "tune"),
    CellKind.MARKDOWN: ("Text", "notes"),
}
"""The name of each kind of cell, and its icon."""


def show_menu(notebook: Notebook, cell: Cell) -> None:
    """The menu of a cell."""
    place, last = notebook.cells.index(cell), len(notebook.cells) - 1
    deeds: list[str | CellKind] = [*KINDS, _DELETE]
    if place < last:
        deeds.insert(0, _DOWN)
    if place:
        deeds.insert(0, _UP)
    key = f"menu-{cell.id}--icon"

    def change() -> None:
        do(notebook.id, cell.id, partial(_change, notebook, cell, place, st.session_state[key]))
        refresh(notebook.id, cell.id)

    st.menu_button(
        "Move, add, delete",
        deeds,
        key=key,
        icon=":material/more_vert:",
        type="tertiary",
        format_func=_label,
        on_click=change,
    )


def show_adding(notebook: Notebook) -> None:
    """One button for each kind of cell that can be added at the end."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Add", width="content")
        for kind, (label, icon) in KINDS.items():
            deed = partial(add, notebook, kind, None)
            st.button(
                label,
                key=f"add-{kind.value}",
                icon=f":material/{icon}:",
                type="tertiary",
                on_click=_do,
                args=(notebook, deed),
            )


def add(notebook: Notebook, kind: CellKind, place: int | None) -> Cell:
    """A new cell; a chart draws the nearest query above it.

    Raises:
        NotFound, InvalidValue, TooLarge: as `Notebooks.add_cell` does.
    """
    text, settings = "", dict[str, JSON]()
    if kind is CellKind.INPUT:
        settings = {"type": "text", "label": "", "value": ""}
    elif kind is CellKind.CHART:
        text, settings = _first_chart(notebook, place)
    return notebooks().add_cell(notebook.id, kind, text=text, settings=settings, place=place)


def _first_chart(notebook: Notebook, place: int | None) -> tuple[str, dict[str, JSON]]:
    above = [cell for cell in notebook.cells[:place] if cell.kind is CellKind.SQL]
    if not above:
        return "", {}
    columns = notebooks().states(notebook.id)[above[-1].id].columns
    picks = suggested(columns)
    text = written(chart(picks.mark, picks.x, picks.y, picks.color, columns)) if picks.x else ""
    return text, {"source": above[-1].name}


def _label(deed: str | CellKind) -> str:
    if isinstance(deed, CellKind):
        name, icon = KINDS[deed]
        return f":material/{icon}: Add {name} below"
    return f":material/{_ICONS[deed]}: {deed}"


def _change(notebook: Notebook, cell: Cell, place: int, deed: str | CellKind) -> None:
    if isinstance(deed, CellKind):
        add(notebook, deed, place + 1)
    elif deed == _DELETE:
        st.session_state["deleted-cell"] = notebook.id, place, cell.new
        notebooks().remove_cell(notebook.id, cell.id)
    else:
        notebooks().move_cell(notebook.id, cell.id, place + (1 if deed == _DOWN else -1))


def offer_undo(notebook: Notebook) -> None:
    """The cell that was deleted last can be put back."""
    kept = st.session_state.get("deleted-cell")
    if not kept or kept[0] != notebook.id:
        return
    _, place, cell = kept

    def put_back() -> None:
        st.session_state["deleted-cell"] = None
        what = {"name": cell.name, "text": cell.text, "settings": cell.settings}
        back = notebooks().add_cell(notebook.id, cell.kind, place=place, **what)
        notebooks().run(notebook.id, [back.id])

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("A cell was deleted.", width="content")
        args = (notebook, put_back)
        st.button("Undo", type="tertiary", icon=":material/undo:", key="undo-cell", on_click=_do, args=args)


def _do(notebook: Notebook, deed: Callable[[], object]) -> None:
    do(notebook.id, notebook.id, deed)
