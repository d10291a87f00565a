"""A conversation's title and what can be done with the whole of it."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from pages import _state
from pages._text import plain


def show_heading(conversation_id: str) -> None:
    """The title, and behind one button rename, pin, archive and delete."""
    chat = _state.service().chat
    conversation = chat.conversation(conversation_id)
    with st.container(horizontal=True, wrap=False, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{plain(conversation.title)}**", width="stretch")
        name = "Rename, pin, archive, delete"
        with st.popover(name, icon=":material/more_horiz:", type="tertiary", help=name, key="menu--icon"):
            _rename(conversation_id, conversation.title)
            pin, archive = conversation.pinned, conversation.archived
            if st.button("Unpin" if pin else "Pin", icon=":material/keep:", width="stretch"):
                chat.pin(conversation_id, not pin)
                st.rerun()
            if st.button("Unarchive" if archive else "Archive", icon=":material/archive:", width="stretch"):
                chat.archive(conversation_id, not archive)
                st.rerun()
            if st.button("Delete", icon=":material/delete:", width="stretch"):
                chat.delete(conversation_id)
                _state.set_deleted((conversation_id, conversation.title))
                _state.go_to(None)
                st.rerun()


def _rename(conversation_id: str, title: str) -> None:
    with st.form(f"rename-{conversation_id}", border=False):
        renamed = st.text_input("Title", title, key=f"title-{conversation_id}")
        if st.form_submit_button("Rename", icon=":material/edit:", width="stretch") and renamed != title:
            try:
                _state.service().chat.rename(conversation_id, renamed)
            except ThroughlineError as error:
                st.error(error.message)
            else:
                st.rerun()
