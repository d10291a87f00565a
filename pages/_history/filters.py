"""Which messages are looked for: the filters of the history, which the address holds."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, timedelta

import streamlit as st

from core.errors import NotFound
from core.history.search import HistoryFilter
from core.models import Role, Status
from pages._common import session
from pages._common.searching import say_active
from pages._common.times import midnight

_ROLES = {"Questions": Role.USER, "Answers": Role.ASSISTANT}
_RATINGS = {"Thumbs up": 1, "Thumbs down": -1, "Not rated": 0}
_ERRORS = {"With an error": True, "Without": False}
_STATUSES = [status.value for status in Status]
_KEYS = ("role", "models", "status", "rating", "error", "from", "to", "min-cost", "max-cost")
_DOCUMENT = "document"
_MOST_DOCUMENTS = 200
"""Documents that are offered at once; where there are more, they are found by their titles."""
_LASTS = 5
"""In seconds: how long a list is kept, as every letter that is typed shows the filters anew."""
_ALL_DAYS = date(1970, 1, 1), date(2199, 12, 31)


def show_filters() -> HistoryFilter:
    """The filters, behind one button, and how many are on; what they make together."""
    with st.container(horizontal=True, vertical_alignment="center"):
        # The label stays the same: with another one the popover would close.
        with st.popover("Filters", icon=":material/tune:", type="tertiary", key="history-filters"):
            _show_kinds()  # Always, open or not: what is not shown leaves the address.
            _pick_document()
            with st.container(horizontal=True):
                for label, key in (("From", "from"), ("Until", "to")):
                    st.date_input(label, None, *_ALL_DAYS, key=key, format="YYYY-MM-DD", bind="query-params")
            with st.container(horizontal=True):
                for label, key in (("Cost from, $", "min-cost"), ("Cost to, $", "max-cost")):
                    st.number_input(label, 0.0, None, None, 0.001, "%.4f", key=key, bind="query-params")
        wanted = _chosen()
        active = sum(value not in (None, ()) for value in astuple(wanted))
        say_active(active)
        if active:
            st.button("Take all away", type="tertiary", icon=":material/close:", on_click=_clear)
    return wanted


def _show_kinds() -> None:
    with st.container(horizontal=True):
        st.selectbox("Kind", list(_ROLES), None, key="role", placeholder="Both", bind="query-params")
        st.selectbox("Rating", list(_RATINGS), None, key="rating", placeholder="Any", bind="query-params")
        st.selectbox("Errors", list(_ERRORS), None, key="error", placeholder="With and without", bind="query-params")
    st.multiselect(
        "Models",
        _models(),
        key="models",
        placeholder="All models",
        bind="query-params",
        accept_new_options=True,  # One that is not known, or not yet, stays in the address.
    )
    st.multiselect("Status", _STATUSES, key="status", placeholder="Any status", bind="query-params")


@st.cache_data(ttl=_LASTS, show_spinner=False)
def _models() -> tuple[str, ...]:
    return session.service().history.models()


@st.cache_data(ttl=_LASTS, max_entries=50, show_spinner=False)
def _documents(words: str) -> dict[str, str]:
    """The titles of the newest documents that have these words in them, by id."""
    return {document.id: document.title for document in session.service().library.list(_MOST_DOCUMENTS, query=words)}


def _chosen() -> HistoryFilter:
    """The filter that the address and the widgets make."""
    state = st.session_state
    since, until = state.get("from"), state.get("to")
    return HistoryFilter(
        since=midnight(since) if since else None,
        until=midnight(until + timedelta(days=1)) if until else None,
        models=tuple(state.get("models") or ()),
        statuses=tuple(Status(status) for status in state.get("status") or ()),
        rating=_RATINGS.get(state.get("rating") or ""),
        min_cost=state.get("min-cost"),
        max_cost=state.get("max-cost"),
        document_id=st.query_params.get(_DOCUMENT),
        failed=_ERRORS.get(state.get("error") or ""),
        role=_ROLES.get(state.get("role") or ""),
    )


def _pick_document() -> None:
    # The address names the document by its id, as titles change and need not differ.
    wanted, titles = st.query_params.get(_DOCUMENT), dict(_documents(""))
    if len(titles) == _MOST_DOCUMENTS:
        words = st.text_input("Find a document by its title", key="document-words", type="search", live="200ms")
        titles = dict(_documents(words.strip()))
    if wanted and wanted not in titles:
        try:
            titles[wanted] = session.service().library.get(wanted).title
        except NotFound:
            titles[wanted] = "A removed document"
    ids, key = list(titles), f"cited-{wanted}"  # When the choice is another this is another widget, which shows it.
    index = ids.index(wanted) if wanted else None
    st.selectbox(
        "Document cited",
        ids,
        index,
        titles.__getitem__,
        key=key,
        on_change=_choose_document,
        args=(key,),
        placeholder="Any document",
    )


def _choose_document(key: str) -> None:
    if picked := st.session_state[key]:
        st.query_params[_DOCUMENT] = picked
    else:
        st.query_params.pop(_DOCUMENT, None)


def _clear() -> None:
    for key in _KEYS:
        st.session_state[key] = [] if key in ("models", "status") else None
    st.query_params.pop(_DOCUMENT, None)
