"""Time for what is stored: wall-clock time that never runs backwards, whatever happens to the machine's clock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_log = logging.getLogger(__name__)
_JUMP = 60.0
_STEP = 2e-6
"""A float of today's size is exact to 0.24 µs: half of this could be rounded away."""


class Clock:
    """Gives wall-clock times in order, and says when the machine's clock was changed.

    Durations must come from `monotonic`, which no clock change touches.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._latest = 0.0
        self._skew = wall() - monotonic()
        self.warning: str | None = None

    def now(self) -> datetime:
        """The time to store: later than every one that was given before, by a microsecond at least."""
        with self._lock:
            wall = self._wall()
            self._notice(wall)
            self._latest = max(wall, self._latest + _STEP)
            return datetime.fromtimestamp(self._latest, UTC)

    def not_before(self, latest: datetime) -> None:
        """Makes every later time come after `latest`, the newest one that is stored already."""
        with self._lock:
            ahead = latest.timestamp() - self._wall()
            self._latest = max(self._latest, latest.timestamp())
            if ahead > _JUMP:
                self._warn(f"is {_size(ahead)} behind the newest saved message")

    def _notice(self, wall: float) -> None:
        jump = wall - self.monotonic() - self._skew
        if abs(jump) > _JUMP:
            self._skew += jump
            self._warn(f"was set {_size(jump)} {'ahead' if jump > 0 else 'back'}")

    def _warn(self, what: str) -> None:
        self.warning = (
            f"This machine's clock {what}. Nothing is lost and the order of messages is kept, but the times shown "
            "may be off. Check the date and time settings."
        )
        _log.warning(self.warning)


def _size(seconds: float) -> timedelta:
    return timedelta(seconds=round(abs(seconds)))
