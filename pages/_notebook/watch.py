"""Looks whether a notebook has changed, whoever changed it, and has only what changed shown anew."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from pages._notebook.state import WATCH, alone, look, refresh

_SOON, _LATER = 300, 2_000  # Milliseconds between looks while something runs, and else: another tab may edit.
# A fragment's own clock cannot name the fragments of single cells, as a widget's callback can. What is clicked in the
# sidebar mostly leads to another page; a look that comes at the same time would be for this one, and bring it back.
_JS = """
const PAUSE = 3000;
let quiet = 0;
export default function ({ data, setTriggerValue }) {
  const tick = () => { if (!document.hidden && Date.now() > quiet) setTriggerValue("tick", Date.now()); };
  const clicked = (event) => {
    if (event.target.closest?.("[data-testid=stSidebar], .st-key-all-notebooks")) quiet = Date.now() + PAUSE;
  };
  const timer = setInterval(tick, data.interval);
  document.addEventListener("visibilitychange", tick);
  for (const deed of ["pointerdown", "click"]) document.addEventListener(deed, clicked, true);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
    for (const deed of ["pointerdown", "click"]) document.removeEventListener(deed, clicked, true);
  };
}
"""
_clock = st.components.v2.component("throughline_clock", html="<span></span>", js=_JS)


def watch(notebook_id: str) -> None:
    """Keeps the page up to date from now on."""
    st.fragment(_watch, key=WATCH)(notebook_id)


def _watch(notebook_id: str) -> None:
    try:
        interval = _SOON if look(notebook_id).moving else _LATER
    except ThroughlineError:
        interval = _LATER

    def tick() -> None:
        try:
            _tick(notebook_id)
        except ThroughlineError:
            st.rerun()  # The page says what is wrong.

    _clock(data={"interval": interval}, key=f"clock-{notebook_id}", on_tick_change=tick, height="content")


def _tick(notebook_id: str) -> None:
    if alone() and st.session_state.get("notebook-seen") != (notebook_id, look(notebook_id).revision):
        st.session_state["notebook-seen"] = notebook_id, look(notebook_id).revision
        refresh(notebook_id)
