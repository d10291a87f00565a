"""Searching the documents while a person types."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from core.errors import ThroughlineError
from core.models import Citation, Filter, Retrieval
from core.retrieval.searching.snippets import snippet
from pages._common import session
from pages._common.html import link, marked, passage_address, place
from pages._common.searching import live_query, say_active
from pages._common.text import plain
from pages._common.times import midnight

_SHOWN = 10
_MOST = 50
_PATIENCE = 30.0
_FILTERS = ("in-documents", "in-tags", "since", "until")


def main() -> None:
    """One run of the page."""
    st.title("Search", anchor=False)
    if not session.service().library.count().ready:
        st.info("There is nothing to search yet. Add documents first.", icon=":material/upload_file:")
        st.page_link("documents.py", label="Documents", icon=":material/description:")
        return
    _look()


@st.fragment
def _look() -> None:
    """The input, the filters and what is found; typing runs this alone."""
    query = live_query("Search your documents", "Words, names, numbers, or a question")
    _show_filters()
    wanted = _filter()
    if not query:
        st.caption("Results appear while you type: passages with these words, and passages that mean the same.")
        return
    found = _find(query, wanted)
    if found is not None:
        _show(found, filtered=wanted != Filter())


def _show_filters() -> None:
    active = sum(bool(st.session_state.get(key)) for key in _FILTERS)
    with st.container(horizontal=True, vertical_alignment="center"):
        # The label stays the same: with another one the popover would close.
        popover = st.popover("Filters", icon=":material/tune:", type="tertiary", key="filters", on_change="rerun")
        say_active(active)
    if not popover.open:
        return
    library = session.service().library
    titles = library.titles()
    in_documents, in_tags, since, until = _FILTERS
    with popover:
        st.multiselect(
            "Documents",
            list(titles),
            format_func=lambda document_id: titles.get(document_id, "(removed)"),
            key=in_documents,
            placeholder="All documents",
            persist_state="session",
        )
        st.multiselect("Tags", library.tags(), key=in_tags, placeholder="Any tag", persist_state="session")
        with st.container(horizontal=True):
            st.date_input("Added from", None, key=since, format="YYYY-MM-DD", persist_state="session")
            st.date_input("Added until", None, key=until, format="YYYY-MM-DD", persist_state="session")


def _filter() -> Filter:
    documents, tags, since, until = (st.session_state.get(key) for key in _FILTERS)
    return Filter(
        tuple(documents or ()) or None,
        tuple(tags or ()),
        midnight(since) if since else None,
        midnight(until + timedelta(days=1)) if until else None,
    )


def _find(query: str, wanted: Filter) -> Retrieval | None:
    note = st.empty()

    def tell(what: str) -> None:
        note.caption(f":material/hourglass_top: {what}")

    try:
        found = session.service().searcher.search(query, _most(query), wanted, on_wait=tell, timeout=_PATIENCE)
    except ThroughlineError as error:
        note.warning(error.message, icon=":material/hourglass_top:")
        return None
    note.empty()
    return found


def _show(found: Retrieval, *, filtered: bool) -> None:
    hits = found.citations
    if not hits:
        hint = " Take a filter away, or use other words." if filtered else " Use other words."
        st.info("No passage fits this." + hint, icon=":material/search_off:")
        return
    passages = "1 passage" if len(hits) == 1 else f"{len(hits):,} passages"
    st.caption(f"{passages} of {found.searched:,} · {found.timings.total:.0f} ms")
    for hit in hits:
        _show_hit(hit, found.question)
    most = _most(found.question)
    if len(hits) == most and most < _MOST:
        more = found.question, min(_MOST, most + 20)
        st.button("Show more", icon=":material/expand_more:", type="tertiary", on_click=_show_more, args=more)


def _most(query: str) -> int:
    """How many passages were asked for, of this query."""
    asked_for, most = st.session_state.get("most", ("", _SHOWN))
    return most if asked_for == query else _SHOWN


def _show_more(query: str, most: int) -> None:
    st.session_state["most"] = query, most


def _show_hit(hit: Citation, query: str) -> None:
    # In a new tab: Streamlit's way back to this page would lose the query.
    address = passage_address(hit.passage_ids or (hit.passage_id,), query)
    st.html(
        f'<div class="place" dir="auto">{link(place(hit.title, hit.heading, hit.page), address)}</div>'
        + marked(snippet(hit.quote, query))
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(f"rank {hit.rank} · score {hit.score:.3g}", width="content")
        if st.button(
            "Ask about this",
            key=f"ask-{hit.passage_id}",
            icon=":material/chat_bubble:",
            type="tertiary",
            help=plain(f"A new conversation that searches “{hit.title}” alone"),
        ):
            session.draft(query)
            st.switch_page("chat.py", query_params={"d": hit.document_id})


main()
