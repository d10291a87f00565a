"""Which documents filters let through, remembered while nothing changes: a person who types asks time and again."""

from __future__ import annotations

import threading

from core.models import Filter
from core.store.documents import Documents

_KEPT = 16


class Allowed:
    """The documents that pass filters; may be asked from any thread."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._known: dict[Filter, tuple[object, frozenset[str]]] = {}

    def by(self, filter: Filter) -> frozenset[str] | None:
        """The ready documents that pass a filter, the same set while nothing changes; None when it lets all through."""
        revision = self._documents.revision  # Before the query: what comes meanwhile is seen by the next.
        with self._lock:
            known = self._known.get(filter)
        if known is not None and known[0] is revision:
            return known[1]
        found = self._documents.searchable(filter)
        if found is None:
            return None
        allowed = frozenset(found)
        with self._lock:
            self._known.pop(filter, None)
            self._known[filter] = revision, allowed
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return allowed
