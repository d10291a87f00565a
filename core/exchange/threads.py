"""A conversation as some other program kept it, before it becomes one of ours."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from core.models import Role, Usage


class Broken(Exception):
    """An item that cannot be brought in; the text says why, for the report."""


@dataclass(slots=True)
class Turn:
    """One node of the source's tree; `key` and `parent` are the source's ids.

    A `hidden` one is left out and its children hang on its parent; its `reasoning` goes to the next answer below, or
    is an answer without words when there is none.
    """

    key: Hashable
    parent: Hashable | None
    role: Role
    text: str = ""
    at: datetime | None = None
    hidden: bool = False
    reasoning: str = ""
    model: str | None = None
    finish_reason: str | None = None
    error: str | None = None
    usage: Usage = field(default_factory=Usage)
    rating: int | None = None
    comment: str | None = None


@dataclass(slots=True)
class Thread:
    """One conversation of the source; the turns may stand in any order.

    `writer` is what wrote the answers whose model is not said, as far as it is known.
    """

    key: Hashable
    turns: list[Turn]
    title: str = ""
    created_at: datetime | None = None
    model: str | None = None
    pinned: bool = False
    archived: bool = False
    writer: str | None = None
