"""What is done when it is quiet, so that no viewer ever feels it: tidying, purging, checkpoints."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.models import Status
from core.shelf import UNDO
from core.store.conversations import Conversations
from core.store.database import Database
from core.store.streams import Streams
from core.streams.hub import Hub

_log = logging.getLogger(__name__)
_EVERY = 1.0
_QUIET = 3.0
_LOG_WORTH_FOLDING = 1 << 20


class Maintenance:
    """A thread that waits for a quiet moment: nothing streams, and has not for some seconds.

    `purged` is called when conversations were removed for good.
    """

    def __init__(
        self,
        database: Database,
        conversations: Conversations,
        streams: Streams,
        hub: Hub,
        purged: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._streams = streams
        self._hub = hub
        self._purged = purged
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="throughline-maintenance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        quiet = 0.0
        while not self._ended.wait(_EVERY):
            streaming = any(log.status is Status.STREAMING for log in self._hub.open_streams())
            quiet = 0.0 if streaming else quiet + _EVERY
            if quiet >= _QUIET and self._database.log_size > _LOG_WORTH_FOLDING:
                quiet = 0.0
                self._tidy()

    def _tidy(self) -> None:
        try:
            if self._conversations.purge(self._database.clock.now() - UNDO):
                self._purged()
            self._streams.tidy()
            self._database.checkpoint()
        except Exception:
            _log.exception("tidying the database failed; it is tried again when it is quiet")
