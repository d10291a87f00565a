"""The history: every message that was ever written, searched by words and meaning, opened, replayed, taken out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core.errors import ThroughlineError
from core.history.search import Found, HistoryFilter
from pages._common import session
from pages._common.searching import live_query
from pages._exchange.imports import offer_import
from pages._history.filters import show_filters
from pages._history.hits import MOST, selected, show_hits, show_selection
from pages._history.replay import show_replay

_A_PAGE = 25
_PAGE = "page"


def main() -> None:
    """One run of the page."""
    if replayed := st.query_params.get("replay"):
        show_replay(replayed, session.sought())
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title("History", anchor=False, width="content")
        offer_import()
    _look()


@st.fragment
def _look() -> None:
    """The input, the filters and what is found; typing runs this alone."""
    query = live_query("Search all messages", 'Words, a name, "a phrase", or what it was about')
    wanted = show_filters()
    page = _page(query, wanted)
    search = partial(session.service().history.search, query, wanted)
    try:
        found = search(_A_PAGE, (page - 1) * _A_PAGE)
    except ThroughlineError as error:
        st.warning(error.message, icon=":material/hourglass_top:")
        st.button("Try again", icon=":material/refresh:")
    else:
        _show(found, page, search, filtered=wanted != HistoryFilter())


def _page(query: str, wanted: HistoryFilter) -> int:
    """The page of results that the address names; another search begins with the first."""
    searched = query, wanted
    if st.session_state.get("history-searched", searched) != searched:
        st.query_params.pop(_PAGE, None)
    st.session_state["history-searched"] = searched
    named = st.query_params.get(_PAGE, "1")
    return max(1, int(named)) if named.isdecimal() and len(named) < 6 else 1


def _show(found: Found, page: int, search: Callable[[int], Found], *, filtered: bool) -> None:
    if not found.hits:
        _say_nothing_found(filtered=filtered, searched=bool(st.session_state["q"].strip()), page=page)
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(_told(found, page), width="content")
        show_selection(found.hits, (lambda: search(MOST).hits) if found.more or page > 1 else None)
    show_hits(found.hits)
    _turn(page, more=found.more)


def _told(found: Found, page: int) -> str:
    """The quiet line: which of the messages these are, and how they were found."""
    first = (page - 1) * _A_PAGE + 1
    messages = "1 message" if found.searched == 1 else f"{found.searched:,} messages"
    parts = [f"{first:,} to {first + len(found.hits) - 1:,} of {messages}" if found.more or page > 1 else messages]
    if st.session_state["q"].strip():
        parts[0] = f"Best {first:,} to {first + len(found.hits) - 1:,} of {messages}"
        if not found.by_meaning:
            parts.append("by words alone, while the embedding model is not ready")
    parts.append(f"{found.milliseconds:.0f} ms")
    embedded, total = session.service().history.progress()
    if found.by_meaning and embedded < total:
        parts.append(f"the meaning of {embedded:,} of {total:,} is known so far")
    if picked := len(selected()):
        parts.append("1 conversation chosen" if picked == 1 else f"{picked:,} conversations chosen")
    return " · ".join(parts)


def _say_nothing_found(*, filtered: bool, searched: bool, page: int) -> None:
    if page > 1:
        st.info("There are no more messages.", icon=":material/search_off:")
        _turn(page, more=False)
    elif searched or filtered:
        hint = " Take a filter away, or use other words." if filtered else " Use other words."
        st.info("No message fits this." + hint, icon=":material/search_off:")
    else:
        st.info("There are no messages yet. Ask something in the chat, or import.", icon=":material/chat:")


def _turn(page: int, *, more: bool) -> None:
    """To the page before and behind."""
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        if page > 1:
            st.button("Before", icon=":material/chevron_left:", type="tertiary", on_click=_go, args=(page - 1,))
        if page > 1 or more:
            st.caption(f"Page {page:,}", width="content")
        if more:
            st.button("More", icon=":material/chevron_right:", type="tertiary", on_click=_go, args=(page + 1,))


def _go(page: int) -> None:
    st.query_params[_PAGE] = str(page)


main()
