"""The documents: add, see how far they have come, tag, ask about, remove."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from pages._common import session
from pages._common.text import plain
from pages._documents.adding import show_doors, show_skipped
from pages._documents.document import show_document

_A_PAGE = 25
_FEW = 10
_SOON, _LATER = 1.0, 4.0  # Seconds between looks while a few are indexed, and else: files come by other ways too.


def main() -> None:
    """One run of the page."""
    st.title("Documents", anchor=False)
    st.caption("Answers are drawn from these. They are read, split and embedded on this machine.")
    show_doors()
    soon = 0 < session.service().library.count().indexing <= _FEW
    st.fragment(_list, run_every=_SOON if soon else _LATER)(soon)


def _list(soon: bool) -> None:
    counts = session.service().library.count()
    if soon != (0 < counts.indexing <= _FEW):
        st.rerun(scope="app")
    show_skipped()
    everything = counts.ready + counts.indexing + counts.failed + counts.cancelled
    if not everything:
        st.info("There are no documents yet. Add one above, then ask about it in the chat.", icon=":material/upload:")
        return
    if counts.indexing:
        _show_batch()
    query = ""
    if everything > 5 or st.session_state.get("find"):
        query = st.text_input(
            "Find documents",
            key="find",
            type="search",
            live=True,
            icon=":material/search:",
            placeholder=f"Find among {everything:,} documents",
            label_visibility="collapsed",
        )
    _show_page(query.strip(), everything)


def _show_batch() -> None:
    """One line for all that is being worked on."""
    library = session.service().library
    ended, total = library.batch()
    if not total:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(ended / total, text=f"{ended:,} of {total:,} are done…")
        if total - ended > 1:
            st.button("Cancel all", icon=":material/cancel:", type="tertiary", on_click=_cancel_all)


def _cancel_all() -> None:
    try:
        session.service().library.cancel_all()
    except ThroughlineError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _show_page(query: str, everything: int) -> None:
    """One page of all documents, or the newest of those that are looked for."""
    library = session.service().library
    rows, page, pages = st.container(), 1, -(-everything // _A_PAGE)
    if pages > 1 and not query:
        page = st.pagination(pages, key="page-of-documents")
    found = library.list(_A_PAGE + 1, (page - 1) * _A_PAGE, query)
    progress = library.progress()
    with rows:
        for document in found[:_A_PAGE]:
            show_document(document, progress.get(document.id))
    if query and not found:
        st.caption("No document has this in its title or name.")
    elif query and len(found) > _A_PAGE:
        st.caption(f"These are the newest {_A_PAGE}. Write more of the title or name to see others.")


main()
