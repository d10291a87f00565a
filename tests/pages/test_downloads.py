"""Files for a download button: made at the click, and there when the browser comes for them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages._common import downloads
from pages._common.downloads import lasting


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> MediaFileManager:
    """Streamlit's files, as a running server has them."""
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(media_file_mgr=manager))
    return manager


def clicked(files: MediaFileManager, number: int) -> str:
    """The file that a click makes, by its id."""
    name = f"{number}.csv"
    button = files.add_deferred(lasting(f"{number}".encode, "text/csv", name), "text/csv", f"0.{number}", name)
    return files.execute_deferred(button).rpartition("/")[2].partition(".")[0]


def is_there(files: MediaFileManager, identity: str) -> bool:
    return identity in files._file_metadata


def test_a_file_outlives_the_runs_of_other_pages(files: MediaFileManager) -> None:
    """However many end before the browser asks for it; in the end it makes room for newer ones."""
    first = clicked(files, 0)
    for _ in range(5):
        files.remove_orphaned_files()
    assert is_there(files, first)
    newer = [clicked(files, number) for number in range(1, downloads._KEPT + 1)]
    for _ in range(2):
        files.remove_orphaned_files()
    assert [is_there(files, each) for each in (first, *newer)] == [False] + [True] * downloads._KEPT
