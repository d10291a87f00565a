"""What indexing needs to know of a document: its row, and vectors that its older versions have already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from core.store.database import Database

Known = dict[tuple[str | None, str], NDArray[np.float32]]
"""Vectors by the heading and text of their passages."""


@dataclass(frozen=True, slots=True)
class Work:
    """A document that is to be indexed; `titled`: a person gave the title; `older`: versions that it replaces."""

    document_id: str
    filename: str
    title: str
    titled: bool
    sha256: str
    older: tuple[str, ...]


def work(database: Database, document_id: str) -> Work | None:
    """What there is to do for a document; None when it is not being indexed."""
    rows = database.fetch(
        "select d.id, d.filename, d.title, d.titled, d.sha256, (select list(o.id) from documents o where o.id <> d.id "
        "and (o.replaced_by = d.id or o.sha256 = d.sha256) and o.status in ('ready', 'replaced')) "
        "from documents d where d.id = ? and d.status = 'indexing'",
        [document_id],
    )
    if not rows:
        return None
    found, filename, title, titled, sha256, older = rows[0]
    return Work(found, filename, title, bool(titled), sha256, tuple(older or ()))


def known_vectors(database: Database, document_ids: Sequence[str], title: str) -> Known:
    """The vectors of these documents' passages, as far as they were embedded under this title."""
    if not document_ids:
        return {}
    with database.read() as cursor:
        table = cursor.sql(
            "select p.heading, p.text, p.embedding from passages p join documents d on d.id = p.document_id "
            "where d.title = ? and d.id in (select unnest(?::varchar[]))",
            params=[title, list(document_ids)],
        ).to_arrow_table()
    if not len(table):
        return {}
    vectors = table.column("embedding").combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    keys = zip(table.column("heading").to_pylist(), table.column("text").to_pylist(), strict=True)
    return dict(zip(keys, vectors, strict=True))


def clear(cursor: DuckDBPyConnection, document_id: str) -> None:
    """Drops what was added of a document that is being indexed anew."""
    sql = "delete from passages where document_id in (select id from documents where id = ? and status = 'indexing')"
    cursor.execute(sql, [document_id])


def known(database: Database, hashes: Sequence[str], origins: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """What became of bytes that were here before, by hash: a status, or `removed`; and which origins are in use."""
    statuses = database.fetch(
        "select sha256, status from documents where status <> 'replaced' and sha256 in (select unnest(?::varchar[])) "
        "order by status <> 'removed', status in ('indexing', 'ready')",
        [list(hashes)],
    )
    held = database.fetch(
        "with named as (select coalesce(origin, filename) as origin from documents "
        "where status in ('indexing', 'ready', 'failed', 'cancelled') union all select origin from aliases) "
        "select distinct origin from named where origin in (select unnest(?::varchar[]))",
        [list(origins)],
    )
    return dict(statuses), {row[0] for row in held}
