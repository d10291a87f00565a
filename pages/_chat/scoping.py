"""Which documents a conversation searches: all, some, or none."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import cast

import streamlit as st

from core.errors import NotFound
from core.models import Message
from core.questions import Question
from pages._common import session
from pages._common.text import plain

_ALL, _SOME, _NONE = "All documents", "Only some", "No documents"
_TITLE = 24
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """What is searched for a question: these documents and those with any of `tags`; everything if neither is given.

    A tag stands for the documents that have it when the question is asked: with the question those are saved, and the
    tag with what is found in them.
    """

    retrieve: bool = True
    document_ids: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.retrieve and self.document_ids is None and not self.tags

    def question(self, text: str) -> Question:
        """A question within this scope, for the model that the visitor chose."""
        ids = self.document_ids
        if self.tags:
            ids = tuple(dict.fromkeys([*(ids or ()), *session.service().library.tagged(self.tags)]))
        return Question(
            text, session.chosen_model(), ids, self.retrieve, start=True, everything=self.everything, tags=self.tags
        )

    @property
    def label(self) -> str:
        """The scope in a few words, as Markdown."""
        if not self.retrieve:
            return _NONE
        if self.everything:
            return _ALL
        if not self.tags:
            return _documents(self)
        tags = f"{'Tag' if len(self.tags) == 1 else 'Tags'} {_short(', '.join(self.tags))}"
        return f"{tags} and {_documents(self)}" if self.document_ids else tags


def _documents(scope: Scope) -> str:
    ids = scope.document_ids or ()
    if len(ids) == 1:
        return _short(titles(scope)) or "A removed document"
    return f"{len(ids):,} documents" if ids else _NONE


def _short(text: str) -> str:
    return plain(text if len(text) <= _TITLE else text[:_TITLE] + "…")


def titles(scope: Scope) -> str:
    """The titles of the first few chosen documents that are there."""
    chosen = scope.document_ids or ()
    found = []
    for document_id in chosen[:_NAMED]:
        with suppress(NotFound):
            found.append(session.service().library.get(document_id).title)
    return ", ".join(found) + (f" and {len(chosen) - _NAMED:,} more" if len(chosen) > _NAMED else "")


def current(conversation: str | None, messages: list[Message]) -> Scope:
    """What this visitor chose here, else what the newest answer was given, else what the address names."""
    chosen = st.session_state.get(_key(conversation))
    if isinstance(chosen, Scope):
        return chosen
    if conversation is None:
        return Scope(document_ids=tuple(st.query_params.get_all("d")) or None)
    newest = next((message for message in reversed(messages) if message.stream_id), None)
    stream = session.service().streams.get(newest.stream_id) if newest and newest.stream_id else None
    if newest is None or stream is None:
        return Scope()
    tags = newest.retrieval.filter.tags if newest.retrieval else ()
    if not tags:
        return Scope(stream.retrieve, stream.document_ids)
    tagged = set(session.service().library.tagged(tags))
    return Scope(True, tuple(one for one in stream.document_ids or () if one not in tagged) or None, tags)


def keep(scope: Scope) -> None:
    """Makes `scope` what this run of the chat asks within."""
    st.session_state["scope"] = scope


def here() -> Scope:
    """What this run of the chat asks within."""
    return cast("Scope", st.session_state.get("scope", Scope()))


def begin(conversation: str, scope: Scope) -> None:
    """Keeps the tags that a conversation is asked within: its answer tells them once something was searched for."""
    if scope.tags:
        st.session_state[_key(conversation)] = scope
    forget()


def forget() -> None:
    """Lets a new conversation begin with everything."""
    st.session_state["new"] = st.session_state.get("new", 0) + 1


def pick_scope(conversation: str | None, scope: Scope) -> None:
    """The choice, behind a button that says what is chosen."""
    place, modes = _key(conversation), (_ALL, _SOME, _NONE)
    mode = _NONE if not scope.retrieve else _ALL if scope.everything else _SOME
    key = f"{place}-{mode}"  # When the choice is another, whoever made it, this is another widget that shows it.
    with st.popover(scope.label, icon=":material/library_books:", type="tertiary", key=f"pick-{place}"):
        name = "This conversation searches"
        picked = st.radio(name, modes, modes.index(mode), key=key, on_change=_choose, args=(place, key))
        if picked == _SOME:
            _pick_some(place, key, scope)


def _pick_some(place: str, mode_key: str, scope: Scope) -> None:
    """The choice of documents, by name or by tag."""
    library = session.service().library
    titles = library.titles()
    chosen = [found for found in scope.document_ids or () if found in titles]
    change, key = partial(_choose, place, mode_key), f"{place}-documents"
    st.multiselect("Documents", list(titles), chosen, titles.__getitem__, key=key, on_change=change)
    if known := sorted({*library.tags(), *scope.tags}):
        st.multiselect("With any of these tags", known, list(scope.tags), key=f"{place}-tags", on_change=change)
    if scope.everything:
        st.caption("Choose at least one. Until then, all are searched.")


def _choose(place: str, mode_key: str) -> None:
    """Keeps what was clicked."""
    mode = st.session_state[mode_key]
    if mode != _SOME:
        st.session_state[place] = Scope(mode != _NONE)
        return
    ids, tags = (tuple(st.session_state.get(f"{place}-{what}", ())) for what in ("documents", "tags"))
    st.session_state[place] = Scope(True, ids or None, tags)


def _key(conversation: str | None) -> str:
    """Where the choice of a conversation is kept; each new one has another place."""
    return f"scope-{conversation or st.session_state.get('new', 0)}"
