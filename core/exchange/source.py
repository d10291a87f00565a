"""Where records come from: a file, or the files in an export's ZIP, unpacked as they are read and no further."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from core.errors import TooLarge, Unsupported

Source = Path | BinaryIO

LARGEST = 8 << 30
"""In bytes: the most that a ZIP is unpacked to."""
_RATIO = 200
_SMALL = 64 << 20
_MOST_MEMBERS = 20_000
_FEEDBACK = "message_feedback.json"
_FEEDBACK_SIZE = 16 << 20
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an export; `name` is empty for a file that is alone."""

    name: str
    file: BinaryIO


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """A file to read, whether it is given by its path or open already."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        source.seek(0)
        yield source


def members(file: BinaryIO) -> Iterator[Member]:
    """The files in which conversations may be, one after the other.

    Raises:
        TooLarge: a ZIP unpacks to more than any export.
        Unsupported: a ZIP is damaged or encrypted.
    """
    if not _is_zip(file):
        yield Member("", file)
        return
    budget = _Budget()
    with _archive(file) as archive:
        for info in _json_files(archive):
            if Path(info.filename).name != _FEEDBACK:
                with archive.open(info) as member:
                    yield Member(info.filename, io.BufferedReader(_Unpacked(member, info, budget), 1 << 20))


def feedback(file: BinaryIO) -> bytes | None:
    """The file of an export's ZIP that has the ratings of messages, if there is one.

    Raises:
        TooLarge, Unsupported: as `members`.
    """
    if _is_zip(file):
        with _archive(file) as archive:
            for info in _json_files(archive):
                if Path(info.filename).name == _FEEDBACK and info.file_size <= _FEEDBACK_SIZE:
                    with archive.open(info) as member:
                        return io.BufferedReader(_Unpacked(member, info, _Budget())).read()
    return None


def _is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    found = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    file.seek(0)
    return found


@contextmanager
def _archive(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """An open ZIP, whose damages are told as such."""
    with _telling_damages(), zipfile.ZipFile(file) as archive:
        yield archive


@contextmanager
def _telling_damages() -> Iterator[None]:
    try:
        yield
    except _DAMAGES as error:
        raise Unsupported(
            "This ZIP is damaged or encrypted. Export again, or unpack it and import the file in it."
        ) from error


def _json_files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise TooLarge(f"There are more than {_MOST_MEMBERS:,} files in this ZIP. Unpack it and import the file in it.")
    found = [info for info in infos if info.filename.lower().endswith((".json", ".jsonl", ".ndjson"))]
    return sorted(found, key=lambda info: info.filename)


@dataclass(slots=True)
class _Budget:
    """How much of a ZIP was unpacked."""

    unpacked: int = 0


class _Unpacked(io.RawIOBase):
    """A file of a ZIP that ends with an error when it swells beyond all measure."""

    def __init__(self, member: IO[bytes], info: zipfile.ZipInfo, budget: _Budget) -> None:
        self._member, self._packed, self._budget = member, info.compress_size, budget
        self._read = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Unpacks as much as is asked for.

        Raises:
            TooLarge: no export is packed so tightly, or is so large.
            Unsupported: it is damaged.
        """
        with _telling_damages():
            data = self._member.read(len(buffer))
        self._read += len(data)
        self._budget.unpacked += len(data)
        swollen = self._read > _SMALL and self._read > _RATIO * self._packed
        if swollen or self._budget.unpacked > LARGEST:
            raise TooLarge("This ZIP unpacks to more than any export does. Unpack it, and import the file in it.")
        buffer[: len(data)] = data
        return len(data)
