"""What a search of the history can be kept to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.models import Role, Status


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which messages are searched: those that pass all that is given.

    From `since` to before `until`; by one of `models`; with one of `statuses` (a question's is `done`); rated 1 or -1,
    or 0 for not at all; at a known cost from `min_cost` to `max_cost` in US dollars; citing a document; with an error
    or without one; of a role; in a conversation.
    """

    since: datetime | None = None
    until: datetime | None = None
    models: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    rating: int | None = None
    min_cost: float | None = None
    max_cost: float | None = None
    document_id: str | None = None
    failed: bool | None = None
    role: Role | None = None
    conversation_id: str | None = None


EVERYTHING = HistoryFilter()
