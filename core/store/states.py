"""Where a document is: every change in `indexing → ready | failed | cancelled`, `→ replaced` and `→ removed`.

A removed document leaves its id and hash behind and no name, so that a file which a person removed does not come back
by itself. A replaced one keeps its passages, as answers may cite them, until nothing does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from core.errors import NotFound
from core.models import Passage
from core.store.database import Database
from core.store.passages import Passages
from core.store.storing import storing

_SLICE = 1000  # Documents that a write job ends: some 10 ms, so that a commit of streaming text hardly waits.
_log = logging.getLogger(__name__)
_OLDER = """with recursive older(id) as (select id from documents where replaced_by = ? and status = 'replaced'
union select d.id from documents d join older o on d.replaced_by = o.id where d.status = 'replaced')"""
_LOST = "This was not finished when Throughline stopped, and its file was not kept. Add the file again."


@dataclass(frozen=True, slots=True)
class Finished:
    """A document whose passages are all stored, and what its file says of itself."""

    document_id: str
    title: str | None = None
    url: str | None = None


class States:
    """Changes where documents are; `changed` is called with the id of each that can be searched from now on or not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.passages = Passages(database)
        self.changed: list[Callable[[str], None]] = []
        self.revision = object()
        """Another one after every change of what can be searched, or of its tags."""

    def append(self, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> bool:
        """Adds passages of a document that is being indexed; False when it no longer is, and nothing was added."""
        return not self.store(passages, vectors)

    def store(self, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> set[str]:
        """Adds passages of documents that are being indexed; those that no longer are, of which nothing was added."""
        return set[str]().union(*(self._database.write(job) for job in storing(passages, vectors)))

    def finish(self, done: Sequence[Finished]) -> tuple[str, ...]:
        """Opens documents to search in place of their older versions; those that were still being indexed."""
        if not done:
            return ()
        columns = [[one.document_id for one in done], [one.title for one in done], [one.url for one in done]]

        def job(cursor: DuckDBPyConnection) -> tuple[list[str], list[str]]:
            ready = _ids(
                cursor,
                "update documents set status = 'ready', error = null, url = coalesce(documents.url, new.url), title = "
                "case when titled then documents.title else coalesce(new.title, documents.title) end from (select "
                "unnest(?::varchar[]) as id, unnest(?::varchar[]) as title, unnest(?::varchar[]) as url) new "
                "where documents.id = new.id and status = 'indexing' returning documents.id",
                *columns,
            )
            replaced = _ids(
                cursor,
                "update documents set status = 'replaced' where status = 'ready' "
                "and replaced_by in (select unnest(?::varchar[])) returning id",
                ready,
            )
            return ready, replaced

        ready, replaced = self._database.write(job)
        self._tell(ready, replaced)
        return tuple(ready)

    def set_failed(self, document_id: str, error: str) -> bool:
        """Closes a document that could not be indexed and drops what was added of it."""
        return bool(self._leave_indexing("failed", error, document_id))

    def cancel(self, document_id: str) -> bool:
        """Ends the indexing of a document and drops what was added of it; False when it was not being indexed."""
        return bool(self._leave_indexing("cancelled", None, document_id))

    def cancel_all(self) -> Iterator[frozenset[str]]:
        """Ends the indexing of every document and drops what was added of them; gives which, some at a time."""
        while some := self._leave_indexing("cancelled", None):
            yield frozenset(some)

    def retry(self, document_id: str) -> bool:
        """Has a document that failed or was cancelled indexed once more; False when it did neither."""
        sql = (
            "update documents set status = 'indexing', error = null "
            "where id = ? and status in ('failed', 'cancelled') returning id"
        )
        return bool(self._database.write(lambda cursor: _ids(cursor, sql, document_id)))

    def remove(self, document_id: str) -> None:
        """Removes a document, its older versions and their passages; citations keep their quotes.

        Raises:
            NotFound: there is none.
        """

        def job(cursor: DuckDBPyConnection) -> bool:
            removed = _ids(
                cursor,
                "update documents set status = 'removed', title = '', filename = '', error = null, origin = null, "
                "url = null, tags = [] where id = ? and status not in ('removed', 'replaced') returning id",
                document_id,
            )
            if not removed:
                return False
            older = _ids(cursor, f"{_OLDER} select id from older", document_id)
            for table in ("passages", "aliases"):
                sql = f"delete from {table} where document_id in (select unnest(?::varchar[]))"
                cursor.execute(sql, [[document_id, *older]])
            cursor.execute("delete from documents where id in (select unnest(?::varchar[]))", [older])
            cursor.execute("update documents set replaced_by = null where replaced_by = ?", [document_id])
            return True

        if not self._database.write(job):
            raise NotFound("document", document_id)
        self._tell((), [document_id])

    def start_over(self, kept: Iterable[str]) -> tuple[str, ...]:
        """At start-up: the documents that wait to be indexed, in the order of adding, without what was half done.

        `kept` are the hashes of the files that are there; a document whose file is not becomes `failed`.
        """
        hashes = list(kept)

        def job(cursor: DuckDBPyConnection) -> tuple[str, ...]:
            cursor.execute(
                "update documents set status = 'failed', error = ? "
                "where status = 'indexing' and sha256 not in (select unnest(?::varchar[]))",
                [_LOST, hashes],
            )
            cursor.execute(
                "delete from passages where document_id in (select id from documents "
                "where status in ('indexing', 'failed', 'cancelled'))"
            )
            # What nobody cites need not be kept. Not sooner: an answer that is being written may yet cite it.
            cursor.execute(
                "delete from passages where document_id in (select id from documents where status = 'replaced') "
                "and document_id not in (select document_id from retrieved)"
            )
            return tuple(_ids(cursor, "select id from documents where status = 'indexing' order by created_at, id"))

        waiting: tuple[str, ...] = self._database.write(job)
        return waiting

    def _leave_indexing(self, status: str, error: str | None, document_id: str | None = None) -> list[str]:
        """Ends the indexing of one document, or of the next few; which were being indexed."""
        few = f"(select id from documents where status = 'indexing' limit {_SLICE})"
        which = f"id in {few}" if document_id is None else "id = ?"
        sql = f"update documents set status = ?, error = ? where status = 'indexing' and {which} returning id"

        def job(cursor: DuckDBPyConnection) -> list[str]:
            changed = _ids(cursor, sql, status, error, *([] if document_id is None else [document_id]))
            cursor.execute("delete from passages where document_id in (select unnest(?::varchar[]))", [changed])
            return changed

        changed: list[str] = self._database.write(job)
        return changed

    def _tell(self, searched: Iterable[str], gone: Iterable[str]) -> None:
        """Says after a commit which documents are searched from now on, and which no longer."""
        self.revision = object()
        for document_id in (*searched, *gone):
            for listener in self.changed:
                try:
                    listener(document_id)
                except Exception:  # What was committed stays committed.
                    _log.exception("what wanted to know of a change of a document failed")


def _ids(cursor: DuckDBPyConnection, sql: str, *parameters: object) -> list[str]:
    return [str(row[0]) for row in cursor.execute(sql, list(parameters)).fetchall()]
