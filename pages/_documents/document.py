"""One document in the list: what it is, how far it has come, and what can be done with it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.errors import NotFound, ThroughlineError
from core.models import Document
from core.retrieval.documents.queue import Progress
from pages._common import session
from pages._common.html import web_address
from pages._common.icons import icon_button
from pages._common.text import plain
from pages._common.times import zone

_TITLE = 120
_ASK, _TAGS, _CANCEL, _RETRY, _REMOVE = "Ask about this", "Tags", "Cancel", "Try again", "Remove"
_ICONS = {_ASK: "chat_bubble", _TAGS: "sell", _CANCEL: "cancel", _RETRY: "refresh", _REMOVE: "delete"}


def show_document(document: Document, progress: Progress | None) -> None:
    """One row, with its progress while it is indexed and its question while one is asked."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{_short(document.title)}**{_badges(document)}  \n:small[{_facts(document)}]", width="stretch")
        for deed in _deeds(document):
            key = f"{deed.split()[0].lower()}-{document.id}"
            if icon_button(deed, _ICONS[deed], key, on_click=_do, args=(deed, document.id)) and deed == _ASK:
                st.switch_page("chat.py", query_params={"d": document.id})
    if document.status == "failed" and document.error:
        st.warning(plain(document.error), icon=":material/error:")
    if progress and document.status == "indexing":
        done, total, note = progress
        if total:
            st.progress(min(1.0, done / total), text=note)
        else:
            st.caption(f":material/hourglass_top: {note}")
    if st.session_state.get("asked") == (_TAGS, document.id):
        _edit_tags(document)
    if st.session_state.get("asked") == (_REMOVE, document.id):
        _confirm(document)


def _deeds(document: Document) -> list[str]:
    if document.status == "ready":
        return [_ASK, _TAGS, _REMOVE]
    return [_CANCEL if document.status == "indexing" else _RETRY, _TAGS, _REMOVE]


def _do(deed: str, document_id: str) -> None:
    """What a button does before the list is shown anew; one that asks something opens or closes its question."""
    library, asked = session.service().library, st.session_state.get("asked")
    _ask(None)
    try:
        if deed == _CANCEL:
            library.cancel(document_id)
        elif deed == _RETRY:
            library.retry(document_id)
        elif deed in (_TAGS, _REMOVE) and asked != (deed, document_id):
            _ask((deed, document_id))
    except ThroughlineError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _ask(question: tuple[str, str] | None) -> None:
    st.session_state["asked"] = question


def _edit_tags(document: Document) -> None:
    known, key = session.service().library.tags(), f"tags-of-{document.id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            "Tags",
            sorted({*known, *document.tags}),
            document.tags,
            key=key,
            on_change=_save_tags,
            args=(document.id, key),
            accept_new_options=True,
            placeholder="Choose a tag, or write a new one",
        )
        st.button("Done", key=f"done-{document.id}", on_click=_ask, args=(None,))
    if problem := st.session_state.get("tag-problem"):
        st.error(problem, icon=":material/error:")


def _save_tags(document_id: str, key: str) -> None:
    st.session_state["tag-problem"] = None
    try:
        session.service().library.set_tags(document_id, tuple(st.session_state[key]))
    except ThroughlineError as error:
        st.session_state["tag-problem"] = plain(error.message)


def _confirm(document: Document) -> None:
    st.markdown(f"**{_short(document.title)}** will no longer be searched. Answers that cite it keep what they quoted.")
    with st.container(horizontal=True):
        remove, icon = (document.id,), ":material/delete:"
        st.button("Remove", key="confirm-remove", type="primary", icon=icon, on_click=_remove, args=remove)
        st.button("Keep", key="confirm-keep", on_click=_ask, args=(None,))


def _remove(document_id: str) -> None:
    _ask(None)
    with suppress(NotFound):  # Another tab was faster.
        session.service().library.remove(document_id)


def _short(title: str) -> str:
    return plain(title if len(title) <= _TITLE else title[:_TITLE] + "…")


def _badges(document: Document) -> str:
    return "".join(f" :gray-badge[{plain(tag)}]" for tag in document.tags)


def _facts(document: Document) -> str:
    size = f"{document.size / 1e6:.1f} MB" if document.size >= 1e6 else f"{max(1, document.size // 1000)} KB"
    passages = "1 passage" if document.passages == 1 else f"{document.passages:,} passages"
    state = passages if document.status == "ready" else document.status
    facts = [_short(document.filename), size, state, f"{document.created_at.astimezone(zone()):%-d\u00a0%b\u00a0%Y}"]
    if address := web_address(document.url):
        facts.append(f"[saved page](<{address.translate(_BRACKETS)}>)")
    return " · ".join(facts)


_BRACKETS = str.maketrans({"<": "%3C", ">": "%3E", "\\": "%5C", "\n": "", "\r": "", " ": "%20"})
