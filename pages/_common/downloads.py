"""Files that are made when they are asked for, and are there until a browser has fetched them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind

_KEPT = 4
_turns = count()


def lasting(make: Callable[[], bytes], media_type: str, file_name: str) -> Callable[[], bytes]:
    """`make` for a download button that calls it when it is clicked; the newest few files of all visitors stay.

    Streamlit lets go of such a file when the second run of any page has ended after the click, be it another
    visitor's: where many pages are open, that is sooner than a browser asks for it.
    """

    def made() -> bytes:
        data = make()
        if runtime.exists():
            _keep(runtime.get_instance().media_file_mgr, data, media_type, file_name)
        return data

    return made


def _keep(files: MediaFileManager, data: bytes, media_type: str, file_name: str) -> None:
    with files._lock:  # Its own `add` wants the run of a page, and there is none at a click.
        identity = files._storage.load_and_get_id(data, media_type, MediaFileKind.DOWNLOADABLE, file_name)
        files._files_by_session_and_coord["downloads"][f"{next(_turns) % _KEPT}"] = identity
