"""Pictures of the pages of a PDF, drawn in a process of their own, so that nobody waits behind files being read."""

from __future__ import annotations

import atexit
from functools import cache

from core.retrieval.reading.reader import asked
from core.retrieval.reading.worker import IDLE, Worker

_SECONDS = 20
_LATE = "Drawing this page took more than {:g} seconds. Open the file itself."
_BROKEN = "This page could not be drawn. Open the file itself."


class PageImages:
    """Draws pages; its process is started by the first and ended when `idle` seconds have passed without one."""

    def __init__(self, seconds: float = _SECONDS, idle: float = IDLE) -> None:
        self._worker = Worker(seconds, idle=idle)

    def draw(self, data: bytes, page: int, quote: str) -> bytes:
        """A PNG of a page (from 1) of the PDF in `data`, about 1,000 pixels wide, `quote` highlighted where found.

        Raises:
            DocumentError: it cannot be drawn; the message says why.
        """
        return asked(self._worker, {"do": "draw", "page": page, "quote": quote}, data, late=_LATE, broken=_BROKEN)[1]

    def close(self) -> None:
        """Ends the process."""
        self._worker.close()


def page_image(data: bytes, page: int, quote: str) -> bytes:
    """A PNG of a page (from 1) of the PDF in `data`, about 1,000 pixels wide, `quote` highlighted where it is found.

    Raises:
        DocumentError: it cannot be drawn; the message says why.
    """
    return _images().draw(data, page, quote)


@cache
def _images() -> PageImages:
    images = PageImages()
    atexit.register(images.close)
    return images
