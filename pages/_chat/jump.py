"""The message that an address leads to: marked, and scrolled to when the page opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

# The page is built from above, and with a chat input it scrolls to its end meanwhile: for a moment the message is
# brought back, until the person scrolls.
_JS = """
const done = new WeakMap();
export default function ({ data, parentElement }) {
  const host = parentElement.host ?? parentElement;
  const message = host.closest(".st-key-sought");
  if (!message || done.get(host) === data.message) return;
  done.set(host, data.message);
  const until = performance.now() + 2500;
  let theirs = false;
  const deeds = ["wheel", "touchmove", "pointerdown", "keydown"];
  const stop = () => { theirs = true; };
  for (const deed of deeds) window.addEventListener(deed, stop, { once: true, passive: true });
  const go = () => {
    if (theirs || performance.now() > until || !message.isConnected) {
      for (const deed of deeds) window.removeEventListener(deed, stop);
      return;
    }
    message.scrollIntoView({ block: "start", behavior: "instant" });
    setTimeout(go, 100);
  };
  go();
}
"""
_jump = st.components.v2.component("throughline_jump", js=_JS)


@contextmanager
def marked(message_id: str) -> Iterator[None]:
    """What is shown inside is marked, and where the page opens."""
    with st.container(key="sought"):
        yield
        with st.container(key="jump"):
            _jump(data={"message": message_id}, key=f"jump-{message_id}", height="content")
