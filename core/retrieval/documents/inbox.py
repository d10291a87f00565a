"""The watched folder: what a person puts into `inbox` becomes documents, and its changes their newer versions.

The files stay where they are. One that is deleted there stays a document; one whose document was removed stays away
while it is the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.errors import StorageError, ThroughlineError, Unavailable
from core.retrieval.documents.folder import Stamp, look, read_file
from core.retrieval.documents.intake import Added, NewFile, Skipped, tidy_path
from core.retrieval.documents.originals import hash_of
from core.retrieval.reading.read import SIZE_LIMIT, media_type
from core.store.documents import Documents

PREFIX = "inbox/"
_SECONDS = 2.0
_SHARE = 0.05  # Of the time is spent looking, however much there is to look at.
_FILES = 64  # Files that are read, and added, at a time…
_BYTES = 16 * 1024 * 1024  # …unless they are this large.
_UNREADABLE = "This file cannot be read: {}. Make it readable, or put it here anew."
_UNUSABLE = "The folder {} cannot be used: {}. Correct that to have files taken from it."
_log = logging.getLogger(__name__)

Take = Callable[[Sequence[NewFile]], Sequence[Added]]


class Inbox:
    """Watches one folder from `start` to `close`; `take` adds files to the library."""

    def __init__(self, folder: Path, documents: Documents, take: Take) -> None:
        self._folder = folder
        self._documents = documents
        self._take = take
        self._last: dict[str, Stamp] = {}  # Of every file at the last look…
        self._done: dict[str, Stamp] = {}  # …and when it was taken, or refused for good.
        self._refused: dict[str, str] = {}
        self._skipped: tuple[Skipped, ...] = ()
        self._pause = _SECONDS
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Makes the folder and begins to watch it; back at once."""
        self._thread = threading.Thread(target=self._watch, name="throughline-inbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops watching."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def skipped(self) -> tuple[Skipped, ...]:
        """The files that are not taken, each with its reason, until they change or vanish."""
        return self._skipped

    def look(self) -> None:
        """Looks once: takes every file that is as it was at the last look, and was not taken as it is."""
        began = time.monotonic()
        found = look(self._folder)
        self._pause = max(_SECONDS, (time.monotonic() - began) / _SHARE)
        for table in (self._done, self._refused):
            for path in table.keys() - found.files.keys():
                del table[path]
        settled = [path for path, stamp in found.files.items() if self._last.get(path) == stamp != self._done.get(path)]
        self._last = found.files
        for files in self._read(settled):
            self._add(files)
        refused = sorted({**self._refused, **found.refused}.items())
        self._skipped = tuple(Skipped(path, why) for path, why in refused)

    def _read(self, paths: Sequence[str]) -> Iterator[dict[str, bytes]]:
        """The files that can be read, some at a time."""
        files: dict[str, bytes] = {}
        for path in paths:
            if self._closing.is_set():
                return
            data = self._bytes(path)
            if data is not None:
                files[path] = data
            if len(files) == _FILES or sum(map(len, files.values())) > _BYTES:
                yield files
                files = {}
        if files:
            yield files

    def _bytes(self, path: str) -> bytes | None:
        try:
            media_type(path)
            return read_file(self._folder / path, self._last[path], SIZE_LIMIT + 1)
        except OSError as error:
            self._refused[path] = _UNREADABLE.format(error.strerror)
        except ThroughlineError as error:
            self._refuse(path, error)
        return None

    def _add(self, files: dict[str, bytes]) -> None:
        hashes = {path: hash_of(data) for path, data in files.items()}
        origins = {path: PREFIX + tidy_path(path) for path in files}
        statuses, held = self._documents.known(list(hashes.values()), list(origins.values()))
        wanted = []
        for path, data in files.items():
            status = statuses.get(hashes[path])
            # What failed or was cancelled is tried again when a person says so, what was removed comes back changed.
            if status in ("failed", "cancelled") or (status == "removed" and origins[path] not in held):
                self._settle(path)
            else:
                wanted.append(NewFile(path, data, origins[path]))
        for file, added in zip(wanted, self._take(wanted), strict=True):
            if added.error is None:
                self._settle(file.filename)
            else:
                self._refuse(file.filename, added.error)

    def _settle(self, path: str) -> None:
        self._done[path] = self._last[path]
        self._refused.pop(path, None)

    def _refuse(self, path: str, error: ThroughlineError) -> None:
        """Says why a file is not taken; it is tried again when it has changed, or when more is taken."""
        self._refused[path] = error.message
        if not isinstance(error, StorageError | Unavailable):
            self._done[path] = self._last[path]

    def _watch(self) -> None:
        while not self._closing.is_set():
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                self.look()
            except OSError as error:
                self._skipped = (Skipped("", _UNUSABLE.format(self._folder, error.strerror)),)
            except Exception:
                _log.exception("looking into %s failed", self._folder)
            self._closing.wait(self._pause)
