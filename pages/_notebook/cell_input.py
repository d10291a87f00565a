"""An input cell: the widget that it is, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

import streamlit as st

from core.notebook.values import JSON, Cell, InputType
from pages._common.text import plain
from pages._notebook.cell_parts import error_or_nothing
from pages._notebook.state import Look, chosen, do, notebooks, refresh, synced

_NAMES = {"text": "Text", "number": "Number", "date": "Date", "choice": "Choice"}


def show_input(now: Look, cell: Cell) -> None:
    """The widget; what depends on it runs when it changes."""
    notebook_id, key = now.notebook.id, f"input-{cell.id}"
    label = f"{plain(str(cell.settings.get('label') or ''))} :gray[\\${plain(cell.name)}]"
    stored, change = _value(cell), partial(_change, notebook_id, cell.id, key)
    kind = cell.settings.get("type")
    if kind == InputType.CHOICE:
        _show_choice(now, cell, label, key, change)
    elif kind == InputType.DATE:
        synced(key, stored)
        st.date_input(label, key=key, on_change=change, format="YYYY-MM-DD", max_value=date(2999, 12, 31))
    elif kind == InputType.NUMBER:
        synced(key, stored)
        st.number_input(label, key=key, on_change=change, value=None)
    else:
        synced(key, stored)
        st.text_input(label, key=key, on_change=change)


def _show_choice(now: Look, cell: Cell, label: str, key: str, change: Callable[[], None]) -> None:
    """One of the choices that are written, or that a query gives; of those also none."""
    value, source = cell.settings.get("value"), cell.settings.get("source")
    choices = _offered(now, cell) if source else _choices(cell)
    if not choices and not source:
        st.info(
            "This input has no choices yet: write some under its settings, or take those of a query.",
            icon=":material/tune:",
        )
        return
    if st.session_state.get(f"{key}-offered") != choices:  # The widget forgets its value when they are others.
        st.session_state[f"{key}-offered"] = choices
        st.session_state.pop(key, None)
    synced(key, value if value in choices else None)
    words = "Choose" if choices else "Nothing to choose from yet"
    first = None if source else 0
    st.selectbox(label, choices, first, key=key, on_change=change, format_func=str, placeholder=words)
    error_or_nothing(now.state(cell).error if source else None)


def _offered(now: Look, cell: Cell) -> list[JSON]:
    """What a query gives; what was chosen is among it, old as it may be."""
    state, value = now.state(cell), cell.settings.get("value")
    found = _from_rows(now.notebook.id, cell.id, cell.settings.get("source"), state.ran_at) if state.has_table else []
    return found if value is None or value in found else [value, *found]


@st.cache_data(max_entries=64, show_spinner=False)
def _from_rows(notebook_id: str, cell_id: str, source: JSON, ran_at: datetime | None) -> list[JSON]:
    """The choices from one result, read once."""
    return list(notebooks().choices(notebook_id, cell_id))


def show_input_settings(now: Look, cell: Cell) -> None:
    """Its kind, its label and its choices."""
    notebook_id = now.notebook.id
    kinds = [kind.value for kind in InputType]
    _setting(notebook_id, cell, "type", partial(st.selectbox, "Kind", kinds, format_func=_NAMES.__getitem__))
    _setting(notebook_id, cell, "label", partial(st.text_input, "Label", max_chars=200))
    if cell.settings.get("type") != InputType.CHOICE:
        return
    source = str(cell.settings.get("source") or "")
    sources = list(dict.fromkeys(["", *now.tables, source]))
    _setting(notebook_id, cell, "source", partial(st.selectbox, "Choices from", sources, format_func=_source))
    if not source:
        key = f"choices-{cell.id}"
        synced(key, "\n".join(str(choice) for choice in _choices(cell)))
        st.text_area("Choices, one a line", key=key, on_change=_change_choices, args=(notebook_id, cell, key))


def _source(name: str) -> str:
    return f"the first column of {name}" if name else "a list"


def _setting(notebook_id: str, cell: Cell, name: str, widget: Callable[..., Any]) -> None:
    key = f"{name}-{cell.id}"
    synced(key, cell.settings.get(name) or ("text" if name == "type" else ""))

    def change() -> None:
        if not chosen(key):
            return
        value = st.session_state[key]
        if do(notebook_id, cell.id, lambda: notebooks().change_cell(notebook_id, cell.id, settings={name: value})):
            st.session_state[f"{key}-stored"] = value
            st.session_state.pop(f"input-{cell.id}", None)
        refresh(notebook_id, cell.id)

    widget(key=key, on_change=change)


def _change(notebook_id: str, cell_id: str, key: str) -> None:
    if not chosen(key):
        return
    value = st.session_state[key]
    stored = value.isoformat() if isinstance(value, date) else value
    if do(notebook_id, cell_id, lambda: notebooks().change_cell(notebook_id, cell_id, settings={"value": stored})):
        st.session_state[f"{key}-stored"] = value
    refresh(notebook_id, cell_id)


def _change_choices(notebook_id: str, cell: Cell, key: str) -> None:
    if not chosen(key):
        return
    text = st.session_state[key]
    known = {str(choice): choice for choice in _choices(cell)}  # Those that are numbers stay so.
    lines = [line.strip() for line in text.splitlines()]
    choices = [known.get(line, line) for line in lines if line]
    if do(notebook_id, cell.id, lambda: notebooks().change_cell(notebook_id, cell.id, settings={"choices": choices})):
        st.session_state[f"{key}-stored"] = text
        st.session_state.pop(f"input-{cell.id}", None)
    refresh(notebook_id, cell.id)


def _value(cell: Cell) -> Any:
    """The value as its widget takes it."""
    value, kind = cell.settings.get("value"), cell.settings.get("type")
    if kind == InputType.DATE:
        try:
            return date.fromisoformat(str(value)) if value else None
        except ValueError:
            return None
    if kind == InputType.NUMBER:
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return str(value) if value is not None else "" if kind == InputType.TEXT else None


def _choices(cell: Cell) -> list[JSON]:
    choices = cell.settings.get("choices")
    return list(choices) if isinstance(choices, list | tuple) else []
