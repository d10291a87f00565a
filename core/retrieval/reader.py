"""Reads files in a process of their own: a hostile one can exhaust, stall or crash a parser, but not the server."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from core import errors
from core.errors import DocumentError
from core.retrieval.outline import Block, Text

_ROOT = Path(__file__).parents[2]
_SECONDS = 120
_log = logging.getLogger(__name__)


class Reader:
    """Turns the bytes of files into text, one file at a time."""

    def __init__(self, seconds: int = _SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def read(self, filename: str, data: bytes) -> Text:
        """The text of a file.

        Raises:
            Unsupported, TooLarge, DocumentError: it cannot be read; the message says what to do.
        """
        command = [sys.executable, "-m", "core.retrieval.read_worker", filename, str(self._seconds)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT) as process:
            self._process = process
            if self._closed:
                process.kill()
            try:
                out, _ = process.communicate(data, timeout=self._seconds)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise DocumentError(
                    f"Reading this file took more than {self._seconds} seconds. Split it, or save it in a simpler form."
                ) from error
        if process.returncode:
            _log.warning("reading %s ended with %s", filename, process.returncode)
            raise DocumentError("This file could not be read. Save it anew, or in another format, and add it again.")
        return _text(json.loads(out))

    def close(self) -> None:
        """Ends what is being read."""
        self._closed = True
        if self._process is not None:
            self._process.kill()


def _text(reply: dict[str, object]) -> Text:
    if "error" in reply:
        raise getattr(errors, str(reply["error"]))(reply["message"])
    blocks = reply["blocks"]
    assert isinstance(blocks, list)
    return Text(reply["title"] if isinstance(reply["title"], str) else None, tuple(Block(*block) for block in blocks))
