"""Taking conversations out, as a file of one's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import streamlit as st

from core.errors import Refused
from core.exchange.tickets import Wanted
from pages._common import session

_FORMATS = {
    "markdown": "Markdown, to read and edit",
    "html": "HTML, one page to read and print",
    "json": "JSON, to import again as it was",
    "jsonl": "JSON lines, as OpenAI’s tools take them",
    "parquet": "Parquet, one row a message",
    "duckdb": "DuckDB, tables to query",
}


def offer_export(conversation_ids: Sequence[str] | None, key: str) -> None:
    """The choice of a format, and the download of some conversations, or of all when there are no ids.

    The file is made while it is fetched, piece by piece: however large it is, it is never in memory.
    """
    format_ = st.selectbox("Export as", list(_FORMATS), format_func=_FORMATS.__getitem__, key=f"{key}-format")
    wanted = Wanted(format_, None if conversation_ids is None else tuple(conversation_ids))
    address = f"downloads/{_ticket(key, wanted)}"
    st.link_button("Download", address, icon=":material/download:", width="stretch", key=f"{key}-download")


def _ticket(key: str, wanted: Wanted) -> str:
    """The ticket of the present choice, the same for as long as it is good."""
    tickets = session.service().exchange.tickets
    issued = cast("str", st.session_state.get(f"{key}-ticket", ""))
    try:
        if tickets.wanted(issued) == wanted:
            return issued
    except Refused:
        pass
    issued = tickets.issue(wanted.format, wanted.conversation_ids)
    st.session_state[f"{key}-ticket"] = issued
    return issued
