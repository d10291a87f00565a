"""A conversation as it was written, played in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.branches import path_to
from core.history.pace import SCRIPT
from core.history.replay import LONGEST_PAUSE
from core.models import Message, Role
from pages._common import session
from pages._common.text import plain
from pages._history.film import film

_PART = 20
"""Messages that are played in one go; longer branches have several parts."""
_FOLDER = Path(__file__).parent
# Streamlit calls it again whenever the page is run: the same film goes on as it is.
_JS = (
    SCRIPT
    + (_FOLDER / "player.js").read_text("utf-8")
    + """
const films = new WeakMap();
export default function ({ data, parentElement }) {
  const before = films.get(parentElement);
  if (before?.key === data.key) return;
  before?.player.pause();
  before?.player.root.remove();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const source = (message, mark) => `source?${new URLSearchParams({ message, mark })}`;
  const player = replay(parentElement, data.film, { from: data.from, play: !calm, source });
  films.set(parentElement, { key: data.key, player });
}
"""
)
_CSS = (_FOLDER / "player.css").read_text("utf-8")
_player = st.components.v2.component("throughline_replay", css=_CSS, js=_JS)


def show_replay(conversation_id: str, message_id: str | None) -> None:
    """The part of the conversation that has the message, from that message on.

    Raises:
        NotFound: there is no such conversation.
    """
    chat = session.service().chat
    conversation = chat.conversation(conversation_id)
    path = path_to(chat.tree(conversation_id), session.branch())
    at = next((number for number, node in enumerate(path) if node.id == message_id), 0)
    start = at - at % _PART
    ids = [node.id for node in path[start : start + _PART]]
    messages = [message for message in chat.messages(conversation_id, ids) if message.status.closed]
    st.title("Replay", anchor=False)
    address = _branch({"conversation": conversation_id} | ({"message": message_id} if message_id else {}))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{plain(conversation.title)}**", width="content")
        st.page_link("chat.py", label="Open the conversation", icon=":material/chat:", query_params=address)
    if len(messages) < len(ids):
        st.caption(":material/stream: An answer is still being written. When it is complete it can be replayed.")
    if not messages:
        return
    _play(conversation_id, messages, messages[max(0, _beginning(messages, message_id))].id if message_id else "")
    _offer_parts(conversation_id, [node.id for node in path], start)


def _play(conversation_id: str, messages: list[Message], first: str) -> None:
    made = _film(conversation_id, tuple((message.id, message.stream_id) for message in messages))
    begins = next((scene["from"] for scene in made["scenes"] if scene["id"] == first), 0)
    key = f"{messages[0].id}-{messages[-1].stream_id}-{first}"
    _player(data={"film": made, "from": begins, "key": key}, key=f"replay-{key}", height="content")
    st.caption(
        "Every piece of an answer comes when it came then. Pauses between messages are cut to "
        f"{LONGEST_PAUSE / 1000:g} s; what was imported without its times comes at once."
    )


@st.cache_data(max_entries=16, show_spinner="Reading what was written…")
def _film(conversation_id: str, streams: tuple[tuple[str, str | None], ...]) -> dict[str, Any]:
    """The film of closed messages, by their ids and last streams."""
    service = session.service()
    messages = service.chat.messages(conversation_id, [message_id for message_id, _ in streams])
    return film(messages, service.replays.of_messages(messages))


def _beginning(messages: list[Message], message_id: str) -> int:
    """The message, or the question before it that it answers."""
    at = next((number for number, message in enumerate(messages) if message.id == message_id), 0)
    return at - 1 if messages[at].role is Role.ASSISTANT else at


def _offer_parts(conversation_id: str, path: list[str], start: int) -> None:
    """The way to the messages before and behind those that are played."""
    if len(path) <= _PART:
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        _offer_part("Before", "chevron_left", conversation_id, path, start - _PART)
        st.caption(f"Messages {start + 1:,} to {min(len(path), start + _PART):,} of {len(path):,}", width="content")
        _offer_part("Behind", "chevron_right", conversation_id, path, start + _PART)


def _offer_part(label: str, icon: str, conversation_id: str, path: list[str], at: int) -> None:
    inside = 0 <= at < len(path)
    if st.button(label, icon=f":material/{icon}:", type="tertiary", disabled=not inside):
        st.query_params.from_dict(_branch({"replay": conversation_id, "message": path[at]}))
        st.rerun()


def _branch(address: dict[str, str]) -> dict[str, str]:
    """An address on the branch that this one names."""
    at = st.query_params.get("at")
    return address | ({"at": at} if at else {})
