"""What belongs to one visitor: the address of the page and the session, each behind a name."""

from __future__ import annotations

import time
from typing import cast

import streamlit as st

from core.service import Service, current

SHOWN_AT_FIRST = 20


def service() -> Service:
    """The open service."""
    return current()


def opened() -> float:
    """When this visitor's page was opened, in seconds of the monotonic clock."""
    return cast("float", st.session_state.setdefault("opened", time.monotonic()))


def conversation_id() -> str | None:
    """The conversation that the address names."""
    return st.query_params.get("c") or st.query_params.get("conversation")


def branch() -> str | None:
    """The message whose branch the address names."""
    return st.query_params.get("at") or sought()


def sought() -> str | None:
    """The message that the address leads to, as that of something found does."""
    return st.query_params.get("message")


def go_to(conversation: str | None, at: str | None = None) -> None:
    """Changes the address, for this run and the next."""
    wanted = {"c": conversation, "at": at}
    st.query_params.from_dict({name: value for name, value in wanted.items() if value})


def shown(conversation: str) -> int:
    """How many of a conversation's newest messages are shown."""
    return cast("int", st.session_state.get(f"shown-{conversation}", SHOWN_AT_FIRST))


def show_more(conversation: str) -> None:
    """Shows as many earlier messages again."""
    st.session_state[f"shown-{conversation}"] = shown(conversation) * 2


def chosen_model() -> str:
    """The model that this visitor chose."""
    return cast("str", st.session_state.get("model") or service().settings.model)


def choose_model(model: str) -> None:
    """Keeps the choice for all pages of this visit."""
    st.session_state["model"] = model


def draft(question: str) -> None:
    """Puts a question into the input of the chat, unsent."""
    st.session_state["question"] = question


def editing() -> str | None:
    """The question that is being edited."""
    return cast("str | None", st.session_state.get("editing"))


def edit(message_id: str | None) -> None:
    """Opens a question for editing, or closes the editor."""
    st.session_state["editing"] = message_id


def deleted() -> tuple[str, str] | None:
    """The id and title of the conversation that was deleted last, while it can be taken back."""
    return cast("tuple[str, str] | None", st.session_state.get("deleted"))


def set_deleted(conversation: tuple[str, str] | None) -> None:
    """Remembers what can be taken back."""
    st.session_state["deleted"] = conversation


def say(problem: str) -> None:
    """Keeps a sentence to be shown in the next run, where the person is looking."""
    st.session_state["problem"] = problem


def said() -> str | None:
    """The sentence that was kept, once."""
    return cast("str | None", st.session_state.pop("problem", None))


def refuse(problems: list[str]) -> None:
    """Keeps why files were not taken, until it is dismissed or more are added."""
    st.session_state["refused"] = problems


def refusals() -> list[str]:
    """Why files were not taken."""
    return cast("list[str]", st.session_state.get("refused", []))
