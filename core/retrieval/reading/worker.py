"""A process for dangerous work, one piece at a time: what exhausts, stalls or crashes it costs the server nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.retrieval.reading.frames import Header
from core.retrieval.reading.read_process import ReadProcess

SECONDS = 120
MEMORY = 2 * 1024**3
IDLE = 60.0
_SERVED = 500  # After so many pieces of work a process is replaced, whatever it may have leaked.


class TimedOut(Exception):
    """The work took longer than it may."""


class Ended(Exception):
    """The process ended before the work did."""


class Unwanted(Exception):
    """The work was given up, as nobody wanted it any more."""


Wanted = Callable[[], bool]
"""Whether some work is still wanted; asked from any thread, and quick to answer."""


def always() -> bool:
    """What is wanted whatever happens."""
    return True


class Worker:
    """The process: started when it is first needed, anew when it has ended, and ended when it has long been idle.

    `seconds` and `memory` (bytes of address space) are what one piece of work may take, `idle` is in seconds.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY, idle: float = IDLE) -> None:
        self.seconds = seconds
        self._memory = memory
        self._idle = idle
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._process: ReadProcess | None = None
        self._wanted: Wanted = always
        self._resting: threading.Timer | None = None
        self._served = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The id of the process, or None while there is none."""
        with self._lock:
            return self._process.pid if self._process is not None else None

    def ask(self, header: Header, body: bytes, wanted: Wanted = always) -> tuple[Header, bytes]:
        """Has one piece of work done and returns the answer; several threads take turns.

        Raises:
            TimedOut: it took too long.
            Unwanted: it was no longer `wanted`, and `drop_unwanted` said so.
            Ended: the process ended, by a crash or by `close`.
        """
        with self._turn:
            if self._resting is not None:
                self._resting.cancel()
            process = self._started(wanted)
            try:
                answer = process.ask(header, body) if wanted() else None
            except BaseException:  # Its answer is on the way, and must not be taken for that to the next question.
                self._end()
                raise
            finally:
                with self._lock:
                    self._wanted = always
            self._served += 1
            if answer is None or process.late or answer[0].get("last") or self._served >= _SERVED:
                self._end()
            else:
                self._rest_later()
        if answer is not None:
            return answer
        if not wanted():
            raise Unwanted
        raise TimedOut if process.late else Ended(f"status {process.ended}")

    def drop_unwanted(self) -> None:
        """Ends the work that is being done if it is no longer wanted; back at once."""
        with self._lock:
            if self._process is not None and not self._wanted():
                self._process.kill()

    def close(self) -> None:
        """Ends the process, even at work, for good."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        with self._turn:
            if self._resting is not None:
                self._resting.cancel()
            self._end()

    def _started(self, wanted: Wanted) -> ReadProcess:
        if self._process is not None and self._process.ended is not None:
            self._end()
        with self._lock:
            if self._closed:
                raise Ended("closed")
            if self._process is None:
                self._process = _launched(self.seconds, self._memory)
                self._served = 0
            self._wanted = wanted
            return self._process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def _rest_later(self) -> None:
        self._resting = threading.Timer(self._idle, self._rest)
        self._resting.daemon = True
        self._resting.start()

    def _rest(self) -> None:
        with self._turn:
            if self._resting is threading.current_thread():  # Else it has been at work since.
                self._end()


def _launched(seconds: float, memory: int) -> ReadProcess:
    try:
        return ReadProcess(seconds, memory)
    except OSError as error:  # Too many processes, or too many open files.
        raise Ended(f"not started: {error}") from error
