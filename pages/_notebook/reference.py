"""What a query can name: the views with their columns, and how cells and inputs are named."""

from __future__ import annotations

import streamlit as st

from core.analysis.examples import EXAMPLES
from core.analysis.views import VIEWS, View
from pages._common.text import plain

_NAMES = """
- The name of a SQL cell is a table: `from that_name`.
- The name of an input is a parameter: `where model = $that_name`.
- An input of the kind choice can offer what a SQL cell gives: the values of its first column.
- Changing a cell runs it and what depends on it, nothing else.
- In the editor Tab completes a word, and Ctrl+Enter runs the query.
- A query is one `select` of [DuckDB's SQL](https://duckdb.org/docs/sql/introduction). All times are in UTC.
"""


@st.fragment
def show_reference() -> None:
    """The reference, which is searched by itself."""
    st.markdown("**Reference**")
    words = st.text_input(
        "Find a table or column",
        key="reference-words",
        type="search",
        live="200ms",
        icon=":material/search:",
        placeholder="Find a table or column",
        label_visibility="collapsed",
    )
    query = (words or "").strip().lower()
    if not query:
        with st.expander("Names and parameters", icon=":material/help:"):
            st.markdown(_NAMES)
    found = [(view, columns) for view in VIEWS if (columns := _matching(view, query))]
    for view, columns in found:
        with st.expander(view.name, icon=":material/table:", expanded=bool(query) and len(found) <= 3):
            _show_view(view, columns)
    if not found:
        st.caption("No table and no column is called or described so.")


def _matching(view: View, query: str) -> dict[str, str]:
    """The columns of a view that fit the query; all of them when the view itself does."""
    if query in view.name or query in view.description.lower():
        return dict(view.columns)
    return {name: about for name, about in view.columns.items() if query in name or query in about.lower()}


def _show_view(view: View, columns: dict[str, str]) -> None:
    st.caption(view.description)
    st.code(EXAMPLES[view.name], language="sql", wrap_lines=True)
    st.markdown("\n".join(f"- `{name}` :small[{plain(about)}]" for name, about in columns.items()))
