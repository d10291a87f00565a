"""Buttons that show an icon alone and are called by their name where they are not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def icon_button(
    name: str,
    icon: str,
    key: str,
    *,
    disabled: bool = False,
    on_click: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
) -> bool:
    """A button that shows an icon; its name is read out, and shown where the pointer rests."""
    return st.button(
        name,
        key=f"{key}--icon",
        icon=f":material/{icon}:",
        type="tertiary",
        help=name,
        disabled=disabled,
        on_click=on_click,
        args=args,
    )
