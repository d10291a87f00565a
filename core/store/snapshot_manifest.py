"""The list of the files that a snapshot is made of: saved beside them, and believed only as far as they are there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.store.snapshot_tables import SCHEMA

_NAME = "manifest.json"
_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file."""

    file: str
    rows: int
    bytes: int


@dataclass(slots=True)
class Grown:
    """How far a growing table is written: its first `rows` rows, the last of which has the key `anchor`."""

    rows: int = 0
    anchor: str = ""
    parts: dict[str, list[Part]] = field(default_factory=dict)


@dataclass(slots=True)
class Written:
    """A small table as it was written last."""

    fingerprint: str
    part: Part


@dataclass(slots=True)
class Manifest:
    """What is written; `generation` grows whenever that changes."""

    generation: int = 0
    grown: dict[str, Grown] = field(default_factory=dict)
    small: dict[str, Written] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def parts(self) -> Iterator[tuple[str, list[Part]]]:
        """Every table of the snapshot with its files."""
        for table in self.grown.values():
            yield from table.parts.items()
        for name, written in self.small.items():
            yield name, [written.part]

    def files(self) -> set[str]:
        """The names of all files."""
        return {part.file for _, parts in self.parts() for part in parts}

    def save(self, folder: Path) -> None:
        """Puts it in place of the one before, whole or not at all."""
        passing = folder / (_NAME + ".tmp")
        passing.write_text(json.dumps({"schema": SCHEMA, **asdict(self)}), "utf-8")
        passing.replace(folder / _NAME)


def load(folder: Path) -> Manifest:
    """What was written before; an empty manifest if that is not whole, or of another schema.

    Files that it does not name are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        manifest = _parsed(json.loads((folder / _NAME).read_text("utf-8")))
        whole = all(_is_whole(folder / part.file, part.bytes) for _, parts in manifest.parts() for part in parts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        whole = False
    if not whole:
        manifest = Manifest()
    for path in folder.iterdir():
        if path.is_file() and path.name not in manifest.files() | {_NAME}:
            path.unlink()
    return manifest


def _parsed(values: dict[str, Any]) -> Manifest:
    if values["schema"] != SCHEMA:
        raise ValueError(values["schema"])
    grown = {
        name: Grown(
            table["rows"],
            table["anchor"],
            {part: [Part(**values) for values in parts] for part, parts in table["parts"].items()},
        )
        for name, table in values["grown"].items()
    }
    small = {name: Written(table["fingerprint"], Part(**table["part"])) for name, table in values["small"].items()}
    return Manifest(int(values["generation"]), grown, small, list(values["deleted"]))


def _is_whole(path: Path, size: int) -> bool:
    """Whether a file has its size and the end of a Parquet file: a power cut can leave less."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size != size:
            return False
        file.seek(-len(_MAGIC), os.SEEK_END)
        return file.read() == _MAGIC
