"""A source: the exact passage in its surroundings, on its page, and what rests on it."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFound
from core.models import Citation, Document, Message
from core.retrieval.answering.claims import readable
from pages._chat.sources import facts, support_word
from pages._common import session
from pages._common.html import block, web_address
from pages._common.text import plain
from pages._documents.excerpt import show_excerpt
from pages._documents.page_image import has_page, show_page

_LONGEST = 120


def main() -> None:
    """One run of the page; the address names a mark of an answer, or passages."""
    message_id, passages = st.query_params.get("message"), st.query_params.get_all("passage")
    try:
        if message_id:
            _show_cited(session.service().chat.message(message_id), st.query_params.get("mark", ""))
        elif passages:
            _show(_found(passages), st.query_params.get("words", ""))
        else:
            st.info("This address names no source. Open one from an answer or a search.", icon=":material/search_off:")
    except NotFound as error:
        st.info(error.message, icon=":material/search_off:")


def _show_cited(message: Message, mark: str) -> None:
    source = next((source for source in message.sources if str(source.mark) == mark), None)
    if source is None:
        st.info(f"This answer has no source {plain(f'[{mark}]')}.", icon=":material/search_off:")
        return
    _show(source)
    _show_use(message, source)


def _found(passage_ids: list[str]) -> Citation:
    """Passages of one document that were found together, as if they were cited."""
    passages = [session.service().library.passage(passage_id) for passage_id in passage_ids]
    first, last = min(passages, key=lambda p: p.ordinal), max(passages, key=lambda p: p.ordinal)
    quote = "\n\n".join(passage.text for passage in sorted(passages, key=lambda p: p.ordinal))
    ids = tuple(passage.id for passage in passages)
    place = first.title, first.page, quote, 0.0, 0, first.heading, first.start, last.end
    return Citation(0, first.id, first.document_id, *place, passage_ids=ids)


def _show(source: Citation, words: str = "") -> None:
    document = _document(source)
    if has_page(document, source):
        st.set_page_config(layout="wide")
    st.markdown(f"### {plain(source.title)}")
    where = [plain(source.heading) if source.heading else "", f"page {source.page}" if source.page else ""]
    if any(where):
        st.caption(" · ".join(filter(None, where)))
    _show_standing(document, source)
    if document and has_page(document, source):
        text, page = st.columns(2, gap="medium")
        with page, st.container(key="page"):
            show_page(document, source)
        with text:
            show_excerpt(source, words)
    else:
        show_excerpt(source, words)


def _document(source: Citation) -> Document | None:
    """The document, its newest version if it was replaced; None when it was removed."""
    try:
        return session.service().library.get(source.document_id)
    except NotFound:
        return None


def _show_standing(document: Document | None, source: Citation) -> None:
    """Whether the document is still what it was when the answer was written."""
    if document is None:
        st.info("This document was removed. The quote stands here as it was.", icon=":material/delete:")
        return
    if document.id != source.document_id:
        st.info("The document has a newer version. This is the text as it was cited.", icon=":material/history:")
    if address := web_address(document.url):
        st.link_button("The page it was saved from", address, icon=":material/open_in_new:", type="tertiary")


def _show_use(message: Message, source: Citation) -> None:
    """Which answer rests on the source, and how well."""
    chat = session.service().chat
    cited = source.mark in {citation.mark for citation in message.citations}
    st.divider()
    question = " ".join(chat.message(message.parent_id).content.split()) if message.parent_id else ""
    short = question if len(question) <= _LONGEST else question[:_LONGEST] + "…"
    said = f"Cited as [{source.mark}] in" if cited else "Given to the model and not cited in"
    st.markdown(plain(f"{said} the answer to “{short}”"))
    address = {"c": message.conversation_id, "at": message.id}
    st.page_link("chat.py", label="Open the answer", icon=":material/chat:", query_params=address, width="content")
    for support in message.supports:
        if support.mark == source.mark:
            sentence = block(readable(message.content[support.start : support.end]), "words")
            st.html(sentence + block(f"{support_word(support.score)} · similarity {support.score:.2f}", "facts"))
    st.caption(facts(source))


main()
