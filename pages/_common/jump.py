"""What an address leads to, a message or a passage: scrolled to when the page opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

# The page is built from above, and with a chat input it scrolls to its end meanwhile: for a moment the place is
# brought back, until the person scrolls.
_JS = """
const done = new WeakMap();
export default function ({ data, parentElement }) {
  const host = parentElement.host ?? parentElement;
  const place = host.closest(".st-key-" + data.place);
  if (!place || done.get(host) === data.id) return;
  done.set(host, data.id);
  const until = performance.now() + 2500;
  let theirs = false;
  const deeds = ["wheel", "touchmove", "pointerdown", "keydown"];
  const stop = () => { theirs = true; };
  for (const deed of deeds) window.addEventListener(deed, stop, { once: true, passive: true });
  const go = () => {
    if (theirs || performance.now() > until || !place.isConnected) {
      for (const deed of deeds) window.removeEventListener(deed, stop);
      return;
    }
    place.scrollIntoView({ block: data.block, behavior: "instant" });
    setTimeout(go, 100);
  };
  go();
}
"""
_jump = st.components.v2.component("throughline_jump", js=_JS)


@contextmanager
def marked(message_id: str) -> Iterator[None]:
    """What is shown inside is marked, and where the page opens."""
    with _place("sought", message_id, "start"):
        yield


@contextmanager
def in_sight(passage_id: str) -> Iterator[None]:
    """What is shown inside is seen when the page opens."""
    with _place("cited", passage_id, "nearest"):
        yield


@contextmanager
def _place(key: str, name: str, block: str) -> Iterator[None]:
    with st.container(key=key):
        yield
        with st.container(key="jump"):
            _jump(data={"place": key, "id": name, "block": block}, key=f"jump-{name}", height="content")
