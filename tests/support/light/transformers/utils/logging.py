from __future__ import annotations


def disable_progress_bar() -> None:
    pass
