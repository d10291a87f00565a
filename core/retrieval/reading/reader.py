"""Reads files in a process of their own: a hostile one can exhaust, stall or crash a parser, but not the server."""

from __future__ import annotations

import logging

from core import errors
from core.errors import DocumentError
from core.retrieval.reading.frames import Header
from core.retrieval.reading.outline import Block, Text
from core.retrieval.reading.worker import IDLE, MEMORY, SECONDS, Ended, TimedOut, Worker

LATE = "Reading this file took more than {:g} seconds. Split it, or save it in a simpler form."
BROKEN = "This file could not be read. Save it anew, or in another format, and add it again."
_log = logging.getLogger(__name__)


class Reader:
    """Turns the bytes of files into text, one file at a time.

    Each may take `seconds` and `memory` (in bytes); the process ends after `idle` seconds without a file.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY, idle: float = IDLE) -> None:
        self._worker = Worker(seconds, memory, idle)

    @property
    def pid(self) -> int | None:
        """The id of the process that reads, or None while there is none."""
        return self._worker.pid

    def read(self, filename: str, data: bytes) -> Text:
        """The text of a file.

        Raises:
            Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
        """
        reply = asked(self._worker, {"do": "read", "filename": filename}, data)[0]
        return Text(reply["title"], tuple(Block(*block) for block in reply["blocks"]), reply["url"])

    def close(self) -> None:
        """Ends what is being read."""
        self._worker.close()


def asked(worker: Worker, request: Header, data: bytes, late: str = LATE, broken: str = BROKEN) -> tuple[Header, bytes]:
    """The answer of a worker to a request about a file; `late` and `broken` say what to do where there is none.

    Raises:
        Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
    """
    try:
        reply, body = worker.ask(request, data)
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
