"""A conversation's title and what can be done with the whole of it."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from pages._common import session
from pages._common.text import plain
from pages._exchange.exports import offer_export
from pages._exchange.share import show_share


def show_heading(conversation_id: str) -> None:
    """The title, the way to share it, and behind one button rename, pin, archive, replay, export and delete."""
    chat = session.service().chat
    conversation = chat.conversation(conversation_id)
    with st.container(horizontal=True, wrap=False, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{plain(conversation.title)}**", width="stretch")
        _offer_share(conversation_id, conversation.title)
        name = "Rename, pin, archive, export, delete"
        with st.popover(name, icon=":material/more_horiz:", type="tertiary", help=name, key="menu--icon"):
            _rename(conversation_id, conversation.title)
            pin, archive = conversation.pinned, conversation.archived
            if st.button("Unpin" if pin else "Pin", icon=":material/keep:", width="stretch"):
                chat.pin(conversation_id, not pin)
                st.rerun()
            if st.button("Unarchive" if archive else "Archive", icon=":material/archive:", width="stretch"):
                chat.archive(conversation_id, not archive)
                st.rerun()
            _offer_replay(conversation_id)
            offer_export([conversation_id], f"export-{conversation_id}")
            if st.button("Delete", icon=":material/delete:", width="stretch"):
                chat.delete(conversation_id)
                session.set_deleted((conversation_id, conversation.title))
                session.go_to(None)
                st.rerun()


def _offer_replay(conversation_id: str) -> None:
    at = session.branch()
    address = {"replay": conversation_id} | ({"at": at} if at else {})
    st.page_link("history.py", label="Replay", icon=":material/replay:", query_params=address, width="stretch")


def _offer_share(conversation_id: str, title: str) -> None:
    # Not a dialog: what is clicked in one waits until the answer that is being written here has ended.
    key = f"share-{conversation_id}--icon"
    popover = st.popover("Share", icon=":material/share:", type="tertiary", help="Share", key=key, on_change="rerun")
    if popover.open:
        with popover:
            show_share("conversation", conversation_id, title)


def _rename(conversation_id: str, title: str) -> None:
    with st.form(f"rename-{conversation_id}", border=False):
        renamed = st.text_input("Title", title, key=f"title-{conversation_id}")
        if st.form_submit_button("Rename", icon=":material/edit:", width="stretch") and renamed != title:
            try:
                session.service().chat.rename(conversation_id, renamed)
            except ThroughlineError as error:
                st.error(error.message)
            else:
                st.rerun()
