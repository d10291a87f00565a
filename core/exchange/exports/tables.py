"""Tables: a Parquet or a DuckDB file, made beside the database and handed out in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from core.store.table_exports import TableExports

TABLES = ("parquet", "duckdb")
_PIECE = 1 << 20


def table_file(
    tables: TableExports, format_: str, folder: Path, conversation_ids: Sequence[str] | None
) -> Iterator[bytes]:
    """The file, which is complete when this returns and gone when its last piece was read.

    Raises:
        StorageError: the disk is full.
    """
    place = TemporaryDirectory(prefix=".export-", dir=folder)
    try:
        path = Path(place.name) / f"conversations.{format_}"
        write = tables.parquet if format_ == "parquet" else tables.duckdb
        write(path, conversation_ids)
    except BaseException:
        place.cleanup()
        raise
    return _pieces(place, path)


def _pieces(place: TemporaryDirectory[str], path: Path) -> Iterator[bytes]:
    with place, path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
