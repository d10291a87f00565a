"""Bringing conversations in: first what a file holds, then the import, whoever watches."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.errors import Conflict
from core.exchange.report import Report
from core.exchange.run import Run
from core.exchange.source import Source
from pages._common import session
from pages._common.text import plain, short_path

_UPLOAD, _FOLDER = "From this computer", "From the server"
_MOST_MB = 200
_TYPES = ["json", "jsonl", "ndjson", "zip"]
_LISTED = 100
_SOON, _TICK = 1.0, 0.5
_NAMES = {
    "chatgpt": "ChatGPT",
    "claude": "Claude",
    "open-webui": "Open WebUI",
    "librechat": "LibreChat",
    "openai": "OpenAI-style messages",
    "throughline": "Throughline",
}


def offer_import() -> None:
    """A button, and behind it the dialog; it stays open over runs of the page until it is closed."""
    if st.button("Import", icon=":material/upload:", key="import"):
        st.session_state["importing"] = True
    if st.session_state.get("importing"):
        _show_dialog()


def _close() -> None:
    begun = cast("Run | None", st.session_state.get("begun"))
    for key in ("importing", "look", *(["begun"] if begun and begun.done else [])):
        st.session_state.pop(key, None)


@st.dialog("Import conversations", width="medium", on_dismiss=_close)
def _show_dialog() -> None:
    run, begun_here = session.service().exchange.running, st.session_state.get("begun")
    if run and not (run.done and run is not begun_here):
        _show_import(run)
    else:
        _show_choice()


def _show_choice() -> None:
    st.caption(
        "The export of ChatGPT or Claude (the ZIP or its conversations.json), of Open WebUI, LibreChat or Throughline, "
        "or lines of JSON with “messages”. Nothing is imported before you have seen what is in it."
    )
    place = st.segmented_control(
        "Where the file is", [_UPLOAD, _FOLDER], default=_UPLOAD, required=True, label_visibility="collapsed"
    )
    found = _uploaded() if place == _UPLOAD else _on_server()
    if found:
        name, mark, source = found
        _show_look(_look(name, mark, source), source)


def _uploaded() -> tuple[str, str, Source] | None:
    file = st.file_uploader("Choose the file", _TYPES, key="import-file", max_upload_size=_MOST_MB)
    st.caption("Larger files, of several GB even, are read from the server’s disk.")
    return (file.name, file.file_id, file) if file else None


def _on_server() -> tuple[str, str, Source] | None:
    exchange = session.service().exchange
    files = exchange.waiting()[:_LISTED]
    st.caption(f"Put the file into `{short_path(exchange.folder)}`: it is read there, and stays as it is.")
    if not files:
        st.button("Look again", icon=":material/refresh:", type="tertiary")
        return None
    path = st.selectbox("File", files, None, lambda path: path.name, key="import-path", placeholder="Choose the file")
    return (path.name, str(path), path) if path else None


def _look(name: str, mark: str, source: Source) -> Run:
    """The look into this file; one that was begun before goes on."""
    looked = cast("tuple[str, Run] | None", st.session_state.get("look"))
    if looked is None or looked[0] != mark:
        looked = mark, session.service().exchange.look(source, name)
        st.session_state["look"] = looked
        looked[1].wait(_SOON)
    return looked[1]


def _show_look(look: Run, source: Source) -> None:
    if not look.done:
        _watch(look, f"Looking into {plain(look.name)}")
        return
    if look.error:
        st.error(plain(look.error), icon=":material/error:")
        return
    report = look.report
    name = _NAMES.get(report.format, report.format)
    st.markdown(f"**{name}**: {_count(report.conversations, 'conversation')}, {_count(report.messages, 'message')}")
    if report.already_present:
        st.markdown(f":material/check: {_count(report.already_present, 'message')} here already")
    _show_skipped(report)
    if not report.new:
        st.info("There is nothing new in this file.", icon=":material/check:")
    elif st.button(_deed(report), icon=":material/upload:", type="primary"):
        _begin(look.name, source)


def _deed(report: Report) -> str:
    if report.already_present:
        return f"Import {_count(report.new, 'new message')}"
    return f"Import {_count(report.conversations, 'conversation')}"


def _begin(name: str, source: Source) -> None:
    try:
        run = session.service().exchange.begin(source, name)
    except Conflict as error:
        st.error(error.message, icon=":material/error:")
        return
    st.session_state["begun"] = run
    run.wait(_SOON)
    st.rerun()


def _show_import(run: Run) -> None:
    report = run.report
    if not run.done:
        _watch(run, f"Importing {plain(run.name)}")
        st.caption("It goes on when you close this.")
        return
    if run.error:
        st.error(plain(run.error), icon=":material/error:")
    else:
        st.success(f"{_count(report.new, 'message')} imported.", icon=":material/check:")
    _show_skipped(report)
    if st.button("Done", type="primary"):
        _close()
        st.rerun()


@st.fragment(run_every=_TICK)
def _watch(run: Run, what: str) -> None:
    """How far it has come, until it has come to its end."""
    if run.done:
        st.rerun()
    st.progress(run.progress, text=f"{what}: {_count(run.report.messages, 'message')}…")


def _show_skipped(report: Report) -> None:
    """What is not taken, and why."""
    count = len(report.skipped) + report.more_skipped
    if not count:
        return
    with st.expander(f"{count:,} not taken", icon=":material/warning:"):
        listed = (f"- **{plain(skipped.where)}**: {plain(skipped.why)}" for skipped in report.all_skipped())
        st.markdown("\n".join(listed))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
