"""Originals: the bytes of every file that was added, kept beside the database under their hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import StorageError
from core.ids import new_id

SPARE = 256 * 1024 * 1024
"""Bytes of the disk that files leave free: answers that are being written need some."""
_THREADS = 8  # Waiting for the disk together takes a seventh of the time.


def hash_of(data: bytes) -> str:
    """The hash that names these bytes."""
    return hashlib.sha256(data).hexdigest()


class Originals:
    """A folder of files, each named by its hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    @contextmanager
    def keeping(self, files: Mapping[str, bytes]) -> Iterator[None]:
        """Has `files`, by hash, on disk from the beginning of the block on; inside it none of them is dropped.

        Raises:
            StorageError: they cannot be written.
        """
        with self._lock:
            self._held.update(files.keys())
        try:
            self._write(files)
            yield
        finally:
            with self._lock:
                self._held.subtract(files.keys())
                self._held += Counter()

    def read(self, sha256: str) -> bytes:
        """The bytes with this hash.

        Raises:
            FileNotFoundError: they are not kept.
        """
        return (self._folder / sha256).read_bytes()

    def has(self, sha256: str) -> bool:
        """Whether the bytes with this hash are kept."""
        return (self._folder / sha256).is_file()

    def names(self) -> set[str]:
        """The hashes of all that is kept."""
        return {entry.name for entry in os.scandir(self._folder)} if self._folder.is_dir() else set()

    def drop(self, sha256: str, used: Callable[[], bool]) -> None:
        """Removes the bytes with this hash, unless somebody is adding them or they are `used`."""
        with self._lock:
            if sha256 not in self._held and not used():
                (self._folder / sha256).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str]) -> None:
        """Removes everything but the `wanted` hashes; for the start, when nothing is being added."""
        for name in self.names() - set(wanted):
            with suppress(OSError):
                (self._folder / name).unlink()

    def _write(self, files: Mapping[str, bytes]) -> None:
        missing = [(name, data) for name, data in files.items() if not self.has(name)]
        if not missing:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self._folder).free < SPARE + sum(len(data) for _, data in missing):
                raise StorageError("The disk is nearly full, so no file is taken. Free some space, then add it again.")
            with ThreadPoolExecutor(min(_THREADS, len(missing)), "throughline-originals") as pool:
                list(pool.map(self._write_one, missing))
            _sync(self._folder)
        except OSError as error:
            said = f"The folder {self._folder} cannot be written: {error.strerror}. Correct that, then add it again."
            raise StorageError(said) from error

    def _write_one(self, file: tuple[str, bytes]) -> None:
        name, data = file
        path = self._folder / f"{name}.{new_id()}.part"
        try:
            with path.open("xb") as part:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
            path.replace(self._folder / name)
        finally:
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Has the names in a folder on disk, where the system knows how."""
    if os.name == "posix":
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
