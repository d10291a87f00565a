"""The frame around every page: navigation, the list of conversations, and who is looking where."""

from __future__ import annotations

import streamlit as st

from core.errors import ThroughlineError
from pages._chat.conversations import open_conversation, show_conversations, show_health, watch_for_changes
from pages._common import session
from pages._common.style import STYLE

st.set_page_config(page_title="Throughline", page_icon="🧵", layout="centered")
st.html(STYLE)

chat = st.Page("chat.py", title="Chat", icon=":material/chat:", default=True)
documents = st.Page("documents.py", title="Documents", icon=":material/description:")
search = st.Page("search.py", title="Search", icon=":material/search:")
history = st.Page("history.py", title="History", icon=":material/manage_search:")
notebook = st.Page("notebook.py", title="Notebooks", icon=":material/table_chart_view:")
source = st.Page("source.py", title="Source", icon=":material/article:", visibility="hidden")
shared = st.Page("shared.py", title="Shared", icon=":material/share:", visibility="hidden")
page = st.navigation([chat, documents, search, history, notebook, source, shared], position="hidden")
st.session_state["page"] = page.url_path
session.opened()

if page.url_path == shared.url_path:  # Who reads what was shared sees nothing else of what is here.
    page.run()
    st.stop()

try:
    with st.sidebar:
        if st.button("New conversation", icon=":material/edit_square:", width="stretch"):
            open_conversation(chat, None)
        st.page_link(documents, width="stretch")
        st.page_link(search, width="stretch")
        st.page_link(history, width="stretch")
        st.page_link(notebook, width="stretch")
        show_conversations(chat)
    show_health()
    page.run()
except ThroughlineError as error:
    st.error(error.message, icon=":material/error:")
watch_for_changes()
