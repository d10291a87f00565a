"""Storing passages: rows of many documents at a time, in slices that hold up no commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from core.models import Passage
from core.store.writer import WriteJob

_SLICE = 128  # Rows a write job adds: some 4 ms, so that a commit of streaming text hardly waits.


def storing(passages: Sequence[Passage], vectors: NDArray[np.float32]) -> Iterator[WriteJob]:
    """Write jobs that add `passages`, whose vectors are an (n, 384) array, bit by bit.

    A job answers with the documents that are no longer being indexed, of which it adds nothing.
    """
    for start in range(0, len(passages), _SLICE):
        end = start + _SLICE
        yield _adding(_table(passages[start:end], vectors[start:end]))


def _adding(table: pa.Table) -> WriteJob:
    document_ids = table.column("document_id").unique().to_pylist()

    def job(cursor: DuckDBPyConnection) -> set[str]:
        sql = "select id from documents where status = 'indexing' and id in (select unnest(?::varchar[]))"
        indexing = [row[0] for row in cursor.execute(sql, [document_ids]).fetchall()]
        cursor.register("new_passages", table)  # An Arrow table goes in six times as fast as rows of lists.
        try:
            cursor.execute(
                "insert into passages by name select * from new_passages "
                "where document_id in (select unnest(?::varchar[]))",
                [indexing],
            )
        finally:
            cursor.unregister("new_passages")
        return set(document_ids).difference(indexing)

    return job


def _table(passages: Sequence[Passage], vectors: NDArray[np.float32]) -> pa.Table:
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
    return pa.table(
        {
            "id": pa.array([p.id for p in passages]),
            "document_id": pa.array([p.document_id for p in passages]),
            "ordinal": pa.array([p.ordinal for p in passages], pa.int32()),
            "text": pa.array([p.text for p in passages]),
            "heading": pa.array([p.heading for p in passages], pa.string()),
            "page": pa.array([p.page for p in passages], pa.int32()),
            "start_char": pa.array([p.start for p in passages], pa.int32()),
            "end_char": pa.array([p.end for p in passages], pa.int32()),
            "embedding": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )
