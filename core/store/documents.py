"""Documents: the rows that say what was added, and where each is in `indexing → ready | failed`.

A removed document leaves its id and hash behind, with status `removed` and no name, so that a sample which a
person removed does not come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from core.errors import NotFound
from core.ids import new_id
from core.models import Document, Passage
from core.store.database import Database
from core.store.passages import Passages, slices

_COLUMNS = """
    d.id, d.title, d.filename, d.media_type, d.size, d.sha256, d.status, d.error,
    (select count(*) from passages p where p.document_id = d.id and d.status = 'ready'), d.created_at,
    coalesce(d.origin, d.filename), d.url, d.tags
"""


class Documents:
    """The documents of a database, and in `passages` their passages."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.passages = Passages(database)

    def add(self, *, title: str, filename: str, media_type: str, size: int, sha256: str) -> tuple[Document, bool]:
        """The document with these bytes, and whether it is new; one that failed or was removed is replaced."""
        row = [new_id(), title, filename, media_type, size, sha256, "indexing", None, self._database.clock.now()]

        def job(cursor: DuckDBPyConnection) -> tuple[str, bool]:
            present = cursor.execute(
                "select id from documents where sha256 = ? and status in ('indexing', 'ready')", [sha256]
            ).fetchall()
            if present:
                return str(present[0][0]), False
            cursor.execute("delete from documents where sha256 = ?", [sha256])
            cursor.execute("insert into documents values (?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, [], null)", row)
            return str(row[0]), True

        document_id, created = self._database.write(job)
        return self.get(document_id), created

    def by_hash(self, sha256: str) -> Document | None:
        """The document with these bytes, unless it was removed."""
        rows = self._select("where d.sha256 = ? and d.status <> 'removed'", sha256)
        return rows[0] if rows else None

    def get(self, document_id: str) -> Document:
        """One document.

        Raises:
            NotFound: there is none, or it was removed.
        """
        rows = self._select("where d.id = ? and d.status <> 'removed'", document_id)
        if not rows:
            raise NotFound("document", document_id)
        return rows[0]

    def list(self) -> tuple[Document, ...]:
        """Every document, newest first."""
        return self._select("where d.status <> 'removed' order by d.created_at desc, d.id desc")

    def any_ready(self) -> bool:
        """Whether there is a document to search."""
        return bool(self._database.fetch("select 1 from documents where status = 'ready' limit 1"))

    def was_removed(self, sha256: str) -> bool:
        """Whether a document with these bytes was here and a person removed it."""
        sql = "select 1 from documents where sha256 = ? and status = 'removed' limit 1"
        return bool(self._database.fetch(sql, [sha256]))

    def set_title(self, document_id: str, title: str) -> None:
        """Names a document anew."""
        self._database.write(
            lambda cursor: cursor.execute("update documents set title = ? where id = ?", [title, document_id])
        )

    def append(self, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> bool:
        """Adds passages of a document that is being indexed; False when it no longer is, and nothing was added."""
        return all(self._database.write(job) for job in slices(passages, vectors))

    def set_ready(self, document_id: str) -> bool:
        """Opens a document to search; False when it is no longer being indexed."""
        if not self._leave_indexing(document_id, "ready", None):
            return False
        self.passages.include(document_id)
        return True

    def set_failed(self, document_id: str, error: str) -> bool:
        """Closes a document that could not be indexed and drops what was added of it."""
        return self._leave_indexing(document_id, "failed", error)

    def remove(self, document_id: str) -> None:
        """Removes a document and its passages; citations keep their quotes.

        Raises:
            NotFound: there is none.
        """

        def job(cursor: DuckDBPyConnection) -> bool:
            changed = cursor.execute(
                "update documents set status = 'removed', title = '', filename = '', error = null "
                "where id = ? and status <> 'removed' returning id",
                [document_id],
            ).fetchall()
            cursor.execute("delete from passages where document_id = ?", [document_id])
            return bool(changed)

        self.passages.exclude(document_id)
        if not self._database.write(job):
            raise NotFound("document", document_id)

    def reset_unfinished(self) -> int:
        """At start-up: how many documents a server that was killed left half indexed; they become `failed`."""
        error = "Adding this was interrupted when Throughline stopped. Add the file again."

        def job(cursor: DuckDBPyConnection) -> int:
            cursor.execute(
                "delete from passages where document_id in (select id from documents where status = 'indexing')"
            )
            sql = "update documents set status = 'failed', error = ? where status = 'indexing' returning id"
            return len(cursor.execute(sql, [error]).fetchall())

        return int(self._database.write(job))

    def _leave_indexing(self, document_id: str, status: str, error: str | None) -> bool:
        def job(cursor: DuckDBPyConnection) -> bool:
            changed = cursor.execute(
                "update documents set status = ?, error = ? where id = ? and status = 'indexing' returning id",
                [status, error, document_id],
            ).fetchall()
            if changed and status == "failed":
                cursor.execute("delete from passages where document_id = ?", [document_id])
            return bool(changed)

        return bool(self._database.write(job))

    def _select(self, rest: str, *parameters: str) -> tuple[Document, ...]:
        rows = self._database.fetch(f"select {_COLUMNS} from documents d {rest}", [*parameters])
        return tuple(_document(row) for row in rows)


def _document(row: tuple[Any, ...]) -> Document:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return Document(*values)
