"""The chat of the tutorials, for comparison: the answer lives in the page's run and is sent whole for every token."""

from __future__ import annotations

import openai
import streamlit as st

client = openai.OpenAI()
with st.chat_message("assistant"):
    stream = client.chat.completions.create(
        model=st.query_params["model"],
        messages=[{"role": "user", "content": "Tell me a story."}],
        stream=True,
    )
    st.write_stream(stream)
