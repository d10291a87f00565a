"""What the tests of formats share: notebooks made of cells, hostile ones among them, and results for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import strategies as st

from core.notebook.formats import Shown
from core.notebook.values import Cell, CellKind, NewCell, Notebook

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = (
    "</script><script>alert(1)</script>*/ -- %% sql x\n-- %% sql y\n\"\"\" ''' \\N{DIGIT ONE} {x.value} $since\r\n]]>"
)
SPEC = """{
  "mark": "bar",
  "encoding": {"x": {"field": "day", "type": "nominal"}, "y": {"field": "n", "type": "quantitative"}}
}"""

_SIGNS = (
    *("--", " %%", "%%", "-- %% sql a", "/*", "*/", "\\", "\n", "\r", "\t", " ", ";", "\n;", "'", '"', "a", "\x00"),
    *("\u2028", "\x85", "{", "}", "{{", "$since", "$x", '"""', "</script>", "<!--", "\n@app.cell\n", "#", "$$", "    "),
    *("{literal(since.value)}", "# throughline: {}", "return"),
)
_texts = st.lists(st.sampled_from(_SIGNS), max_size=10).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=20
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(_texts, part, max_size=3),
    max_leaves=5,
)
_settings = st.dictionaries(
    st.sampled_from(["type", "value", "label", "choices", "source"]) | _texts, _json, max_size=3
)
_names = st.sampled_from(["since", "by_model", "lambda_", "mo", "class_", "x", "date"])


@st.composite
def notebooks(draw: st.DrawFn) -> Notebook:
    """Notebooks whose cells can be kept, whatever their texts and settings hold."""
    names = draw(st.lists(_names, unique=True, max_size=4))
    cells = [NewCell(draw(st.sampled_from(CellKind)), name, draw(_texts), draw(_settings)) for name in names]
    cells.insert(0, NewCell(CellKind.MARKDOWN, "", draw(_texts), draw(_settings)))
    return notebook(*cells, title=draw(_texts))


def notebook(*cells: NewCell, title: str = "Tides") -> Notebook:
    """A notebook of these cells, whose ids are c0, c1, …"""
    placed = (Cell(f"c{n}", cell.kind, cell.name, cell.text, cell.settings) for n, cell in enumerate(cells))
    return Notebook("n", title, tuple(placed), AT, AT)


def usual() -> Notebook:
    """A cell of every kind."""
    return notebook(
        NewCell(CellKind.MARKDOWN, text="# Tides\n\nHow *often*?"),
        NewCell(CellKind.INPUT, "since", settings={"type": "date", "label": "From", "value": None}),
        NewCell(CellKind.SQL, "by_day", "select day, n from days where day >= $since::date"),
        NewCell(CellKind.CHART, "drawn", SPEC, {"source": "by_day"}),
    )


def shown(*rows: Sequence[object], count: int | None = None, error: str | None = None) -> Shown:
    """A result of days and numbers."""
    columns = (("day", "VARCHAR"), ("n", "BIGINT"))
    return Shown(columns, tuple(tuple(row) for row in rows), len(rows) if count is None else count, error, None, AT)


def news(notebook: Notebook) -> tuple[NewCell, ...]:
    """Its cells without their places, as an import gives them."""
    return tuple(cell.new for cell in notebook.cells)
