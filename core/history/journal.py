"""A file of records that is only added to: what was added is there after a kill, what is damaged is cut off.

Records stand in frames, each with its length and checksum. It holds what can be made anew, so nothing waits for the
disk: after a power failure some of the newest may be missing.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEAD = struct.Struct("<4sII")  # Mark, bytes, checksum.
_MARK = b"TLj1"

Records = NDArray[Any]


class Journal:
    """Records of one kind, in a file whose name ends in a dash and the number of its format."""

    def __init__(self, path: Path, kind: np.dtype[Any]) -> None:
        self._path = path
        self._kind = kind
        self.frames = 0
        """How many times something was added, of what is there."""

    def read(self) -> Iterator[Records]:
        """Everything, as it was added; a frame that is damaged and what follows it are cut off."""
        for other in self._path.parent.glob(f"{self._path.name.rpartition('-')[0]}-*"):
            if other != self._path:
                other.unlink(missing_ok=True)
        self.frames, sound = 0, 0
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            while (records := self._frame(file.read(_HEAD.size), file)) is not None:
                self.frames += 1
                sound = file.tell()
                yield records
        if sound < self._path.stat().st_size:
            os.truncate(self._path, sound)

    def append(self, records: Records) -> None:
        """Adds records.

        Raises:
            OSError: they cannot be written; what was there before stays sound.
        """
        if not len(records):
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab", buffering=0) as file:
            sound = file.tell()
            try:
                _write(file, records)
            except OSError:
                os.truncate(self._path, sound)
                raise
        self.frames += 1

    def rewrite(self, parts: Iterable[Records]) -> None:
        """Puts other records in place of what is there, at once.

        Raises:
            OSError: they cannot be written; then all stays as it was.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f"new {self._path.name}")
        frames = 0
        with new.open("wb", buffering=0) as file:
            for records in parts:
                if len(records):
                    _write(file, records)
                    frames += 1
        new.replace(self._path)
        self.frames = frames

    def _frame(self, head: bytes, file: Any) -> Records | None:
        if len(head) < _HEAD.size:
            return None
        mark, length, checksum = _HEAD.unpack(head)
        if mark != _MARK or length % self._kind.itemsize:
            return None
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != checksum:
            return None
        return np.frombuffer(body, self._kind)


def _write(file: Any, records: Records) -> None:
    body = records.tobytes()
    whole = _HEAD.pack(_MARK, len(body), zlib.crc32(body)) + body
    if file.write(whole) < len(whole):
        raise OSError("the disk took only a part")
