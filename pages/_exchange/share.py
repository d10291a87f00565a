"""Giving a conversation or a notebook away to read: the links, what became of each, and the replay as a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal
from urllib.parse import urlencode, urlsplit

import streamlit as st

from core.errors import ThroughlineError
from core.sharing.sharing import Share
from pages._common import session
from pages._common.copying import copy_button
from pages._common.downloads import lasting
from pages._common.text import plain
from pages._common.times import moment

_TERMS = {
    "Until I revoke it": None,
    "1 hour": timedelta(hours=1),
    "1 day": timedelta(days=1),
    "7 days": timedelta(days=7),
    "30 days": timedelta(days=30),
}
_SEEN = {
    "conversation": "Whoever has a link can read this conversation as it goes on, with the quotes it cites, and "
    "continue it in one of their own. Costs, settings and everything else stay yours.",
    "notebook": "Whoever has a link can read this notebook and the results of its last run. They run nothing, and "
    "everything else stays yours.",
}
_LOCAL = ("localhost", "127.0.0.1", "::1")

ShareKind = Literal["conversation", "notebook"]


def show_share(kind: ShareKind, target_id: str, title: str) -> None:
    """What stands behind a button “Share”: new links, and those that work."""
    st.caption(_SEEN[kind])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        term = st.selectbox("The link works", list(_TERMS), key=f"term-{target_id}")
        if st.button("Make a link", key=f"make-{target_id}", icon=":material/add_link:", type="primary"):
            _make(kind, target_id, _TERMS[term])
    for share in session.service().sharing.shares(kind, target_id):
        if _works(share):
            _show_link(share)
    if urlsplit(st.context.url or "").hostname in _LOCAL:
        st.caption("These links work on this computer only. Others need the app under an address that they reach.")
    if kind == "conversation":
        file_name = f"{_file_name(title)}.html"
        st.download_button(
            "Download a replay",
            lasting(partial(session.service().sharing.offline, target_id), "text/html", file_name),
            file_name,
            "text/html",
            key=f"replay-{target_id}",
            icon=":material/slow_motion_video:",
            on_click="ignore",
            help="One HTML file that plays the answers as they were written, without a server",
        )


def _make(kind: ShareKind, target_id: str, expires_in: timedelta | None) -> None:
    try:
        session.service().sharing.share(kind, target_id, expires_in)
    except ThroughlineError as error:
        st.error(error.message, icon=":material/error:")


def _show_link(share: Share) -> None:
    address = _address(share.token)
    with st.container(border=True, gap="xsmall"):
        st.code(address, language=None, wrap_lines=True)
        st.caption(_facts(share))
        with st.container(horizontal=True, vertical_alignment="center"):
            copy_button(address, key=f"copy-{share.id}", name="Copy the link")
            revoke = partial(_revoke, share.id)
            st.button("Revoke", key=f"revoke-{share.id}", icon=":material/link_off:", type="tertiary", on_click=revoke)


def _revoke(share_id: str) -> None:
    try:
        session.service().sharing.revoke(share_id)
    except ThroughlineError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _works(share: Share) -> bool:
    return share.revoked_at is None and (share.expires_at is None or share.expires_at > datetime.now(UTC))


def _facts(share: Share) -> str:
    views = {0: "not opened yet", 1: "opened once"}.get(share.views, f"opened {share.views:,} times")
    ends = f"until {moment(share.expires_at)}" if share.expires_at else "until revoked"
    return f"{ends} · {views}"


def _address(token: str) -> str:
    """The link, under the address by which its owner sees the app."""
    here = urlsplit(st.context.url or "")
    page = str(st.session_state.get("page", ""))
    folder = here.path.rstrip("/").removesuffix(f"/{page}" if page else "").rstrip("/")
    site = f"{here.scheme}://{here.netloc}" if here.netloc else ""
    return f"{site}{folder}/shared?{urlencode({'token': token})}"


def _file_name(title: str) -> str:
    return " ".join("".join(char if char.isalnum() else " " for char in title).split())[:80] or "conversation"
