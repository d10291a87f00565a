"""The few workers there are, and the short line of those who wait for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.analysis.process import Cancelled, WorkerProcess
from core.errors import TooMany, Unavailable

_RECYCLED_AFTER = 50
_LOOK = 0.2


class Pool:
    """At most `workers` processes; at most `waiting` callers wait for one of them, each `patience` seconds."""

    def __init__(self, workers: int, waiting: int, patience: float) -> None:
        self._workers, self._most_waiting, self._patience = workers, waiting, patience
        self._changed = threading.Condition()
        self._free: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._taken = self._waiting = 0
        self._closed = False

    @contextmanager
    def turn(self, stop: threading.Event | None = None) -> Iterator[None]:
        """A place among those that may have a worker.

        Raises:
            TooMany: too many wait, or it takes too long.
            Cancelled: `stop` was set meanwhile.
            Unavailable: the pool was closed.
        """
        self._enter(stop)
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify()

    @contextmanager
    def worker(self, folder: Path | None) -> Iterator[WorkerProcess]:
        """A worker for the files in `folder` (always the same), for whoever has a turn; whatever is raised ends it.

        Raises:
            Unavailable: the pool was closed.
            Ended: no worker can be started.
        """
        worker = self._take(folder)
        try:
            yield worker
        except BaseException:
            worker.retire()
            raise
        finally:
            self._give_back(worker)

    @property
    def busy(self) -> int:
        """How many workers are asked something now."""
        return len(self._busy)

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return self._waiting

    def close(self) -> None:
        """Ends every worker, also those that work."""
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
            for worker in self._busy:
                worker.end()
            self._changed.notify_all()
        for worker in free:
            worker.discard()

    def _enter(self, stop: threading.Event | None) -> None:
        until = time.monotonic() + self._patience
        with self._changed:
            if self._taken >= self._workers and self._waiting >= self._most_waiting:
                raise TooMany("Too many queries wait already. Try again in a moment.")
            self._waiting += 1
            try:
                while self._taken >= self._workers and not self._closed:
                    if stop and stop.is_set():
                        raise Cancelled
                    if not self._changed.wait(_LOOK) and time.monotonic() > until:
                        raise TooMany("Other queries take long, so this one had no turn. Try again in a moment.")
                if self._closed:
                    raise Unavailable("Throughline is shutting down. Try again after the restart.")
                self._taken += 1
            finally:
                self._waiting -= 1

    def _take(self, folder: Path | None) -> WorkerProcess:
        while True:
            with self._changed:
                worker = self._free.pop() if self._free else None
            if worker is None:
                worker = WorkerProcess(folder)
            if worker.alive:
                break
            worker.discard()
        with self._changed:
            self._busy.add(worker)
            if self._closed:
                worker.end()
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        with self._changed:
            self._busy.discard(worker)
            kept = not self._closed and not worker.retired and worker.answered < _RECYCLED_AFTER and worker.alive
            if kept:
                self._free.append(worker)
        if not kept:
            worker.discard()
