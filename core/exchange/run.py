"""An import that goes on in a thread of its own, whoever watches it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import BinaryIO

from core.errors import ThroughlineError
from core.exchange.report import Report
from core.exchange.source import Source, opened

_log = logging.getLogger(__name__)
_FAILED = "This broke off, and the server's log says why. What was saved by then stays; choose the file again."


class Run:
    """Does `deed` with a file, filling `report` as it goes on; `error` is what ended it early, as a sentence."""

    def __init__(self, deed: Callable[[BinaryIO, Report], object], source: Source, name: str) -> None:
        self.name = name
        self.report = Report()
        self.error: str | None = None
        self._file: BinaryIO | None = None
        self._size = 0
        self._ended = threading.Event()
        threading.Thread(target=self._work, args=(deed, source), name="throughline-import", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self._ended.is_set()

    @property
    def progress(self) -> float:
        """How much of the file was read, from 0 to 1."""
        if self.done:
            return 1.0
        file = self._file
        try:
            return min(1.0, file.tell() / self._size) if file and self._size else 0.0
        except ValueError:  # It was closed just now.
            return 1.0

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has come to an end, after waiting for that."""
        return self._ended.wait(seconds)

    def _work(self, deed: Callable[[BinaryIO, Report], object], source: Source) -> None:
        try:
            with opened(source) as file:
                self._size = file.seek(0, os.SEEK_END)
                file.seek(0)
                self._file = file
                deed(file, self.report)
        except ThroughlineError as error:
            self.error = error.message
        except FileNotFoundError:
            self.error = "The file is no longer there. Choose another one."
        except OSError:
            _log.exception("a file of an import cannot be read")
            self.error = "The file cannot be read. See that the server may read it, then choose it again."
        except Exception:
            _log.exception("an import failed")
            self.error = _FAILED
        finally:
            self._file = None
            self._ended.set()
