"""Reads and splits files in a process of their own: a hostile one can exhaust, stall or crash that, not the server."""

from __future__ import annotations

import logging

from core import errors
from core.errors import DocumentError
from core.retrieval.reading.frames import Header
from core.retrieval.reading.pieces import unpacked
from core.retrieval.reading.split import Cut
from core.retrieval.reading.worker import IDLE, MEMORY, SECONDS, Ended, TimedOut, Wanted, Worker, always

LATE = "Reading this file took more than {:g} seconds. Split it, or save it in a simpler form."
BROKEN = "This file could not be read. Save it anew, or in another format, and add it again."
_log = logging.getLogger(__name__)


class Reader:
    """Turns the bytes of files into pieces of text, one file at a time.

    Each may take `seconds` and `memory` (in bytes); the process ends after `idle` seconds without a file.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY, idle: float = IDLE) -> None:
        self._worker = Worker(seconds, memory, idle)

    @property
    def pid(self) -> int | None:
        """The id of the process that reads, or None while there is none."""
        return self._worker.pid

    def read(self, filename: str, data: bytes, wanted: Wanted = always) -> Cut:
        """What a file holds.

        Raises:
            Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
            Unwanted: it was no longer `wanted`, and `drop_unwanted` said so.
        """
        reply, body = asked(self._worker, {"do": "read", "filename": filename}, data, wanted)
        return Cut(reply["title"], reply["url"], tuple(unpacked(body)))

    def drop_unwanted(self) -> None:
        """Ends what is being read if it is no longer wanted; back at once."""
        self._worker.drop_unwanted()

    def close(self) -> None:
        """Ends what is being read."""
        self._worker.close()


def asked(
    worker: Worker, request: Header, data: bytes, wanted: Wanted = always, late: str = LATE, broken: str = BROKEN
) -> tuple[Header, bytes]:
    """The answer of a worker to a request about a file; `late` and `broken` say what to do where there is none.

    Raises:
        Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
        Unwanted: it was no longer `wanted`.
    """
    try:
        reply, body = worker.ask(request, data, wanted)
    except TimedOut as error:
        raise DocumentError(late.format(worker.seconds)) from error
    except Ended as error:
        reply, body = {"failed": f"its process ended: {error}"}, b""
    if "error" in reply:
        raise getattr(errors, reply["error"])(reply["message"])
    if "failed" in reply:
        _log.warning("a file could not be read: %s", reply["failed"])
        raise DocumentError(broken)
    return reply, body
