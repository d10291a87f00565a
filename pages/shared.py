"""What a link shows to whoever holds it: a conversation or a notebook, to read, as it goes on."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.errors import LinkNotFound, StorageError, ThroughlineError
from core.sharing.sharing import Shared
from pages._chat.reader import show_shared_conversation
from pages._common import session
from pages._common.text import plain
from pages._notebook.view import show_notebook_view

_LOOK_EVERY = 2.0
_SAID = {
    "conversation": "It is shown as it goes on. Continue it from any message in a conversation of your own.",
    "notebook": "It shows the results of its last run.",
}


def main() -> None:
    """One run of the page."""
    token = st.query_params.get("token", "")
    try:
        shared = _open(token)
        seen = _mark(token, shared)
        st.set_page_config(page_title=f"{shared.title} · Throughline")
        st.markdown(f"### {plain(shared.title)}")
        st.caption(f":material/visibility: This {shared.kind} is shared with you to read. {_SAID[shared.kind]}")
        if shared.kind == "notebook":
            _show_notebook(token)
        else:
            show_shared_conversation(token)
    except LinkNotFound as error:
        st.info(error.message, icon=":material/link_off:")
    except ThroughlineError:  # What went wrong is for the owner, who sees it on every other page.
        st.error("This cannot be shown now. Try again in a moment.", icon=":material/error:")
    else:
        _watch(token, shared.kind, seen)


def _show_notebook(token: str) -> None:
    sharing = session.service().sharing
    show_notebook_view(sharing.notebook(token), sharing.states(token), partial(sharing.table, token))


def _open(token: str) -> Shared:
    """What the link opens; each visit counts once."""
    sharing, visited = session.service().sharing, f"visited-{token}"
    if visited not in st.session_state:
        st.session_state[visited] = True
        try:
            return sharing.open(token, count=True)
        except StorageError:
            pass  # That a visit cannot be counted keeps nobody from reading.
    return sharing.open(token, count=False)


def _mark(token: str, shared: Shared) -> object:
    """What is another when there is something else to show."""
    service = session.service()
    if shared.kind == "notebook":
        return shared, service.notebooks.revision(shared.target_id)
    nodes = service.sharing.tree(token)
    newest = service.sharing.messages(token, [node.id for node in nodes[-1:]])
    return shared, nodes, [(message.stream_id, message.status) for message in newest]


@st.fragment(run_every=_LOOK_EVERY)
def _watch(token: str, kind: str, seen: object) -> None:
    """Shows what is new without a reload, and nothing any more when the link has ended."""
    try:
        service = session.service()
        revision = service.database.revision
        quiet = kind == "conversation" and st.session_state.get("looked-at") == revision
        if quiet and service.sharing.works(token):
            return
        if _mark(token, service.sharing.open(token, count=False)) == seen:
            st.session_state["looked-at"] = revision
            return
    except LinkNotFound:
        pass  # The whole page says so.
    except ThroughlineError:
        return  # Nothing can be seen now; perhaps the next time.
    st.rerun()


main()
