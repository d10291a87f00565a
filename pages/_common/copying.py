"""A button that copies a text in one click, where the browser allows it on plain http too."""

from __future__ import annotations

import streamlit as st

_HTML = '<button type="button">Copy</button>'
_CSS = """
button {
  font: inherit; font-size: 0.875rem; line-height: 1.6; padding: 0.25rem 0.6rem; cursor: pointer;
  color: var(--st-text-color); background: transparent; border: none; border-radius: var(--st-button-radius);
  opacity: 0.75;
}
button:hover, button:focus-visible { opacity: 1; background: var(--st-secondary-background-color); }
"""
_JS = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.title = data.name;
  button.ariaLabel = data.name;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text);
    } catch {
      const area = document.createElement("textarea");
      area.value = data.text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
}
"""

_button = st.components.v2.component("throughline_copy", html=_HTML, css=_CSS, js=_JS)


def copy_button(text: str, key: str, name: str = "Copy the answer") -> None:
    """Offers to copy `text`; `name` is read out, and shown where the pointer rests."""
    _button(data={"text": text, "name": name}, key=key, width="content", height="content")
