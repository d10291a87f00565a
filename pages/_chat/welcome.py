"""The empty chat: what this is, and questions to try it with."""

from __future__ import annotations

import streamlit as st

from core.retrieval.documents.samples import QUESTIONS
from pages._chat.scoping import Scope, titles
from pages._common import session
from pages._common.text import plain

_FEW = 25
"""Documents; among more, nobody needs the samples."""


def show_welcome(scope: Scope) -> str | None:
    """What to ask first; the question that was clicked."""
    st.title("Ask your documents", anchor=False)
    st.caption(
        "Answers are saved word by word while they are written. Reload, close the tab or lose the server: "
        "nothing that you have seen is lost."
    )
    if scope.document_ids:
        st.info(f"Asked here, questions search {plain(titles(scope))} alone.", icon=":material/library_books:")
        return None
    service = session.service()
    documents = service.library.list(_FEW + 1)
    if not documents:
        st.info(
            "There are no documents yet. Add some on the Documents page, or just chat.", icon=":material/upload_file:"
        )
    elif len(documents) <= _FEW and {document.filename for document in documents} & service.sample_names:
        for question in QUESTIONS:
            if st.button(question, icon=":material/chat_bubble:", width="stretch", key=f"try-{question}"):
                return str(question)
    return None
