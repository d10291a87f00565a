"""A model in a child process: started in the background, asked by frames, started again when something ended it.

Importing torch stops every other thread of its process for 0.3 to 1.1 s at a time, and computing competes with the
event loop for the interpreter; a process of its own does neither to the server.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from core.errors import Unavailable
from core.retrieval.encoders.model_worker import DONE, READY, read_frame, write_frame

_ROOT = Path(__file__).parents[3]
_SECRET = ("OPENROUTER_", "THROUGHLINE_")
# What a step computes is megabytes: glibc would take them from the system, and give them back, at every step.
_ROOMY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_TOP_PAD_": str(2**24)}
_log = logging.getLogger(__name__)


class NotLoaded(Exception):
    """The model is not there, for the reason given; asking again does not help."""


class Ended(Exception):
    """Something ended the process, such as a lack of memory; it is started again when it is asked again."""


class Rejected(Exception):
    """The model cannot take this request, for the reason given."""


class ModelProcess:
    """One model behind `python -m module folder`, a module that calls `model_worker.serve`."""

    def __init__(self, module: str, folder: Callable[[], Path], what: str) -> None:
        self._module = module
        self._folder = folder
        self._what = what
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._loaded = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._pending: dict[int, Future[bytes]] = {}
        self._asked = 0
        self._closed = False
        self.failed: str | None = None

    @property
    def ready(self) -> bool:
        """Whether it answers without loading first."""
        return self._loaded.is_set() and self.failed is None

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Begins to load the model; back at once."""
        with self._lock:
            if self._process is None and self.failed is None:
                self._launch()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the model is loaded or has failed to; whether it is ready."""
        self.start()
        self._loaded.wait(timeout)
        return self.ready

    def call(self, kind: bytes, body: bytes) -> bytes:
        """The reply to a request, however long it takes; a process that ends meanwhile is started again once.

        Raises:
            NotLoaded, Ended, Rejected: there is none.
        """
        try:
            return self._try(kind, body)
        except Ended:
            return self._try(kind, body)

    def submit(self, kind: bytes, body: bytes) -> Future[bytes]:
        """Sends a request to a loaded model; its reply, or `Ended` or `Rejected`, comes with the future.

        Raises:
            Ended: the process is not there.
        """
        with self._lock:
            process = self._process
            if process is None or process.stdin is None:
                raise Ended("its process ended")
            self._asked = number = self._asked % (2**32 - 1) + 1
            self._pending[number] = future = Future[bytes]()
        try:
            with self._writing:
                write_frame(process.stdin, number, kind, body)
        except (OSError, ValueError) as error:
            self._end(process)
            raise Ended("its process ended") from error
        return future

    def close(self) -> None:
        """Ends the process; who waits for it gets `NotLoaded`."""
        with self._lock:
            self._closed = True
            self._fail("Throughline is shutting down.")
            process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def _try(self, kind: bytes, body: bytes) -> bytes:
        self.wait()
        if self.failed is not None:
            raise NotLoaded(self.failed)
        return self.submit(kind, body).result()

    def _launch(self) -> None:
        environment = _ROOMY | {name: value for name, value in os.environ.items() if not name.startswith(_SECRET)}
        try:
            command = [sys.executable, "-m", self._module, str(self._folder().resolve())]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env=environment
            )
        except (OSError, Unavailable) as error:
            self._fail(str(error))
            return
        self._process = process
        threading.Thread(target=self._read, args=(process,), name=f"throughline-{self._what}", daemon=True).start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with suppress(OSError, ValueError):
            while (frame := read_frame(process.stdout)) is not None:
                self._take(*frame)
        self._end(process)

    def _take(self, number: int, kind: bytes, body: bytes) -> None:
        if kind == READY:
            self._loaded.set()
        elif number == 0:
            with self._lock:
                self._fail(body.decode(errors="replace"))
        elif (future := self._pending.pop(number, None)) is not None:
            if kind == DONE:
                future.set_result(body)
            else:
                future.set_exception(Rejected(body.decode(errors="replace")))

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # What was not yet sent cannot be flushed.
                if pipe is not None:
                    pipe.close()
        with self._lock:
            if self._process is not process:  # Whoever noticed it first has done the rest.
                return
            pending, self._pending, self._process = self._pending, {}, None
            if self.failed is None and self._loaded.is_set():
                _log.warning("the %s process ended with %s", self._what, process.returncode)
                self._loaded.clear()
            elif self.failed is None:
                self._fail("its process ended")
        for future in pending.values():
            future.set_exception(Ended("its process ended"))

    def _fail(self, reason: str) -> None:
        if not self._closed:
            _log.error("the %s model cannot be loaded: %s", self._what, reason)
        self.failed = reason
        self._loaded.set()
