"""What runs in notebooks: cells in the order in which they read each other, whoever watches."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from core.errors import ThroughlineError
from core.notebook.graph import Graph
from core.notebook.values import CellStatus

_WORKERS = 2
_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Job:
    """One cell that is to run. `stop` ends it; `asked` is by the monotonic clock."""

    notebook_id: str
    cell_id: str
    needs: frozenset[str]
    stop: threading.Event = field(default_factory=threading.Event)
    asked: float = field(default_factory=time.monotonic)
    status: CellStatus = CellStatus.QUEUED
    sent: bool = False


Work = Callable[[Job], None]
"""Runs a cell and keeps what comes of it, unless the job was called off."""


class Runner:
    """The cells that wait and run now, in all notebooks; a cell that is to run anew calls off its older run."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._lock = threading.RLock()
        self._jobs = dict[str, Job]()
        self._revisions = Counter[str]()
        self._threads = ThreadPoolExecutor(_WORKERS, "throughline-notebook")
        self._closed = False

    def start(self, graph: Graph, cell_ids: Iterable[str]) -> None:
        """Runs cells as soon as those that they read are not about to run themselves; none that goes in a circle."""
        with self._lock:
            notebook_id, again = graph.notebook.id, list(cell_ids)
            waiting = [id_ for id_, job in self._jobs.items() if job.notebook_id == notebook_id and not job.sent]
            for cell_id in dict.fromkeys((*waiting, *again)):  # Those that wait may wait for others now.
                self._call_off(cell_id)
                if not graph.circle(cell_id):
                    needs = frozenset(need.id for need in graph.needs(cell_id).tables.values())
                    self._jobs[cell_id] = Job(notebook_id, cell_id, needs)
            self.touch(notebook_id)
            self._send()

    def stop(self, notebook_id: str, cell_ids: Iterable[str] | None = None) -> None:
        """Calls off what waits and runs in a notebook, or of some of its cells."""
        with self._lock:
            here = [cell_id for cell_id, job in self._jobs.items() if job.notebook_id == notebook_id]
            for cell_id in here if cell_ids is None else set(here) & set(cell_ids):
                self._call_off(cell_id)
            self.touch(notebook_id)
            self._send()

    def behind(self, cell_ids: Iterable[str]) -> set[str]:
        """Those cells, and all that wait for one of them to have run."""
        with self._lock:
            found = set(cell_ids)
            while more := {id_ for id_, job in self._jobs.items() if id_ not in found and job.needs & found}:
                found |= more
            return found

    def moving(self, notebook_id: str) -> dict[str, CellStatus]:
        """The cells of a notebook that wait or run."""
        with self._lock:
            return {cell_id: job.status for cell_id, job in self._jobs.items() if job.notebook_id == notebook_id}

    def revision(self, notebook_id: str) -> int:
        """Grows with every change of a cell's state and with every `touch`."""
        return self._revisions[notebook_id]

    def touch(self, notebook_id: str) -> None:
        """Says that something is not as it was."""
        with self._lock:
            self._revisions[notebook_id] += 1

    def wanted(self, job: Job) -> bool:
        """Whether a job was not called off."""
        return self._jobs.get(job.cell_id) is job and not self._closed

    def begin_close(self) -> None:
        """Calls off everything, and begins nothing more."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.stop.set()

    def close(self) -> None:
        """Calls off everything, and waits until nothing runs."""
        self.begin_close()
        self._threads.shutdown(cancel_futures=True)

    def _call_off(self, cell_id: str) -> None:
        if job := self._jobs.pop(cell_id, None):
            job.stop.set()

    def _send(self) -> None:
        """Gives to a thread what waits for no other cell."""
        for job in self._jobs.values():
            if not job.sent and not self._closed and not job.needs & self._jobs.keys():
                job.sent = True
                self._threads.submit(self._run, job)

    def _run(self, job: Job) -> None:
        with self._lock:
            if not self.wanted(job):
                return
            job.status = CellStatus.RUNNING
            self.touch(job.notebook_id)
        try:
            self._work(job)
        except ThroughlineError as error:
            _log.warning("a cell of a notebook was not run: %s", error.message)
        except Exception:
            _log.exception("a cell of a notebook was not run")
        with self._lock:
            if self._jobs.get(job.cell_id) is job:
                del self._jobs[job.cell_id]
            self.touch(job.notebook_id)
            self._send()
