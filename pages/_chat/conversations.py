"""The list of conversations beside every page."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page

from core.errors import Unavailable
from core.models import Conversation
from pages._chat import scoping
from pages._common import session
from pages._common.text import plain

_LISTED = 30
_TITLE = 28


def show_conversations(chat: Page) -> None:
    """The conversations with the newest messages first; those in which an answer is being written say so."""
    service = session.service()
    st.session_state["revision"] = service.database.revision
    _offer_undo()
    limit, archived = st.session_state.get("listed", _LISTED), st.session_state.get("archived", False)
    pinned = service.chat.conversations(_LISTED, archived=archived, pinned=True)
    found = service.chat.conversations(limit + 1, archived=archived, pinned=False)
    streaming = service.chat.streaming()
    st.caption(_heading(archived, listed=bool(pinned or found)))
    with st.container(gap="xxsmall"):
        for conversation in [*pinned, *found[:limit]]:
            _row(chat, conversation, conversation.id in streaming)
    if archived or service.chat.conversations(1, archived=True):
        st.toggle("Archived", key="archived")
    if len(found) > limit and st.button("Show more", type="tertiary", icon=":material/expand_more:"):
        st.session_state["listed"] = limit * 2
        st.rerun()


def _heading(archived: bool, *, listed: bool) -> str:
    if listed:
        return "Archived conversations" if archived else "Conversations"
    return "Nothing is archived." if archived else "Your conversations will be listed here."


def _row(chat: Page, conversation: Conversation, streaming: bool) -> None:
    here = conversation.id == session.conversation_id()
    icon = ":material/stream:" if streaming else ":material/keep:" if conversation.pinned else None
    short = len(conversation.title) <= _TITLE
    title = plain(conversation.title if short else conversation.title[:_TITLE] + "…")
    help = "An answer is being written" if streaming else None if short else plain(conversation.title)
    if st.button(
        f"**{title}**" if here else title,
        key=f"open-{conversation.id}",
        icon=icon,
        type="tertiary",
        help=help,
    ):
        open_conversation(chat, conversation.id)


def open_conversation(chat: Page, conversation_id: str | None) -> None:
    """Shows a conversation, or a new one, from whatever page."""
    scoping.forget()
    if st.session_state["page"] == chat.url_path:  # From a page to itself `st.switch_page` loses the address.
        session.go_to(conversation_id)
        st.rerun()
    st.switch_page(chat, query_params={"c": conversation_id} if conversation_id else None)


def _offer_undo() -> None:
    deleted = session.deleted()
    if not deleted:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Deleted “{plain(deleted[1])}”")
        if st.button("Undo", type="tertiary", icon=":material/undo:"):
            session.service().chat.restore(deleted[0])
            session.set_deleted(None)
            session.go_to(deleted[0])
            st.rerun()


def show_health() -> None:
    """What is wrong with the disk or the clock, on every page for as long as it is."""
    health = session.service().health()
    if health.database != "ok":
        st.error(health.database, icon=":material/error:")
    if health.warning:
        st.warning(health.warning, icon=":material/warning:")


@st.fragment(run_every=2.0)
def watch_for_changes() -> None:
    """Shows what another tab or another program did, without a reload."""
    try:
        revision = session.service().database.revision
    except Unavailable:
        return
    if st.session_state.get("revision") != revision:
        st.rerun(scope="app")
