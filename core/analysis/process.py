"""One worker process as the server sees it: asked, listened to for so long and so much, ended without ceremony."""

from __future__ import annotations

import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.analysis.frames import HEAD, Kind, head, packed

_ROOT = Path(__file__).parents[2]
_KEPT = ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "SYSTEMROOT")
_SETTLED = {
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # The others reserve more than a worker has.
    "OPENBLAS_NUM_THREADS": "1",
}
_START = 60.0
_SEND = 10.0
_IDLE = 240.0
_LOOK = 0.05
_PIECE = 1 << 16
_log = logging.getLogger(__name__)


class Ended(Exception):
    """The process is gone before it has answered."""


class OutOfTime(Exception):
    """The answer has taken too long."""


class Cancelled(Exception):
    """Nobody waits for the answer any more."""


class TooMuch(Exception):
    """More came than a worker may send."""


class WorkerProcess:
    """A process of `core.analysis.worker` that can read the files of one folder, if any, and those it is handed.

    Its environment holds no secret.

    Raises:
        Ended: it could not be started.
    """

    def __init__(self, folder: Path | None) -> None:
        command = [sys.executable, "-m", "core.analysis.worker", *([str(folder)] if folder else [])]
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _SETTLED
        self._asks, theirs = socket.socketpair()  # A pipe could hand over no files.
        self._asks.settimeout(_SEND)
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                cwd=_ROOT,
                env=environment,
                start_new_session=True,
            )
        self._buffer = bytearray()
        self.answered = 0
        self.retired = False
        until = time.monotonic() + _START
        try:
            kind, _ = self._frame(lambda: _check(time.monotonic() < until, OutOfTime))
        except (Ended, OutOfTime) as error:
            self.discard()
            _log.error("the process that runs queries could not be started: it ended with %s", self._process.returncode)
            raise Ended from error
        assert kind is Kind.READY
        self._idle_since = time.monotonic()

    def ask(
        self,
        query: bytes,
        seconds: float,
        most: int,
        stop: threading.Event | None = None,
        files: Sequence[int] = (),
    ) -> Iterator[tuple[Kind, bytes]]:
        """The frames of the answer to `query`, up to the one that ends it; `files` are open, and handed to it.

        Raises:
            Ended, OutOfTime, TooMuch, Cancelled: there is no whole answer, and the process is of no more use.
        """
        until, received = time.monotonic() + seconds, 0

        def wanted() -> None:
            _check(not (stop and stop.is_set()), Cancelled)
            _check(time.monotonic() < until, OutOfTime)

        self._send(packed(Kind.QUERY, query), files)
        while True:
            kind, content = self._frame(wanted)
            received += len(content)
            _check(received <= most, TooMuch)
            yield kind, content
            if kind in (Kind.END, Kind.ERROR):
                self.answered += 1
                self._idle_since = time.monotonic()
                return

    @property
    def alive(self) -> bool:
        """Whether it can be asked; one that has long been idle is about to end by itself."""
        return self._process.poll() is None and time.monotonic() < self._idle_since + _IDLE

    def retire(self) -> None:
        """Marks it as one that is not asked again."""
        self.retired = True

    def end(self) -> None:
        """Ends it, whatever it does; who listens to it hears that."""
        self._process.kill()

    def discard(self) -> None:
        """Ends it and lets go of what belongs to it, when nobody listens to it any more."""
        self.end()
        self._process.wait()
        self._asks.close()
        if self._process.stdout:
            self._process.stdout.close()

    def _send(self, frame: bytes, files: Sequence[int]) -> None:
        try:
            sent = socket.send_fds(self._asks, [frame], files) if files else 0
            self._asks.sendall(frame[sent:])
        except OSError as error:
            raise Ended from error

    def _frame(self, wanted: Callable[[], None]) -> tuple[Kind, bytes]:
        try:
            kind, length = head(self._take(HEAD, wanted))
        except ValueError as error:
            raise Ended from error
        return kind, self._take(length, wanted)

    def _take(self, length: int, wanted: Callable[[], None]) -> bytes:
        """The next so many bytes; `wanted` is called often and raises when they are not."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while len(self._buffer) < length:
            wanted()
            if poll.poll(_LOOK * 1000):
                piece = os.read(descriptor, _PIECE)
                _check(bool(piece), Ended)
                self._buffer += piece
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken


def _check(good: bool, error: type[Exception]) -> None:
    if not good:
        raise error
