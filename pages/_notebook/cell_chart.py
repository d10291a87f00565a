"""A chart cell: the chart, the columns that it is made of, and its specification."""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import ThroughlineError
from core.notebook.charts import MARKS, ROWS, chart, parsed, written
from core.notebook.picks import Picked, picked, redrawn, suggested
from core.notebook.values import Cell, CellState
from pages._common.text import plain
from pages._notebook.cell_editor import edit
from pages._notebook.cell_parts import caption_or_nothing, nothing
from pages._notebook.cell_table import Table, rows
from pages._notebook.state import Look, do, look, notebooks, refresh

_MARKS = {
    "bar": "Bars",
    "line": "Line",
    "area": "Area",
    "point": "Points",
    "heatmap": "Heat map",
    "boxplot": "Box plot",
}
_COUNT, _NONE = "Number of rows", "One colour"


def show_chart(cell: Cell, state: CellState, table: Table) -> None:
    """The chart as its specification has it, of the rows that its source has now."""
    if not cell.text.strip() or not state.has_table:
        nothing(2)
        return
    try:
        spec = parsed(cell.text)
        data = drawable(rows(table, cell.id, state.ran_at, 0, ROWS, None))
    except ThroughlineError as error:
        st.error(plain(error.message), icon=":material/error:")
        nothing(1)
        return
    if missing := [name for name in _columns(spec) if name not in data.columns]:
        names = ", ".join(f"“{plain(name)}”" for name in missing)
        st.warning(f"Its source has no column {names} now. Choose another one.", icon=":material/error:")
        nothing(1)
        return
    st.vega_lite_chart(data, spec, key=f"chart-{cell.id}", alt=f"Chart of {cell.settings.get('source')}")
    part = f"Drawn from the first {ROWS:,} of {state.rows:,} rows. Group them in the query to see all."
    caption_or_nothing(part if state.rows > ROWS else None)


def drawable(data: pd.DataFrame) -> pd.DataFrame:
    """The rows without a column that a tooltip would fetch a picture by."""
    return data.drop(columns="image", errors="ignore")


def show_picks(notebook_id: str, cell: Cell, now: Look) -> None:
    """What is drawn, how, and along what."""
    tables = now.tables
    if not tables:
        st.info("A chart draws the result of a query. Add a SQL cell first.", icon=":material/table:")
        return
    if cell.text.strip() and not _spec(cell):
        return  # What is written is nobody's to replace, wrong as it may be yet.
    source = tables.get(str(cell.settings.get("source")))
    columns = now.state(source).columns if source else ()
    picks, names = picked(_spec(cell)), [name for name, _ in columns]
    with st.container(horizontal=True, gap="small"):
        _pick(notebook_id, cell, "source", "Draws", list(tables), source.name if source else None)
        if not names:
            return
        _pick(notebook_id, cell, "mark", "As", list(MARKS), picks.mark)
        made = [name for name in (picks.x, picks.y, picks.color) if name and name not in names]
        names = list(dict.fromkeys([*names, *made]))  # A specification can make columns of its own.
        _pick(notebook_id, cell, "x", "Along", names, picks.x)
        _pick(notebook_id, cell, "y", "Up", [_COUNT, *names], picks.y or _COUNT)
        _pick(notebook_id, cell, "color", "Coloured by", [_NONE, *names], picks.color or _NONE)


def show_specification(notebook_id: str, cell: Cell) -> None:
    """The specification as text, to be edited."""
    edit(notebook_id, cell, "json", "Vega-Lite specification", '{"mark": "bar", "encoding": {…}}')
    st.caption("[Vega-Lite](https://vega.github.io/vega-lite/docs/), without its data. Ctrl+Enter draws it.")


def _pick(notebook_id: str, cell: Cell, name: str, label: str, options: list[str], shown: str | None) -> None:
    st.selectbox(
        label,
        options,
        options.index(shown) if shown in options else None,
        key=_key(name, cell),
        format_func=lambda option: _MARKS.get(option, option) if name == "mark" else option,
        on_change=_picked,
        args=(notebook_id, cell),
        placeholder="Choose",
        width=140,
    )


def _key(name: str, cell: Cell) -> str:
    """The key of one pick: of another specification it is another widget, which knows nothing of this one's value."""
    written = zlib.crc32(f"{cell.settings.get('source')}\n{cell.text}".encode())
    return f"{name}-{cell.id}-{written:08x}"


def _picked(notebook_id: str, cell: Cell) -> None:
    do(notebook_id, cell.id, partial(_redraw, notebook_id, cell))
    refresh(notebook_id, cell.id)


def _redraw(notebook_id: str, cell: Cell) -> None:
    """Keeps the chart that the widgets name; of another source, the chart that suits it."""
    now = look(notebook_id)
    source = now.tables.get(st.session_state[_key("source", cell)])
    if source is None or now.notebook.cell(cell.id) != cell:  # Another tab was faster.
        return
    columns, text = now.state(source).columns, ""
    if source.name == cell.settings.get("source"):
        text = written(redrawn(_spec(cell), _chosen(cell), columns))
    elif (picks := suggested(columns)).x:
        text = written(chart(picks.mark, picks.x, picks.y, picks.color, columns))
    notebooks().change_cell(notebook_id, cell.id, text=text, settings={"source": source.name})


def _chosen(cell: Cell) -> Picked:
    mark, x, y, color = (st.session_state.get(_key(name, cell)) for name in ("mark", "x", "y", "color"))
    return Picked(mark or MARKS[0], x, None if y == _COUNT else y, None if color == _NONE else color)


def _spec(cell: Cell) -> dict[str, Any]:
    """The specification, or none while it cannot be read."""
    try:
        return parsed(cell.text)
    except ThroughlineError:
        return {}


def _columns(spec: dict[str, Any]) -> list[str]:
    """The columns that it draws as they are."""
    if "transform" in spec:  # That may make columns of its own.
        return []
    picks = picked(spec)
    return list(dict.fromkeys(name for name in (picks.x, picks.y, picks.color) if name))
