"""The empty chat: what this is, and questions to try it with."""

from __future__ import annotations

import streamlit as st

from core.retrieval.samples import QUESTIONS
from pages import _state


def show_welcome() -> str | None:
    """What to ask first; the question that was clicked."""
    st.title("Ask your documents", anchor=False)
    st.caption(
        "Answers are saved word by word while they are written. Reload, close the tab or lose the server: "
        "nothing that you have seen is lost."
    )
    service = _state.service()
    documents = service.library.list()
    if {document.filename for document in documents} & service.sample_names:
        for question in QUESTIONS:
            if st.button(question, icon=":material/chat_bubble:", width="stretch", key=f"try-{question}"):
                return str(question)
    elif not documents:
        st.info(
            "There are no documents yet. Add some on the Documents page, or just chat.", icon=":material/upload_file:"
        )
    return None
