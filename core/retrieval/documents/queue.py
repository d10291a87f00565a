"""The waiting line of documents that are to be indexed: who is next, how far each has come, who waits for its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

WAITING = "Waiting…"
READING = "Reading…"


class Progress(NamedTuple):
    """How far indexing a document has come: `done` of `total` passages (0: not known yet), and what goes on."""

    done: int
    total: int
    note: str


class Batch(NamedTuple):
    """How far all is that was added since nothing was waiting last: `ended` of `total` documents."""

    ended: int
    total: int


class Queue:
    """Documents by id; the rows in the database are what lasts. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, None] = {}
        self._working: dict[str, Progress] = {}
        self._held: set[str] = set()
        self._total = 0
        self._closed = False

    def put(self, document_ids: Iterable[str]) -> None:
        """Has documents wait their turn."""
        with self._changed:
            if not self._waiting and not self._working:
                self._total = 0
            for document_id in document_ids:
                self._total += document_id not in self._waiting and document_id not in self._working
                self._waiting[document_id] = None
            self._changed.notify_all()

    def take(
        self, room: Callable[[], bool], avoid: Callable[[], Collection[str]], look: float | None = None
    ) -> str | None:
        """The next document, once there is `room`, that is not one to `avoid` now; None when the line is closed.

        Whether there is room is looked at when something changes, and every `look` seconds. Nobody else is given the
        document before it is `let_go`, even if it has ended meanwhile and waits once more.
        """
        with self._changed:
            while True:
                if self._closed:
                    return None
                barred = self._held.union(avoid())
                document_id = next((one for one in self._waiting if one not in barred), None) if room() else None
                if document_id is not None:
                    self._held.add(document_id)
                    del self._waiting[document_id]
                    self._working[document_id] = Progress(0, 0, READING)
                    return document_id
                self._changed.wait(look)

    def let_go(self, document_id: str) -> None:
        """Says that whoever took a document is done with it."""
        with self._changed:
            self._held.discard(document_id)
            self._changed.notify_all()

    def wake(self) -> None:
        """Says that there may be room now."""
        with self._changed:
            self._changed.notify_all()

    def put_back(self, document_id: str) -> None:
        """Has a document that was taken wait again, unless it has ended."""
        with self._changed:
            if self.taken(document_id):
                del self._working[document_id]
                self._waiting[document_id] = None
            self._changed.notify_all()

    def taken(self, document_id: str) -> bool:
        """Whether a document was taken and has not ended; one that has may be waiting once more."""
        return document_id in self._working

    def note(self, document_id: str, progress: Progress) -> bool:
        """Says how far a document has come that was taken; False when it has ended since."""
        with self._changed:
            if document_id not in self._working:
                return False
            self._working[document_id] = progress
            return True

    def end(self, document_ids: Collection[str]) -> None:
        """Takes documents out of the line."""
        with self._changed:
            for document_id in document_ids:
                self._waiting.pop(document_id, None)
                self._working.pop(document_id, None)
            self._changed.notify_all()

    def wait(self, document_id: str, timeout: float | None = None) -> None:
        """Waits until a document is no longer in the line."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or document_id not in self, timeout)

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> None:
        """Waits until the line is empty, or `condition` holds, which is looked at whenever a document has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not len(self) or condition(), timeout)

    def progress(self) -> dict[str, Progress]:
        """How far each document in the line has come, by id."""
        with self._changed:
            return {**self._working, **dict.fromkeys(self._waiting, Progress(0, 0, WAITING))}

    def batch(self) -> Batch:
        """How far all has come that is in the line or was since it was empty last."""
        with self._changed:
            left = len(self)
            return Batch(self._total - left, self._total) if left else Batch(0, 0)

    def close(self) -> None:
        """Lets go of all who wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __contains__(self, document_id: object) -> bool:
        return document_id in self._waiting or document_id in self._working

    def __len__(self) -> int:
        return len(self._waiting) + len(self._working)
