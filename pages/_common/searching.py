"""Searching while a person types: the input, and how many filters are on."""

from __future__ import annotations

import streamlit as st


def live_query(label: str, placeholder: str) -> str:
    """The page's search input, which the address holds as `q`, without blanks around."""
    query = st.text_input(
        label,
        key="q",
        type="search",
        live="200ms",
        bind="query-params",
        icon=":material/search:",
        placeholder=placeholder,
        label_visibility="collapsed",
        max_chars=1000,
    )
    return (query or "").strip()


def say_active(filters: int) -> None:
    """Says how many filters are on, if any."""
    if filters:
        st.caption("1 filter is on" if filters == 1 else f"{filters} filters are on", width="content")
