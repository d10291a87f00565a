"""What happens to an answer's marks between the model and the stream."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import Citation
from core.retrieval.answering.citations import MarkFilter, MarkGuard
from core.retrieval.answering.marks import unsettled
from core.retrieval.answering.support import Attributor


class Marking:
    """Passes an answer on with true marks only, as it streams in.

    Where nothing was searched, numbers in brackets are no marks and stay. A model that cannot be expected to cite has
    its sentences marked by the passages whose words they repeat. `so_far` is the text that is continued.
    """

    def __init__(self, sources: Sequence[Citation], so_far: str, *, searched: bool, cites: bool) -> None:
        allowed = {source.mark for source in sources}
        self._filter = MarkFilter(allowed, so_far) if searched else None
        self._attributor = Attributor(sources, so_far) if sources and not cites else None
        self._guard = MarkGuard(allowed, so_far) if searched else None
        # A newline settles what was shown as code: one more backtick must not make prose of it.
        self._apart = "\n" if searched and unsettled(so_far) else ""

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        if text:
            text, self._apart = self._apart + text, ""
        if self._filter:
            text = self._filter.feed(text)
        if self._attributor:
            text = self._attributor.feed(text)
        return self._guard.feed(text) if self._guard else text

    def finish(self, *, complete: bool) -> str:
        """What was held back; an answer that was cut is not `complete`."""
        text = self._filter.finish() if self._filter else ""
        if self._attributor:
            text = self._attributor.feed(text) + self._attributor.finish(complete=complete)
        return self._guard.feed(text) + self._guard.finish() if self._guard else text
