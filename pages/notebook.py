"""Notebooks over the history: questions in SQL, their answers as tables and charts."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFound
from pages._notebook.listing import show_list
from pages._notebook.open_notebook import show_notebook
from pages._notebook.state import go_to, notebook_id


def main() -> None:
    """One run of the page."""
    st.set_page_config(layout="wide")
    named = notebook_id()
    if named is None:
        show_list()
        return
    try:
        show_notebook(named)
    except NotFound:
        st.title("Notebook", anchor=False)
        st.warning("This notebook is not here. It was deleted, or it is on another machine.", icon=":material/error:")
        if st.button("All notebooks", icon=":material/arrow_back:"):
            go_to(None)
            st.rerun()


main()
