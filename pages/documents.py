"""The documents: add, see how far they have come, remove."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from core.models import Document
from core.retrieval.read import MEDIA_TYPES
from pages import _state
from pages._text import plain


def main() -> None:
    """One run of the page."""
    st.title("Documents", anchor=False)
    st.caption("Answers are drawn from these. They are read, split and embedded on this machine.")
    _add()
    for problem in _state.refusals():
        st.error(problem, icon=":material/error:")
    _show_all()


def _add() -> None:
    kinds = sorted(MEDIA_TYPES)
    batch = st.session_state.setdefault("upload", 0)
    files = st.file_uploader(
        f"Add {', '.join(kinds[:-1])} or {kinds[-1]} files",
        accept_multiple_files=True,
        key=f"files-{batch}",
    )
    if not files:
        return
    problems = []
    for file in files:
        try:
            document, created = _state.service().library.add(file.name, file.getvalue())
        except ThroughlineError as error:
            problems.append(f"{plain(file.name)}: {error.message}")
        else:
            if not created:
                st.toast(f"“{plain(document.title)}” is here already.", icon=":material/check:")
    _state.refuse(problems)
    st.session_state["upload"] = batch + 1  # Another key empties the uploader.
    st.rerun()


def _show_all() -> None:
    busy = bool(_state.service().library.progress())
    st.fragment(_list, run_every=1.0 if busy else None)(busy)


def _list(busy: bool) -> None:
    library = _state.service().library
    progress = library.progress()
    if busy and not progress:
        st.rerun(scope="app")
    documents = library.list()
    if not documents:
        st.info("There are no documents yet. Add one above, then ask about it in the chat.", icon=":material/upload:")
    for document in documents:
        _row(document)
        if document.id in progress:
            done, total, note = progress[document.id]
            st.progress(done / total if total else 0.0, text=note)


def _row(document: Document) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{plain(document.title)}**  \n:small[{_facts(document)}]", width="stretch")
        if st.button("", key=f"remove-{document.id}", icon=":material/delete:", type="tertiary", help="Remove"):
            _confirm(document)
    if document.status == "failed" and document.error:
        st.warning(document.error, icon=":material/error:")


def _facts(document: Document) -> str:
    size = f"{document.size / 1e6:.1f} MB" if document.size >= 1e6 else f"{max(1, document.size // 1000)} KB"
    state = f"{document.passages:,} passages" if document.status == "ready" else document.status
    return f"{plain(document.filename)} · {size} · {state} · {document.created_at:%Y\\-%m\\-%d %H\\:%M} UTC"


@st.dialog("Remove this document?")
def _confirm(document: Document) -> None:
    st.markdown(f"**{plain(document.title)}** will no longer be searched. Answers that cite it keep what they quoted.")
    with st.container(horizontal=True):
        if st.button("Remove", type="primary", icon=":material/delete:"):
            _state.service().library.remove(document.id)
            st.rerun()
        if st.button("Keep"):
            st.rerun()


main()
