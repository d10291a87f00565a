"""The only files that a query can reach: some that are named beforehand, to be read."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import get_ident
from typing import Any

from fsspec import AbstractFileSystem

from core.analysis.views import SCHEME


class StoredFiles(AbstractFileSystem):  # type: ignore[misc]
    """A file system of DuckDB in which there are some files and nothing else, and nothing can be written.

    A file is where it is, or its descriptor where it is open already.
    """

    protocol = "stored"
    cachable = False

    def __init__(self, files: Mapping[str, Path | int]) -> None:
        super().__init__()
        self._files = dict(files)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """The size of a file."""
        return {"name": path, "size": self._stat(path).st_size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """When a file was written, which is when it was made."""
        return datetime.fromtimestamp(self._stat(path).st_mtime, UTC)

    def glob(self, path: str, **_: Any) -> list[str]:
        """The file of that very name."""
        return [path] if path.removeprefix(SCHEME) in self._files else []

    def _open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> io.RawIOBase:
        if mode != "rb":
            raise PermissionError("The history can be read, not written.")
        file = self._file(path)
        return _File(os.dup(file) if isinstance(file, int) else os.open(file, os.O_RDONLY))

    def _stat(self, path: str) -> os.stat_result:
        file = self._file(path)
        return os.fstat(file) if isinstance(file, int) else file.stat()

    def _file(self, path: str) -> Path | int:
        try:
            return self._files[path.removeprefix(SCHEME)]
        except KeyError:
            raise FileNotFoundError(path) from None


class _File(io.RawIOBase):
    """A file with a position for each thread: DuckDB's threads share one, and seek and read in two calls."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._positions: dict[int, int] = {}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._positions.get(get_ident(), 0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        self._positions[get_ident()] = start + offset
        return start + offset

    def read(self, size: int = -1) -> bytes:
        position = self.tell()
        data = os.pread(self._descriptor, self._size - position if size < 0 else size, position)
        self._positions[get_ident()] = position + len(data)
        return data

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
