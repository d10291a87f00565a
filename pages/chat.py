"""The chat: one branch of one conversation, its newest messages, and the answer that is being written."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st

from core.branches import path_to
from core.errors import NotFound, ThroughlineError
from core.models import Message, Node, Status
from core.questions import LONGEST_QUESTION
from pages._chat import scoping
from pages._chat.heading import show_heading
from pages._chat.live import show_live
from pages._chat.messages import AVATARS, show_message
from pages._chat.models import pick_model
from pages._chat.welcome import show_welcome
from pages._chat.window import Window, window
from pages._common import session
from pages._common.jump import marked

_NOTHING: tuple[list[Message], list[Node], Window] = [], [], window((), 0)


def main() -> None:
    """One run of the page."""
    conversation = session.conversation_id()
    try:
        messages, nodes, seen = _open(conversation) if conversation else _NOTHING
    except NotFound as error:
        st.info(error.message, icon=":material/search_off:")
        messages, nodes, seen = _NOTHING
        conversation = None
    live = messages[-1] if messages and not messages[-1].status.closed else None
    scope = scoping.current(conversation, messages)
    scoping.keep(scope)
    question = _show_input(live, conversation, scope)
    if conversation:
        show_heading(conversation)
    else:
        question = show_welcome(scope) or question
    if question:
        _ask(question, conversation, messages, scope)
    if conversation:
        _show_messages(conversation, [message for message in messages if message is not live], nodes, seen)
    if problem := session.said():
        st.error(problem, icon=":material/error:")
    if live:
        _show_unfinished(live)


def _open(conversation: str) -> tuple[list[Message], list[Node], Window]:
    """The messages of the branch that are shown, the whole tree, and which of the branch they are."""
    chat = session.service().chat
    nodes = chat.tree(conversation)
    seen = window(path_to(nodes, session.branch()), session.shown(conversation), session.sought())
    messages = chat.messages(conversation, [node.id for node in (*seen.around, *seen.newest)])
    return messages, nodes, seen


def _show_messages(conversation: str, messages: list[Message], nodes: list[Node], seen: Window) -> None:
    """The messages that are complete, with a button where some are left out."""
    sought = session.sought()
    if sought and all(node.id != sought for node in nodes):
        st.info("The message that this link leads to is not in this conversation.", icon=":material/search_off:")
    if seen.earlier:
        _offer_more(f"Show earlier messages ({seen.earlier:,})", conversation)
    for number, message in enumerate(messages):
        if number == len(seen.around) and seen.between:
            _offer_more(f"Show more of the {seen.between:,} messages between", conversation)
        with marked(message.id) if message.id == sought else nullcontext():
            show_message(message, nodes)


def _offer_more(label: str, conversation: str) -> None:
    st.button(label, on_click=session.show_more, args=(conversation,), type="tertiary")


def _show_input(live: Message | None, conversation: str | None, scope: scoping.Scope) -> str | None:
    """The question's place, and below it model and documents and, while an answer is written, its Stop."""
    hint = "Stop the answer to ask something else" if live else "Ask your documents"
    with st.bottom:
        text = st.chat_input(hint, disabled=live is not None, max_chars=LONGEST_QUESTION, key="question")
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            pick_model()
            scoping.pick_scope(conversation, scope)
            if live:
                _offer_stop(live)
    return text


def _offer_stop(live: Message) -> None:
    """A Stop that is said to the engine: whoever presses it, in whatever tab, and after a reload."""
    chat = session.service().chat
    assert live.stream_id is not None
    with st.container(horizontal=True, width="content"):  # They stay together where the line is too short.
        if live.status is Status.PENDING and st.button("Start", icon=":material/play_arrow:"):
            chat.start(live.stream_id)
        if st.button("Stop", key=f"stop-{live.stream_id}", icon=":material/stop_circle:"):
            chat.stop(live.stream_id)


def _ask(text: str, conversation: str | None, messages: list[Message], scope: scoping.Scope) -> None:
    chat = session.service().chat
    try:
        question = scope.question(text)
        if conversation:
            asked = chat.ask(conversation, question, messages[-1].id if messages else None)
        else:
            asked = chat.begin(question)
    except ThroughlineError as error:
        st.error(f"{error.message} Your question was not saved:", icon=":material/error:")
        st.code(text, language=None, wrap_lines=True)
        st.stop()
    scoping.begin(asked.conversation_id, scope)
    session.go_to(asked.conversation_id)
    st.rerun()


def _show_unfinished(message: Message) -> None:
    """Follows the answer until it is closed, then shows it as it stays."""
    with st.chat_message("assistant", avatar=AVATARS[message.role]):
        service = session.service()

        def marks() -> set[int]:
            return {source.mark for source in service.chat.message(message.id).sources}

        show_live(service.follower, message, len(service.chat.streaming()), marks)
    st.rerun()


main()
