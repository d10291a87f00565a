"""The history as Parquet files for analysts: written only when somebody asks, no older than asked for."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable
from core.store.database import Database
from core.store.snapshot_manifest import Manifest, load
from core.store.snapshot_parts import Parts
from core.store.writer import readable

_MAX_AGE = 1.0
_NEVER = -math.inf
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Files:
    """The names of the Parquet files in `folder` by table; what belongs to the conversations `deleted` is not shown."""

    generation: int
    folder: Path
    tables: Mapping[str, tuple[str, ...]]
    deleted: tuple[str, ...]


class Snapshot:
    """The files of one folder. They can be removed at any time while nobody has them open: all is written anew."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder.absolute()
        self._parts = Parts(self._folder)
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "throughline-snapshot")
        self._running: Future[None] | None = None
        self._manifest: Manifest | None = None
        self._files = Files(0, self._folder, {}, ())
        self._as_of = _NEVER
        self._leases: Counter[int] = Counter()
        self._left: list[tuple[int, str]] = []
        self._closed = False

    @contextmanager
    def open(self, max_age: float = _MAX_AGE, patience: float = _PATIENCE) -> Iterator[Files]:
        """The files as of `max_age` seconds ago or later; they stay as they are inside the `with`.

        Raises:
            Unavailable: it is still being written after `patience` seconds.
            StorageError: it cannot be written.
        """
        asked = time.monotonic()
        while True:
            with self._lock:
                if self._as_of >= asked - max_age:
                    files = self._files
                    self._leases[files.generation] += 1
                    break
                running = self._refreshing()
            self._wait(running, asked + patience - time.monotonic())
        try:
            yield files
        finally:
            with self._lock:
                self._leases -= Counter({files.generation: 1})
                self._sweep()

    def discard(self) -> None:
        """Forgets what was written, as it cannot be read; the next who asks has it written anew."""

        def forget() -> None:
            if self._manifest is not None:
                self._publish(Manifest(self._manifest.generation + 1), _NEVER)

        self._worker.submit(forget).result()

    def forget_purged(self) -> None:
        """Begins to remove from the files what was purged from the database; without any there is nothing to do."""
        if self._folder.exists() and not self._closed:
            with self._lock:
                self._as_of = _NEVER
                self._refreshing()

    def close(self) -> None:
        """Ends what is being written; the next start goes on from there."""
        self._closed = True
        self._worker.shutdown(cancel_futures=True)

    def _refreshing(self) -> Future[None]:
        """The refresh that runs, or a new one."""
        if self._closed:
            raise Unavailable("Throughline is shutting down. Try again after the restart.")
        if self._running is None or self._running.done():
            self._running = self._worker.submit(self._refresh)
        return self._running

    @staticmethod
    def _wait(running: Future[None], seconds: float) -> None:
        try:
            running.result(max(0.0, seconds))
        except NotYet as error:
            raise Unavailable("The history is being prepared for queries. Try again in a moment.") from error
        except Exception as error:
            raise readable(error) from error

    def _refresh(self) -> None:
        """Step by step, each in a short transaction of its own, so that a long history holds up nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._manifest is None:
            self._manifest = load(self._folder)
        try:
            while not self._closed and self._step(self._manifest):
                pass
        except BaseException:
            self._remove_strays()
            raise

    def _step(self, before: Manifest) -> bool:
        as_of, manifest = time.monotonic(), deepcopy(before)
        with self._database.snapshot() as cursor:
            more = self._parts.advance(cursor, manifest)
            self._parts.merge(cursor, manifest)
        if manifest != before:
            manifest.generation += 1
            manifest.save(self._folder)
        self._publish(manifest, _NEVER if more else as_of)
        if manifest != before:
            self._remove_strays()
        return more

    def _remove_strays(self) -> None:
        """What was written and merged at once, or was being written when it failed, such as by a disk that is full."""
        known = (self._manifest.files() if self._manifest else set()) | {file for _, file in self._left}
        for path in self._folder.glob("*.parquet"):
            if path.name not in known:
                path.unlink(missing_ok=True)

    def _publish(self, manifest: Manifest, as_of: float) -> None:
        before = self._manifest.files() if self._manifest else set()
        tables = {name: tuple(part.file for part in parts) for name, parts in manifest.parts()}
        with self._lock:
            self._left += [(manifest.generation, file) for file in before - manifest.files()]
            self._manifest, self._as_of = manifest, as_of
            self._files = Files(manifest.generation, self._folder, tables, tuple(manifest.deleted))
            self._sweep()

    def _sweep(self) -> None:
        """Removes the files that nobody reads any more."""
        oldest = min(self._leases, default=self._files.generation)
        for generation, file in self._left:
            if generation <= oldest:
                (self._folder / file).unlink(missing_ok=True)
        self._left = [(generation, file) for generation, file in self._left if generation > oldest]
