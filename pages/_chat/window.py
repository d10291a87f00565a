"""Which messages of a long branch are shown: the newest, and those around one that is sought; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.models import Node

_MERGED = 4


class Window(NamedTuple):
    """What is shown of a branch, from the first message to the newest.

    `earlier` and `between` say how many messages are left out there; `around` is empty unless the one that is sought
    stands far before the newest.
    """

    earlier: int
    around: Sequence[Node]
    between: int
    newest: Sequence[Node]


def window(path: Sequence[Node], shown: int, sought: str | None = None) -> Window:
    """The newest `shown` messages of a branch, and as many as are needed to see the one that is sought among others."""
    start = max(0, len(path) - shown)
    at = next((number for number, node in enumerate(path) if node.id == sought), len(path))
    if at >= start:
        return Window(start, (), 0, path[start:])
    first = max(0, at - shown // 4)
    after = first + shown
    if after >= start or len(path) - first <= _MERGED * shown:
        return Window(first, (), 0, path[first:])
    return Window(first, path[first:after], start - after, path[start:])
