"""The way from one branch of a conversation to the next, where there are several."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.branches import siblings
from core.models import Message, Node
from pages._common.icons import icon_button


def show_branches(message: Message, nodes: list[Node], go_to: Callable[[str], None]) -> None:
    """Two arrows and a count where a message stands beside others; `go_to` has the page show another one."""
    node = next(node for node in nodes if node.id == message.id)
    family = siblings(nodes, node)
    if len(family) < 2:
        return
    at = family.index(node)
    for label, other, icon in (("Earlier branch", at - 1, "chevron_left"), ("Later branch", at + 1, "chevron_right")):
        if label == "Later branch":
            st.caption(f"{at + 1} / {len(family)}", width="content")
        inside = 0 <= other < len(family)
        if icon_button(label, icon, f"branch-{icon}-{message.id}", disabled=not inside):
            go_to(family[other].id)
            st.rerun()
