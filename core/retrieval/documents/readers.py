"""Who reads what waits: one thread in order, and while a file holds that up, another one those that come after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from core.retrieval.documents.queue import Queue
from core.retrieval.reading.reader import Reader

_HELD_UP = 5.0  # Seconds after which others need not wait for a file.
_LOOK = 1.0

Work = Callable[[str, Reader], None]
"""Reads a document with a reader, whatever comes of it."""


class Readers:
    """Takes documents from a line while there is `room`, none that is `barred`, and has `work` read them."""

    def __init__(
        self, queue: Queue, work: Work, room: Callable[[], bool], barred: Callable[[], Collection[str]]
    ) -> None:
        self._queue = queue
        self._work = work
        self._room = room
        self._barred = barred
        self._began: float | None = None
        self._readers = Reader(), Reader()
        runs = self._read_in_order, self._step_in
        self._threads = [threading.Thread(target=run, name="throughline-reading", daemon=True) for run in runs]

    def start(self) -> None:
        """Begins to read; back at once."""
        for thread in self._threads:
            thread.start()

    def drop_unwanted(self) -> None:
        """Ends the reading of files that are no longer wanted; back at once."""
        for reader in self._readers:
            reader.drop_unwanted()

    def close(self) -> None:
        """Ends what is being read; the threads end with the line."""
        for reader in self._readers:
            reader.close()

    def join(self) -> None:
        """Waits until the threads have ended."""
        for thread in self._threads:
            thread.join()

    def _read_in_order(self) -> None:
        while (document_id := self._queue.take(self._room, self._barred)) is not None:
            self._began = time.monotonic()
            self._read(document_id, self._readers[0])
            self._began = None

    def _step_in(self) -> None:
        def room() -> bool:
            began = self._began
            return began is not None and time.monotonic() - began > _HELD_UP and self._room()

        while (document_id := self._queue.take(room, self._barred, _LOOK)) is not None:
            self._read(document_id, self._readers[1])

    def _read(self, document_id: str, reader: Reader) -> None:
        try:
            self._work(document_id, reader)
        finally:
            self._queue.let_go(document_id)
