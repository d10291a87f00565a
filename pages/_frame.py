"""The frame around every page: navigation, the list of conversations, and who is looking where."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from pages._conversations import open_conversation, show_conversations, show_health, watch_for_changes

# What an earlier run showed stays on a page until the run ends, and a run that follows an answer ends late: what it
# has not shown again by then is gone from sight.
_STYLE = """<style>
[data-stale="true"] { animation: 0s 0.5s forwards throughline-gone; }
@keyframes throughline-gone { to { display: none; } }
/* An answer's own headings are parts of a message, not of the page. */
[data-testid="stChatMessage"] :is(h1, h2, h3, h4, h5, h6) { font-size: 1.125rem; padding: 0.5rem 0; }
[data-testid="stChatMessage"] :is(h1, h2) { font-size: 1.25rem; }
/* A wide table scrolls by itself and not with the page. */
[data-testid="stChatMessage"] table { display: block; width: fit-content; max-width: 100%; overflow-x: auto; }
</style>"""

st.set_page_config(page_title="Throughline", page_icon="🧵", layout="centered")
st.html(_STYLE)

chat = st.Page("chat.py", title="Chat", icon=":material/chat:", default=True)
documents = st.Page("documents.py", title="Documents", icon=":material/description:")
page = st.navigation([chat, documents], position="hidden")
st.session_state["page"] = page.url_path

try:
    with st.sidebar:
        if st.button("New conversation", icon=":material/edit_square:", width="stretch"):
            open_conversation(chat, None)
        st.page_link(documents, icon=":material/description:", width="stretch")
        show_conversations(chat)
    show_health()
    page.run()
except ThroughlineError as error:
    st.error(error.message, icon=":material/error:")
watch_for_changes()
