"""Looking through a folder whose files come and go under one's hands: what is there, and what a file holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PARTIAL = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")
_CLUTTER = ("thumbs.db", "desktop.ini")
_MOST = 100_000
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Stamp(NamedTuple):
    """What tells a file from a changed one."""

    size: int
    changed_ns: int
    inode: int


class Look(NamedTuple):
    """The files of a folder by their path in it, and what is not looked into, each with the reason."""

    files: dict[str, Stamp]
    refused: dict[str, str]


def look(folder: Path) -> Look:
    """What is in a folder and the folders in it: not what is hidden, half downloaded, or a link."""
    found = Look({}, {})
    folders = [""]
    while folders and len(found.files) < _MOST:
        inside = folders.pop()
        try:
            for entry in _entries(folder / inside):
                path = f"{inside}/{entry.name}" if inside else entry.name
                if entry.is_symlink():
                    found.refused[path] = "This is a link, which is not followed. Put the file itself here."
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif entry.is_file(follow_symlinks=False) and (stamp := _stamp_of(entry)):
                    found.files[path] = stamp
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                found.refused[inside] = f"This folder cannot be read: {error.strerror}. Make it readable."
    return found


def read_file(path: Path, stamp: Stamp, most: int) -> bytes | None:
    """Up to `most` bytes of the file that had this stamp; None when it is another by now.

    Raises:
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or _stamp(before) != stamp:
            return None
        data = file.read(most)
        return data if _stamp(os.fstat(descriptor)) == stamp else None


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name.lower()
            if not name.startswith((".", "~$")) and not name.endswith(_PARTIAL) and name not in _CLUTTER:
                yield entry


def _stamp_of(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        return _stamp(entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
