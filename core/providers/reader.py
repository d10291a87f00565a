"""The body of a 200 answer: bytes in, events out, whether it streams or not."""

from __future__ import annotations

import json

from core.errors import ProviderError
from core.providers import failures
from core.providers.base import Event
from core.providers.sse import Comment, Decoder
from core.providers.wire import Chunks

_LIMIT = 32 * 1024 * 1024
"""No answer that is not streamed, and no single event of one that is, is larger than this."""


class Reader:
    """Reads one body. What starts with a brace or a tag is no stream, whatever its content type says."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._decoder = Decoder()
        self._whole: bytearray | None = None
        self._started = False

    @property
    def done(self) -> bool:
        """Whether nothing more is to be read, although the connection may stay open."""
        return self._chunks.done or self._chunks.error is not None

    @property
    def complete(self) -> bool:
        """Whether the answer is whole even if the connection ends here, in whatever way."""
        return self._chunks.complete

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes.

        Raises:
            ProviderError: it cannot be read.
        """
        if not self._started and (start := data.lstrip()):
            self._started = True
            self._whole = bytearray() if start[:1] in b"{<" else None
        if self._whole is not None:
            return self._keep(data)
        events: list[Event] = []
        for item in self._decoder.feed(data):
            if not isinstance(item, Comment) and not self.done:
                events += self._chunks.data(item)
        if self._decoder.held > _LIMIT:
            raise ProviderError(failures.NONSENSE)
        return events

    def end(self) -> list[Event]:
        """The last events, `Finished` at the end.

        Raises:
            ProviderError: the generation is not complete, or failed.
        """
        events = self._read_whole() if self._whole is not None else self._left_over()
        return events + self._chunks.end()

    def _keep(self, data: bytes) -> list[Event]:
        assert self._whole is not None
        self._whole += data
        if len(self._whole) > _LIMIT:
            raise ProviderError(failures.NONSENSE)
        return []

    def _read_whole(self) -> list[Event]:
        try:
            answer = json.loads(self._whole or b"")
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not (answer.get("error") or answer.get("choices")):
            raise ProviderError(failures.NONSENSE)
        events = self._chunks.chunk(answer)
        self._chunks.done = True
        return events

    def _left_over(self) -> list[Event]:
        """A complete last line counts although its blank line is missing; a torn one does not."""
        if self.done:
            return []
        last = [item for item in self._decoder.end() if not isinstance(item, Comment)]
        try:
            return [event for item in last for event in self._chunks.data(item)]
        except ProviderError:
            return []
