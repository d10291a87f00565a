"""One message as a person sees it when it is complete: text, sources, what it took, what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import ThroughlineError
from core.models import Asked, Message, Node, Role, Status
from pages._chat import scoping
from pages._chat.branches import show_branches
from pages._chat.marks import linked
from pages._chat.sources import show_sources
from pages._common import session
from pages._common.copying import copy_button
from pages._common.icons import icon_button
from pages._common.text import escaped

AVATARS = {Role.USER: ":material/person:", Role.ASSISTANT: ":material/timeline:"}
ENDINGS = {
    Status.STOPPED: "Stopped. What was written is kept.",
    Status.ERROR: "The model's side failed.",
    Status.TIMEOUT: "No token came for too long.",
    Status.INTERRUPTED: "The server stopped while this was being written. Everything you had seen is here.",
}


def show_message(message: Message, nodes: list[Node]) -> None:
    """Shows a message that is not being written."""
    with st.chat_message(message.role.value, avatar=AVATARS[message.role]):
        if message.role is Role.USER:
            _show_question(message, nodes)
        else:
            _show_answer(message, nodes)


def _show_question(message: Message, nodes: list[Node]) -> None:
    if session.editing() == message.id:
        _show_editor(message)
        return
    with st.container(horizontal=True, gap="small", wrap=False):
        st.markdown(escaped(message.content), width="stretch")
        name = "Edit and ask again; the present branch stays"
        icon_button(name, "edit", f"edit-{message.id}", on_click=session.edit, args=(message.id,))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _show_branches(message, nodes)


def _show_editor(message: Message) -> None:
    with st.form(f"editor-{message.id}", border=False):
        text = st.text_area("Your question", message.content, label_visibility="collapsed", key=f"text-{message.id}")
        with st.container(horizontal=True):
            send = st.form_submit_button("Send", type="primary")
            cancel = st.form_submit_button("Cancel")
    if send or cancel:
        session.edit(None)
    if send:
        question = scoping.here().question(text)
        _do(lambda: session.service().chat.edit(message.id, question))
    if cancel:
        st.rerun()


def _show_answer(message: Message, nodes: list[Node]) -> None:
    if message.reasoning:
        with st.expander("Reasoning", icon=":material/neurology:"):
            st.markdown(escaped(message.reasoning))
    else:
        st.empty()
    st.markdown(escaped(linked(message.content, message.id, [source.mark for source in message.sources])))
    _show_ending(message)
    show_sources(message)
    _show_deeds(message, nodes)
    st.caption(_taken(message))


def _show_ending(message: Message) -> None:
    if message.status in ENDINGS:
        show = st.info if message.status is Status.STOPPED else st.warning
        show(escaped(message.error or ENDINGS[message.status]), icon=":material/error:")
    elif message.finish_reason == "length":
        st.info("The answer reached the model's length limit: Continue asks for more.", icon=":material/more_horiz:")
    elif message.finish_reason == "content_filter":
        st.warning("The provider's content filter ended this answer. Ask in another way.", icon=":material/block:")


def _show_deeds(message: Message, nodes: list[Node]) -> None:
    chat = session.service().chat
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if message.continuable:
            label, icon = ("Continue", "play_arrow") if message.content else ("Try again", "refresh")
            if st.button(label, key=f"continue-{message.id}", icon=f":material/{icon}:", type="primary"):
                _do(lambda: chat.go_on(message.id, start=True))
        _show_branches(message, nodes)
        if message.content:
            copy_button(message.content, key=f"copy-{message.id}")
        if st.button("Regenerate", key=f"again-{message.id}", icon=":material/refresh:", type="tertiary"):
            _do(lambda: chat.regenerate(message.id, model=session.chosen_model(), start=True))
        if message.content:
            _show_thumbs(message)


def _show_thumbs(message: Message) -> None:
    # The rating is in the key: another one, given here or in another tab, makes another widget that shows it.
    key = f"thumbs-{message.id}-{message.rating}"
    default = None if message.rating is None else int(message.rating > 0)
    st.feedback("thumbs", key=key, default=default, on_change=_rate, args=(message.id, key))


def _rate(message_id: str, key: str) -> None:
    thumb = st.session_state[key]
    session.service().chat.rate(message_id, 0 if thumb is None else 1 if thumb else -1)


def _show_branches(message: Message, nodes: list[Node]) -> None:
    show_branches(message, nodes, lambda other: session.go_to(message.conversation_id, other))


def _do(deed: Callable[[], Asked]) -> None:
    """Does what a button asks for and shows it; a failure is said in the next run, above the input."""
    try:
        asked = deed()
    except ThroughlineError as error:
        session.say(error.message)
    else:
        session.go_to(asked.conversation_id, asked.message_id)
    st.rerun()


def _taken(message: Message) -> str:
    """The quiet line: model, tokens, cost, time to first token, speed."""
    usage = message.usage
    parts = [message.model or ""]
    if usage.prompt_tokens is not None and usage.completion_tokens is not None:
        parts.append(f"{usage.prompt_tokens:,} → {usage.completion_tokens:,} tokens")
    if usage.cost is not None:
        parts.append("free" if usage.cost == 0 else f"\\${usage.cost:.6f}".rstrip("0"))
    if message.first_token_ms is not None:
        parts.append(f"first token {message.first_token_ms / 1000:.1f} s")
    writing = (message.duration_ms or 0) - (message.first_token_ms or 0)
    if usage.completion_tokens and writing > 0:
        parts.append(f"{usage.completion_tokens / writing * 1000:.0f} tokens/s")
    return " · ".join(part for part in parts if part)
