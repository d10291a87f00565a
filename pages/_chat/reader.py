"""A shared conversation as its reader sees it: the words, the quotes they cite, and a way to go on alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import streamlit as st

from core.branches import path_to
from core.errors import LinkNotFound, ThroughlineError
from core.models import Message, Node, Role
from core.streams.follow import Update
from pages._chat.branches import show_branches
from pages._chat.live import show_live
from pages._chat.messages import AVATARS, ENDINGS
from pages._chat.sources import show_quotes
from pages._chat.window import window
from pages._common import session
from pages._common.copying import copy_button
from pages._common.icons import icon_button
from pages._common.text import escaped

_GO_ON = "Continue from here"
_ICON = "fork_right"


def show_shared_conversation(token: str) -> None:
    """The branch that the address names, and the answer that is being written in it.

    Raises:
        LinkNotFound: the link has ended.
    """
    sharing = session.service().sharing
    nodes = sharing.tree(token)
    seen = window(path_to(nodes, st.query_params.get("at")), session.shown(token))
    messages = sharing.messages(token, [node.id for node in seen.newest])
    if seen.earlier:
        label = f"Show earlier messages ({seen.earlier:,})"
        st.button(label, on_click=session.show_more, args=(token,), type="tertiary")
    for message in messages:
        if message.status.closed:
            _show(message, nodes, token)
    if messages and not messages[-1].status.closed:
        _follow(messages[-1], token)


def _show(message: Message, nodes: list[Node], token: str) -> None:
    with st.chat_message(message.role.value, avatar=AVATARS[message.role]):
        if message.role is Role.USER:
            with st.container(horizontal=True, gap="small", wrap=False):
                st.markdown(escaped(message.content), width="stretch")
                if icon_button(_GO_ON, _ICON, f"fork-{message.id}"):
                    _fork(token, message)
        else:
            _show_answer(message)
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            show_branches(message, nodes, _go_to)
            if message.role is Role.ASSISTANT:
                _show_deeds(message, token)


def _show_answer(message: Message) -> None:
    if message.reasoning:
        with st.expander("Reasoning", icon=":material/neurology:"):
            st.markdown(escaped(message.reasoning))
    else:
        st.empty()
    st.markdown(escaped(message.content))
    if message.status in ENDINGS:
        st.info(escaped(message.error or ENDINGS[message.status]), icon=":material/info:")
    show_quotes(message)


def _show_deeds(message: Message, token: str) -> None:
    if message.content:
        copy_button(message.content, key=f"copy-{message.id}")
    if st.button(_GO_ON, key=f"fork-{message.id}", icon=f":material/{_ICON}:", type="tertiary"):
        _fork(token, message)


def _go_to(message_id: str) -> None:
    st.query_params["at"] = message_id


def _fork(token: str, message: Message) -> None:
    """Makes a conversation of the reader's own, and goes there."""
    try:
        conversation = session.service().sharing.fork(token, message.id)
    except LinkNotFound:
        raise
    except ThroughlineError as error:
        st.error(error.message, icon=":material/error:")
        return
    st.switch_page("chat.py", query_params={"c": conversation})


def _follow(message: Message, token: str) -> None:
    """Follows an answer until it is closed, or the link ends."""
    service = session.service()
    # When the link ends, the next run says so, and shows nothing else.
    with st.chat_message("assistant", avatar=AVATARS[message.role]), suppress(LinkNotFound):
        show_live(_Allowed(token), message, len(service.chat.streaming()), tuple)
    st.rerun()


class _Allowed:
    """Follows streams for as long as a link shows them."""

    def __init__(self, token: str) -> None:
        self._token = token

    def follow(self, stream_id: str, *, tick: float | None = None) -> Iterator[Update]:
        """The updates of a stream.

        Raises:
            LinkNotFound: the link has ended.
        """
        service = session.service()
        for update in service.follower.follow(stream_id, tick=tick):
            if not service.sharing.may_follow(self._token, stream_id):
                raise LinkNotFound
            yield update
