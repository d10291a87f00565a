"""A cell's result as a table: paged and sorted over the whole of it, and taken home as a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, cast

import pandas as pd
import streamlit as st

from core.analysis.sandbox import Result
from core.errors import ThroughlineError
from core.notebook.values import Cell, CellState
from pages._common.downloads import lasting
from pages._common.text import plain
from pages._common.times import moment
from pages._notebook.cell_frame import frame
from pages._notebook.cell_parts import nothing
from pages._notebook.state import notebooks

_A_PAGE = 100
_ANSWER = re.compile(r"/\?conversation=[\w-]+&message=[\w-]+")
_MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}

Sort = tuple[str, bool] | None
"""A column, and whether it is sorted downwards."""


class Table(Protocol):
    """Gives rows of a cell's last result; see `Notebooks.table`."""

    def __call__(self, cell_id: str, offset: int, limit: int, sort: Sort) -> Result: ...


def show_table(cell: Cell, state: CellState, table: Table) -> None:
    """One page of the result, and how to see the others."""
    place = f"{cell.id}-{state.ran_at}"  # A new result is shown from its beginning.
    sort, many = _sort(place), state.rows > _A_PAGE
    page = int(st.session_state.get(f"page-{place}", 1)) if many else 1
    try:
        shown = rows(table, cell.id, state.ran_at, (page - 1) * _A_PAGE, _A_PAGE, sort)
    except ThroughlineError as error:
        st.warning(plain(error.message), icon=":material/error:")
        nothing(1)
        return
    how: dict[str, Any] = {"on_select": _pick_sort(place), "selection_mode": "single-column"} if many else {}
    st.dataframe(
        shown,
        hide_index=True,
        key=f"table-{place}",
        placeholder="",
        alt=f"Result of {cell.name or 'this cell'}",
        column_config=_links(shown),
        **how,
    )
    if not many:
        nothing(1)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.pagination(-(-state.rows // _A_PAGE), key=f"page-{place}", max_visible_pages=5)
        _offer_sort(place, sort, [column for column, _ in state.columns])


def show_facts(cell: Cell, state: CellState, notebook_id: str | None) -> None:
    """How many rows there are and how long they took, and the whole result as a file for who may have it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_facts(state), width="content")
        if notebook_id is None:
            return
        for format, media in _MEDIA.items():
            file_name = f"{cell.name or 'result'}.{format}"
            st.download_button(
                "CSV" if format == "csv" else "Parquet",
                data=lasting(_download(notebook_id, cell.id, format), media, file_name),
                file_name=file_name,
                mime=media,
                key=f"{format}-{cell.id}",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                help=f"The whole result as {'CSV' if format == 'csv' else 'Parquet'}",
            )


def rows(table: Table, cell_id: str, ran_at: datetime | None, offset: int, limit: int, sort: Sort) -> pd.DataFrame:
    """Rows of one result, read once.

    Raises:
        NotFound, Conflict, InvalidValue, QueryError, TooMany, Unavailable: as `Notebooks.table` does.
    """
    return _rows(table, cell_id, ran_at, offset, limit, sort)


@st.cache_data(max_entries=256, show_spinner=False)
def _rows(_table: Table, cell_id: str, ran_at: datetime | None, offset: int, limit: int, sort: Sort) -> pd.DataFrame:
    return frame(_table(cell_id, offset, limit, sort))


def _download(notebook_id: str, cell_id: str, format: str) -> Callable[[], bytes]:
    """Makes the file when it is asked for."""
    service = notebooks()

    def make() -> bytes:
        with service.download(notebook_id, cell_id, format) as file:
            return file.read()

    return make


def _links(shown: pd.DataFrame) -> dict[str, Any]:
    """Columns that lead to answers, as links; what else looks like an address is text."""
    found = {}
    for name in shown.columns:
        values = shown[name].dropna() if shown[name].dtype == object else ()
        if len(values) and all(isinstance(value, str) and _ANSWER.fullmatch(value) for value in values):
            found[str(name)] = st.column_config.LinkColumn(display_text="open")
    return found


def _facts(state: CellState) -> str:
    count = "1 row" if state.rows == 1 else f"{state.rows:,} rows"
    facts = [f"the first {count}" if state.truncated else count]
    if state.milliseconds is not None:
        facts.append(f"{state.milliseconds:,.0f} ms")
    if state.ran_at is not None:
        facts.append(moment(state.ran_at))
    return " · ".join(facts)


def _sort(place: str) -> Sort:
    return cast("Sort", st.session_state.get(f"sort-{place}"))


def _set_sort(place: str, sort: Sort) -> None:
    st.session_state[f"sort-{place}"] = sort
    st.session_state[f"page-{place}"] = 1


def _pick_sort(place: str) -> Callable[[], None]:
    """What a click on a column's head does: upwards first, then downwards, then upwards again."""

    def pick() -> None:
        picked = st.session_state[f"table-{place}"].selection.columns
        sort = _sort(place)
        if picked:
            _set_sort(place, (str(picked[0]), False))
        elif sort:
            _set_sort(place, (sort[0], not sort[1]))

    return pick


def _offer_sort(place: str, sort: Sort, columns: list[str]) -> None:
    label = f"{plain(sort[0])} {'↓' if sort[1] else '↑'}" if sort else "Sort"
    orders: list[Sort] = [None, *((column, downwards) for column in columns for downwards in (False, True))]

    def choose() -> None:
        _set_sort(place, st.session_state[f"order-{place}"])

    st.menu_button(
        label,
        orders,
        key=f"order-{place}",
        format_func=lambda order: f"{plain(order[0])} {'↓' if order[1] else '↑'}" if order else "As the query gives it",
        icon=":material/sort:",
        type="tertiary",
        on_click=choose,
    )
