"""One process that reads files, seen from the server: asked, timed, killed and buried."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.retrieval.reading.frames import Header, receive, send

_ROOT = Path(__file__).parents[3]
_GRACE = 5  # Seconds after which a process ends itself, should nobody else do it.
# What Python needs to run; keys and tokens are none of a parser's business.
_ENVIRONMENT = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"),
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
)
_ALWAYS = {"OPENBLAS_NUM_THREADS": "1"}  # openpyxl imports NumPy, which sets memory aside for every thread.


class ReadProcess:
    """Starts with its construction; one piece of work may take `seconds` and `memory`, in bytes of address space."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds = seconds
        self.late = False
        ours = theirs = -1
        if sys.platform == "linux":
            theirs, ours = os.pipe()  # Nothing is ever sent through it: that it is closed tells that we are gone.
        numbers = (memory, int(seconds) + _GRACE, theirs)
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "core.retrieval.reading.read_worker", *map(str, numbers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=_ROOT,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | _ALWAYS,
                pass_fds=(theirs,) if theirs >= 0 else (),
            )
        except OSError:
            _close(ours)
            raise
        finally:
            _close(theirs)
        self._lifeline = ours

    @property
    def pid(self) -> int:
        """Its id."""
        return self._popen.pid

    @property
    def ended(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._popen.poll()

    def ask(self, header: Header, body: bytes) -> tuple[Header, bytes] | None:
        """The answer to a request, or None when it ended without one; `late` tells whether its time was over."""
        assert self._popen.stdin is not None and self._popen.stdout is not None
        with _Deadline(self._seconds, self._expire):
            try:
                send(self._popen.stdin, header, body)
                return receive(self._popen.stdout)
            except (OSError, ValueError):
                return None

    def kill(self) -> None:
        """Ends it at once, from any thread."""
        self._popen.kill()

    def close(self) -> None:
        """Ends it, and gives back what it held."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            with suppress(OSError):  # What was not yet sent cannot be flushed.
                if pipe is not None:
                    pipe.close()
        _close(self._lifeline)
        self._lifeline = -1

    def _expire(self) -> None:
        self.late = True
        self._popen.kill()


class _Deadline:
    """Does something when its time has passed, but never once its block has ended."""

    def __init__(self, seconds: float, then: Callable[[], None]) -> None:
        self._then = then
        self._met = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._met = True
        self._timer.cancel()

    def _pass(self) -> None:
        with self._lock:
            if not self._met:
                self._then()


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        os.close(descriptor)
