"""Messages that were found, and the choice of those whose conversations are taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import cast
from urllib.parse import urlencode

import streamlit as st

from core.history.search import Hit
from core.models import Role, Status
from pages._common.html import block, link, marked
from pages._common.text import plain
from pages._common.times import moment
from pages._exchange.exports import offer_export

MOST = 2_000
"""Messages whose conversations are chosen at once."""
_TITLE = 80


def show_hits(hits: tuple[Hit, ...]) -> None:
    """One card a message: what was found in it, where it stands, and the ways to it."""
    picked = selected()
    for hit in hits:
        with st.container(horizontal=True, wrap=False, vertical_alignment="top", gap="xsmall"):
            on = hit.conversation_id in picked
            key = f"pick-{hit.message_id}-{on}"  # Another card of the conversation changes it too.
            name, args = f"Choose “{plain(hit.title)}” for export", (hit.conversation_id, key)
            st.checkbox(name, on, key=key, label_visibility="collapsed", on_change=_tick, args=args)
            st.html(_card(hit), width="stretch")


def _card(hit: Hit) -> str:
    title = hit.title if len(hit.title) <= _TITLE else hit.title[:_TITLE] + "…"
    there = {"conversation": hit.conversation_id, "message": hit.message_id}
    replay = {"replay": hit.conversation_id, "message": hit.message_id}
    # In a new tab, so that what was found stays where it is.
    return (
        f'<div class="place" dir="auto">{link(title, "./?" + urlencode(there))}</div>'
        + marked(hit.snippet)
        + (block(hit.error, "problem") if hit.error else "")
        + f'<div class="facts">{escape(_facts(hit))} · {link("Replay", "history?" + urlencode(replay))}</div>'
    )


def _facts(hit: Hit) -> str:
    """The quiet line: who and when, and what is to be said of an answer."""
    facts = ["Question" if hit.role is Role.USER else "Answer", moment(hit.created_at)]
    if hit.role is Role.ASSISTANT:
        facts.append(hit.model or "")
        facts.append(hit.status.value if hit.status and hit.status is not Status.DONE else "")
        facts.append("👍" if hit.rating == 1 else "👎" if hit.rating == -1 else "")
        facts.append(f"${hit.cost:.6f}".rstrip("0") if hit.cost else "")
    return " · ".join(fact for fact in facts if fact)


def selected() -> dict[str, None]:
    """The ids of the conversations that were chosen, in the order of choosing."""
    return cast("dict[str, None]", st.session_state.setdefault("history-selected", {}))


def _tick(conversation_id: str, key: str) -> None:
    if st.session_state.get(key):
        selected()[conversation_id] = None
    else:
        selected().pop(conversation_id, None)


def show_selection(hits: tuple[Hit, ...], everything: Callable[[], Iterable[Hit]] | None) -> None:
    """What is chosen, and its export; `everything` finds what is on other pages too, if there are any."""
    picked = selected()
    # The label stays the same: with another one the popover would close.
    with st.popover("Export", icon=":material/download:", type="tertiary", key="history-export"):
        if not picked:
            st.caption("Tick messages below: their conversations are taken out as a whole.")
        else:
            count = "1 conversation is" if len(picked) == 1 else f"{len(picked):,} conversations are"
            st.markdown(f"**{count} chosen**")
            offer_export(list(picked), "history")
        if any(hit.conversation_id not in picked for hit in hits):
            _offer("Choose all of this page", lambda: _choose(hits))
        if everything:
            _offer(f"Choose all that were found, up to {MOST:,} messages", lambda: _choose(everything()))
        if picked:
            _offer("Choose none", picked.clear)


def _offer(label: str, deed: Callable[[], None]) -> None:
    st.button(label, type="tertiary", on_click=deed)


def _choose(hits: Iterable[Hit]) -> None:
    selected().update(dict.fromkeys(hit.conversation_id for hit in hits))
