"""Parts of a cell that are there or not: nothing takes the place of what is not.

An element that is left out would stay on the page where several cells are shown anew at once.
"""

from __future__ import annotations

import re

import streamlit as st

from pages._common.text import plain


def error_or_nothing(error: str | None) -> None:
    """An error, if there is one; what DuckDB points at in the query stands below it, as wide as there."""
    if error:
        st.error(_laid_out(error), icon=":material/error:")
    else:
        st.empty()


def caption_or_nothing(words: str | None) -> None:
    """A quiet line, if there is something to say."""
    if words:
        st.caption(words, width="content")
    else:
        st.empty()


def nothing(parts: int) -> None:
    """Nothing, in the place of some parts."""
    for _ in range(parts):
        st.empty()


def _laid_out(error: str) -> str:
    said, pointed, place = error.partition("\nLINE ")
    words = "  \n".join(plain(line) for line in said.splitlines() if line)
    ticks = "`" * (3 + max((len(run) for run in re.findall("`+", place)), default=0))
    return f"{words}\n\n{ticks}text\nLINE {place}\n{ticks}" if pointed else words
