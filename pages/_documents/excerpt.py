"""A passage highlighted in its surroundings, in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import streamlit as st

from core.errors import NotFound
from core.models import Citation, Passage
from core.retrieval.searching.snippets import Part, snippet
from pages._common import session
from pages._common.html import block, marked
from pages._common.jump import in_sight

_AT_FIRST = 1
_MORE = 4


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The passages before and after a quote, and whether there are more."""

    before: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()
    more_above: bool = False
    more_below: bool = False


def show_excerpt(source: Citation, words: str = "") -> None:
    """Shows the quote between the passages around it; `words` are marked in it."""
    above, below = _reach(source.passage_id)
    around = surroundings(source, above, below)
    if around.more_above:
        _offer_more("Show more above", source.passage_id, above + _MORE, below)
    quote = marked(_parts(source.quote, words)) if words else block(source.quote, "words")
    before = around.before[-1].heading if around.before else source.heading
    heading = block(source.heading, "heading") if source.heading and source.heading != before else ""
    with st.container(gap=None):
        if around.before:
            st.html(_passages(around.before, None))
        with in_sight(source.passage_id):
            st.html(f'{heading}<div class="quote">{quote}</div>')
        if around.after:
            st.html(_passages(around.after, source.heading, source.end))
    if around.more_below:
        _offer_more("Show more below", source.passage_id, above, below + _MORE)


def surroundings(source: Citation, above: int, below: int) -> Surroundings:
    """The passages around a quote that may have been joined from several; none when the document is gone."""
    quoted = set(source.passage_ids) | {source.passage_id}
    reach = max(above, below) + len(quoted)
    try:
        found = session.service().library.surroundings(source.passage_id, reach)
    except NotFound:
        return Surroundings()
    places = [number for number, passage in enumerate(found) if passage.id in quoted]
    before, after = found[: places[0]], found[places[-1] + 1 :]
    return Surroundings(before[-above:], after[:below], len(before) > above, len(after) > below)


def _parts(quote: str, words: str) -> Iterator[Part]:
    """The whole quote with words marked, line by line, as a snippet has no lines."""
    for line in quote.splitlines():
        yield from snippet(line, words, len(line))
        yield Part("\n")


def _passages(passages: Sequence[Passage], heading: str | None, end: int | None = None) -> str:
    """Passages one below the other, each new heading once; what overlaps the one before is shown once."""
    shown = []
    for passage in passages:
        if passage.heading and passage.heading != heading:
            shown.append(block(passage.heading, "heading"))
        repeated = max(0, end - passage.start) if end is not None else 0
        shown.append(block(passage.text[repeated:], "words"))
        heading, end = passage.heading, passage.end
    return "".join(shown)


def _reach(passage_id: str) -> tuple[int, int]:
    return cast("tuple[int, int]", st.session_state.get(f"around-{passage_id}", (_AT_FIRST, _AT_FIRST)))


def _offer_more(label: str, passage_id: str, above: int, below: int) -> None:
    icon = ":material/expand_less:" if "above" in label else ":material/expand_more:"
    if st.button(label, key=f"{label}-{passage_id}", icon=icon, type="tertiary"):
        st.session_state[f"around-{passage_id}"] = above, below
        st.rerun()
