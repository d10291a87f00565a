"""Ids are opaque, all different, and sort by the time they were made."""

from __future__ import annotations

import re
import threading
import time

import pytest

from core.ids import new_id


def test_an_id_can_stand_anywhere() -> None:
    """It has letters and digits alone, none that are easily mistaken."""
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", new_id()) for _ in range(200))


def test_ids_are_all_different() -> None:
    """Also those that many threads make at the same moment."""
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.extend(new_id() for _ in range(2000)), daemon=True) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(found)) == 8000


def test_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that is made a millisecond later sorts behind."""
    ids = []
    for millisecond in (1, 2, 31, 32, 33, 1024, 1_800_000_000_000, 1_800_000_000_001):
        monkeypatch.setattr(time, "time_ns", lambda at=millisecond: at * 1_000_000)
        ids.append(new_id())
    assert ids == sorted(ids)
