"""The files of results: one a SQL cell, written whole before it is named, in a folder a notebook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.analysis.tables import Column, Table
from core.notebook.values import CellResult
from core.store.notebooks import File

_PASSING = ".part"
_MAGIC = b"PAR1"


class ResultFiles:
    """The files below one folder; only the server opens them, and hands them to who may read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def table(self, notebook_id: str, result: CellResult) -> Table:
        """A result as a table of a query."""
        columns = tuple(Column(*column) for column in result.columns)
        return Table(self._path((notebook_id, result.cell_id, result.run_id)), columns)

    @contextmanager
    def written(self, file: File) -> Iterator[BinaryIO]:
        """A new file, which is there at the end of the `with`; not at all if something is raised inside.

        The disk is not waited for, as answers wait for it too: what a power cut spoils is found by `sweep`.

        Raises:
            OSError: it cannot be written.
        """
        path = self._path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        passing = path.with_name(path.name + _PASSING)
        try:
            with passing.open("wb") as opened:
                yield opened
            passing.replace(path)
        finally:
            passing.unlink(missing_ok=True)

    def remove(self, files: Iterable[File]) -> None:
        """Removes files; who has one open reads on."""
        for file in files:
            with suppress(OSError):  # What cannot be removed now is swept at the next start.
                self._path(file).unlink(missing_ok=True)

    def remove_all(self, notebook_id: str) -> None:
        """Removes the folder of a notebook."""
        shutil.rmtree(self._folder / notebook_id, ignore_errors=True)

    def sweep(self, known: Mapping[File, int]) -> list[File]:
        """Removes what no result names, such as what was being written when the server died.

        `known` are the files that there should be and their sizes in bytes; gives those that are not whole.
        """
        spoilt = [file for file, size in known.items() if not _is_whole(self._path(file), size)]
        kept = {self._path(file) for file in known.keys() - set(spoilt)}
        for folder in self._folder.glob("*"):
            if folder.is_symlink() or not folder.is_dir():
                continue
            for path in folder.iterdir():
                if path not in kept:
                    path.unlink(missing_ok=True)
            with suppress(OSError):  # There are results in it.
                folder.rmdir()
        return spoilt

    def _path(self, file: File) -> Path:
        notebook_id, cell_id, run_id = file
        return self._folder / notebook_id / f"{cell_id}-{run_id}.parquet"


def _is_whole(path: Path, size: int) -> bool:
    """Whether a file has its size and the end of a Parquet file: a power cut can leave less."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != size:
                return False
            file.seek(-len(_MAGIC), os.SEEK_END)
            return file.read() == _MAGIC
    except OSError:
        return False
