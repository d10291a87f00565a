"""Adding documents: files, a folder, pasted text, and the folder that is watched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import ThroughlineError
from core.retrieval.documents.intake import Added, NewFile
from pages._common import session
from pages._common.text import plain, short_path
from pages._common.uploads import let_go

_TAKEN = (
    "PDF, Word, PowerPoint, Excel, CSV, HTML, EPUB, e-mail, notebooks, Markdown, JSON, plain text and source code, "
    "up to 50 MB each."
)
_MOST_MB = 50
_LISTED = 5


def show_doors() -> None:
    """Three ways to add something; what was not taken by the last is listed below."""
    batch = st.session_state.setdefault("batch", 0)  # Another key empties what was filled in.
    with st.container(border=True):
        tags = _tags(batch)  # Above the rest: what is dropped is taken at once.
        files, folder, text = st.tabs(["Files", "A folder", "Pasted text"])
        with files:
            label = "Drop files here, or choose them"
            key = f"files-{batch}"
            added = st.file_uploader(label, accept_multiple_files=True, key=key, max_upload_size=_MOST_MB)
        with folder:
            label = "Drop a folder here, or choose one"
            key = f"folder-{batch}"
            added += st.file_uploader(label, accept_multiple_files="directory", key=key, max_upload_size=_MOST_MB)
        with text:
            _paste(batch, tags)
        inbox = short_path(session.service().settings.data_dir / "inbox")
        st.caption(f"{_TAKEN} Files that are put into `{inbox}` are taken by themselves.")
    if added:
        _add(added, tags)
    _show_refusals()


def _tags(batch: int) -> list[str]:
    known = session.service().library.tags()
    return st.multiselect(
        "Tags for what you add", known, key=f"new-tags-{batch}", accept_new_options=True, placeholder="None"
    )


def _paste(batch: int, tags: Sequence[str]) -> None:
    with st.form(f"paste-{batch}", border=False):
        title = st.text_input("Title", key=f"title-{batch}", max_chars=200)
        text = st.text_area("Text, Markdown, or a saved page's HTML", key=f"text-{batch}", height=160)
        url = st.text_input("Address it comes from (optional)", key=f"url-{batch}", max_chars=2000)
        send = st.form_submit_button("Add", icon=":material/add:", type="primary")
    if not send:
        return
    try:
        document, created = session.service().library.add_text(title, text, url=url.strip() or None, tags=tags)
    except ThroughlineError as error:
        st.error(error.message, icon=":material/error:")
        return
    if not created:
        st.toast(f"“{plain(document.title)}” is here already.", icon=":material/check:")
    _next()


def _add(files: Sequence[UploadedFile], tags: Sequence[str]) -> None:
    """Adds a batch in one go."""
    new = [NewFile(file.name, file.getvalue(), tags=tuple(tags)) for file in files]
    try:
        added = session.service().library.add_many(new)
    except ThroughlineError as error:
        session.refuse([error.message])
    else:
        _tell(new, added)
    let_go(files)
    _next()


def _tell(files: Sequence[NewFile], added: Sequence[Added]) -> None:
    """Says what was here already, and what was not taken: one by one, or by reason when it is many."""
    present = sum(one.error is None and not one.created for one in added)
    if present:
        what = "One of them is" if present == 1 else f"{present:,} of them are"
        st.toast(f"{what} here already." if len(files) > 1 else "It is here already.", icon=":material/check:")
    reasons: dict[str, list[str]] = defaultdict(list)
    for file, one in zip(files, added, strict=True):
        if one.error is not None:
            reasons[one.error.message].append(file.filename)
    session.refuse([_refusal(reason, names) for reason, names in reasons.items()])


def _refusal(reason: str, names: Sequence[str]) -> str:
    listed = ", ".join(plain(name[-100:]) for name in names[:_LISTED])
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"{listed}{more}: {plain(reason)}"


def _show_refusals() -> None:
    problems = session.refusals()
    for problem in problems:
        st.error(problem, icon=":material/error:")
    if problems and st.button("Dismiss", icon=":material/close:", type="tertiary"):
        session.refuse([])
        st.rerun()


def _next() -> None:
    st.session_state["batch"] += 1
    st.rerun()


def show_skipped() -> None:
    """The files in the watched folder that are not taken, each with its reason."""
    skipped = session.service().library.skipped()
    if not skipped:
        return
    files = "1 file in the inbox is" if len(skipped) == 1 else f"{len(skipped):,} files in the inbox are"
    with st.expander(f"{files} not taken", icon=":material/warning:"):
        for one in skipped[:100]:
            st.markdown(f"**{plain(str(one.path))}** · {plain(one.why)}")
