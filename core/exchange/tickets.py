"""Leave to fetch one export: a page's link carries no API token, so it carries this."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Refused

_LASTS = 3600.0
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a ticket is for: conversations, or all when `conversation_ids` is None, in a format."""

    format: str
    conversation_ids: tuple[str, ...] | None


class Tickets:
    """Unguessable, good for an hour and any number of times, gone with the process; the newest thousand are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issued = OrderedDict[str, tuple[Wanted, float]]()

    def issue(self, format_: str, conversation_ids: Sequence[str] | None) -> str:
        """A new ticket."""
        ticket = secrets.token_urlsafe(24)
        wanted = Wanted(format_, None if conversation_ids is None else tuple(conversation_ids))
        with self._lock:
            self._issued[ticket] = wanted, time.monotonic() + _LASTS
            while len(self._issued) > _MOST:
                self._issued.popitem(last=False)
        return ticket

    def wanted(self, ticket: str) -> Wanted:
        """What a ticket is for.

        Raises:
            Refused: it was never issued, or its hour is over.
        """
        with self._lock:
            wanted, ends = self._issued.get(ticket, (None, 0.0))
        if wanted is None or time.monotonic() > ends:
            raise Refused("This link is out of date. Go back to the page it is from, reload it, and download anew.")
        return wanted
