"""What an answer rests on: the sources it cites, those it was given besides, and how they were found."""

from __future__ import annotations

import streamlit as st

from core.models import Citation, Message, Retrieval
from pages._chat.marks import source_address
from pages._common.html import block, link, place
from pages._common.text import plain

WEAK = 0.35
"""The cosine of a sentence and its passage below which the one hardly rests on the other."""
_TITLE = 40


def show_sources(message: Message) -> None:
    """The sources panel under an answer."""
    if message.unsupported:
        st.caption(":material/info: No passage of your documents supports this answer.")
    if message.citations:
        with st.container(horizontal=True, gap="small"):
            for source in message.citations:
                _chip(message, source, _entry(message, source))
    cited = {source.mark for source in message.citations}
    others = [source for source in message.sources if source.mark not in cited]
    if others:
        count = "1 more passage was" if len(others) == 1 else f"{len(others)} more passages were"
        with st.expander(f"{count} found and not cited", icon=":material/format_quote:"):
            st.html("".join(_entry(message, source) for source in others))
    if message.retrieval:
        st.caption(_searched(message.retrieval))


def show_quotes(message: Message) -> None:
    """The sources that an answer cites, each with its quote alone, for who may see no more of the documents."""
    if message.citations:
        with st.container(horizontal=True, gap="small"):
            for source in message.citations:
                where = block(place(source.title, source.heading, source.page), "place")
                _chip(message, source, where + block(source.quote, "quote"))


def _chip(message: Message, source: Citation, entry: str) -> None:
    title = source.title if len(source.title) <= _TITLE else source.title[:_TITLE] + "…"
    page = f", p. {source.page}" if source.page else ""
    weak = " · weakly supported" if _weak(message, source) else ""
    label = plain(f"[{source.mark}] {title}{page}{weak}")
    with st.popover(label, icon=":material/format_quote:"):
        st.html(entry)


def _entry(message: Message, source: Citation) -> str:
    """One source: where it stands, how it was found, the quote, and the way into the document."""
    return (
        block(place(source.title, source.heading, source.page), "place")
        + block(facts(source, _support(message, source)), "facts")
        + block(source.quote, "quote")
        + f'<div class="facts">{link("Open in the document", source_address(message.id, source.mark))}</div>'
    )


def facts(source: Citation, support: float | None = None) -> str:
    """How a source was found: rank and score, and what they were made of."""
    parts = [f"rank {source.rank}", f"score {source.score:.3g}"]
    if source.semantic_rank and source.semantic_score is not None:
        parts.append(f"by meaning {source.semantic_rank} ({source.semantic_score:.2f})")
    if source.lexical_rank and source.lexical_score is not None:
        parts.append(f"by words {source.lexical_rank} ({source.lexical_score:.1f})")
    if source.rerank_score is not None:
        parts.append(f"reranked {source.rerank_score:.2f}")
    if support is not None:
        parts.append(support_word(support))
    return " · ".join(parts)


def support_word(score: float) -> str:
    """How well a sentence rests on its passage, in a word or two."""
    return "weakly supported" if score < WEAK else "supported"


def _support(message: Message, source: Citation) -> float | None:
    """The support of the sentence that rests on the source least."""
    return min((support.score for support in message.supports if support.mark == source.mark), default=None)


def _weak(message: Message, source: Citation) -> bool:
    support = _support(message, source)
    return support is not None and support < WEAK


def _searched(retrieval: Retrieval) -> str:
    """The quiet line of a retrieval; the query where it is not the question."""
    query = f" for “{plain(retrieval.query)}”" if retrieval.query != retrieval.question else ""
    passages = "1 passage" if retrieval.searched == 1 else f"{retrieval.searched:,} passages"
    return f"searched {passages}{query} in {retrieval.timings.total:,.0f} ms"
