"""What happens to an answer's marks between the model and the stream."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import Citation
from core.retrieval.citations import MarkFilter
from core.retrieval.support import Attributor


class Marking:
    """Passes an answer on with true marks only, as it streams in.

    Where nothing was searched, numbers in brackets are no marks and stay. A model that cannot be expected to cite has
    its sentences marked by the passages whose words they repeat. `so_far` is the text that is continued.
    """

    def __init__(self, sources: Sequence[Citation], so_far: str, *, searched: bool, cites: bool) -> None:
        self._filter = MarkFilter({source.mark for source in sources}, so_far) if searched else None
        self._attributor = Attributor(sources, so_far) if sources and not cites else None

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        if self._filter:
            text = self._filter.feed(text)
        return self._attributor.feed(text) if self._attributor else text

    def finish(self, *, complete: bool) -> str:
        """What was held back; an answer that was cut is not `complete`."""
        text = self._filter.finish() if self._filter else ""
        if self._attributor:
            text = self._attributor.feed(text) + self._attributor.finish(complete=complete)
        return text
