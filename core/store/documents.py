"""Documents: the rows that say what was added, as people see and search them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import NotFound
from core.ids import new_id
from core.models import Document, Filter
from core.store.adding import add
from core.store.states import States
from core.store.versions import NewDocument
from core.store.work import Known, Work, clear, known, known_vectors, work

_COLUMNS = """
    d.id, d.title, d.filename, d.media_type, d.size, d.sha256, d.status, d.error, 0, d.created_at,
    coalesce(d.origin, d.filename), d.url, d.tags
"""
_LISTED = "d.status in ('indexing', 'ready', 'failed', 'cancelled')"
_MATCHING = f"{_LISTED} and (contains(lower(d.title), ?) or contains(lower(coalesce(d.origin, d.filename)), ?))"


class Counts(NamedTuple):
    """How many documents there are, by what they are."""

    ready: int = 0
    indexing: int = 0
    failed: int = 0
    cancelled: int = 0


class Documents(States):
    """The documents of a database, and in `passages` their passages."""

    @property
    def folder(self) -> Path:
        """The data folder: where the database is."""
        return self._database.path.parent

    def add(
        self,
        *,
        title: str,
        filename: str,
        media_type: str,
        size: int,
        sha256: str,
        origin: str | None = None,
        url: str | None = None,
        tags: tuple[str, ...] = (),
        titled: bool = False,
    ) -> tuple[Document, bool]:
        """The document with these bytes, and whether it is to be indexed: one that failed is replaced."""
        named = (title, filename, media_type, size, sha256, origin or filename, url, tags, titled)
        ((document_id, created),) = self.add_many([NewDocument(new_id(), self._database.clock.now(), *named)])
        return self.get(document_id), created

    def add_many(self, files: Sequence[NewDocument]) -> list[tuple[str, bool]]:
        """For each file its document, and whether that is to be indexed; all in one transaction."""
        answers, replaced = self._database.write(lambda cursor: add(cursor, files))
        self._tell((), replaced)
        return list(answers)

    def get(self, document_id: str) -> Document:
        """One document; the id of an older version gives the newest.

        Raises:
            NotFound: there is none, or it was removed.
        """
        found = self.several([document_id]) or self.several(list(self.current_ids([document_id])))
        if not found:
            raise NotFound("document", document_id)
        return found[0]

    def several(self, document_ids: Sequence[str]) -> tuple[Document, ...]:
        """Those of these documents that are there, newest first."""
        where = f"where {_LISTED} and d.id in (select unnest(?::varchar[])) order by d.created_at desc, d.id desc"
        return self._select(where, [list(document_ids)])

    def now(self) -> datetime:
        """The time to store."""
        return self._database.clock.now()

    def by_hash(self, sha256: str) -> Document | None:
        """The document with these bytes, unless it was removed or replaced."""
        rows = self._select(f"where d.sha256 = ? and {_LISTED}", [sha256])
        return rows[0] if rows else None

    def list(self, limit: int | None = None, offset: int = 0, query: str = "") -> tuple[Document, ...]:
        """The documents whose title or origin holds `query`, whatever its case, newest first."""
        text = query.strip().lower()
        rest = f"where {_MATCHING} order by d.created_at desc, d.id desc limit ? offset ?"
        return self._select(rest, [text, text, limit, offset])

    def titles(self) -> dict[str, str]:
        """The titles of the documents that can be searched, by id, newest first."""
        sql = "select id, title from documents where status = 'ready' order by created_at desc, id desc"
        return dict(self._database.fetch(sql))

    def count(self) -> Counts:
        """How many documents there are, by status."""
        rows = self._database.fetch(f"select status, count(*) from documents d where {_LISTED} group by status")
        return Counts(**dict(rows))

    def any_ready(self) -> bool:
        """Whether there is a document to search."""
        return bool(self._database.fetch("select 1 from documents where status = 'ready' limit 1"))

    def gone(self, document_id: str) -> str | None:
        """The hash of a document that was removed or replaced; None for one that was neither."""
        sql = "select sha256 from documents where id = ? and status in ('removed', 'replaced')"
        return next((str(row[0]) for row in self._database.fetch(sql, [document_id])), None)

    def hashes(self) -> set[str]:
        """The hashes of the documents that are listed: their files are kept."""
        return {row[0] for row in self._database.fetch(f"select sha256 from documents d where {_LISTED}")}

    def known(self, hashes: Sequence[str], origins: Sequence[str]) -> tuple[dict[str, str], set[str]]:
        """What became of bytes that were here before, by hash: a status, or `removed`; and which origins are in use."""
        return known(self._database, hashes, origins)

    def set_tags(self, document_id: str, tags: Sequence[str]) -> None:
        """Gives a document these tags in place of those that it has."""
        sql = "update documents set tags = ? where id = ?"
        self._database.write(lambda cursor: cursor.execute(sql, [list(tags), document_id]))
        self.revision = object()

    def tags(self) -> tuple[str, ...]:
        """All tags in use, in alphabetical order."""
        sql = f"select distinct unnest(d.tags) as tag from documents d where {_LISTED} order by lower(tag), tag"
        return tuple(row[0] for row in self._database.fetch(sql))

    def tagged(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The documents that have any of these tags, newest first."""
        sql = f"select d.id from documents d where {_LISTED} and list_has_any(d.tags, ?::varchar[]) "
        rows = self._database.fetch(sql + "order by d.created_at desc, d.id desc", [list(tags)])
        return tuple(row[0] for row in rows)

    def current_ids(self, document_ids: Sequence[str] | set[str]) -> set[str]:
        """The newest versions of these documents, without those that were removed."""
        rows = self._database.fetch(
            "with recursive chain(id, status, replaced_by) as (select id, status, replaced_by from documents "
            "where id in (select unnest(?::varchar[])) union select d.id, d.status, d.replaced_by from chain c "
            "join documents d on d.id = c.replaced_by where c.status = 'replaced') "
            "select id from chain where status not in ('replaced', 'removed')",
            [list(document_ids)],
        )
        return {row[0] for row in rows}

    def searchable(self, filter: Filter) -> set[str] | None:
        """The ready documents that pass a filter; None when it lets all through."""
        if filter == Filter():
            return None
        chosen = None if filter.document_ids is None else list(self.current_ids(filter.document_ids))
        rows = self._database.fetch(
            "select id from documents where status = 'ready' and (?::varchar[] is null or list_contains(?, id)) "
            "and (len(?::varchar[]) = 0 or list_has_any(tags, ?)) and (?::timestamptz is null or created_at >= ?) "
            "and (?::timestamptz is null or created_at < ?)",
            [chosen, chosen, *[list(filter.tags)] * 2, *[filter.since] * 2, *[filter.until] * 2],
        )
        return {row[0] for row in rows}

    def work(self, document_id: str) -> Work | None:
        """What there is to do for a document; None when it is not being indexed."""
        return work(self._database, document_id)

    def vectors(self, document_ids: Sequence[str], title: str) -> Known:
        """The vectors of these documents' passages, as far as they were embedded under this title."""
        return known_vectors(self._database, document_ids, title)

    def clear(self, document_id: str) -> None:
        """Drops what was added of a document that is being indexed anew."""
        self._database.write(lambda cursor: clear(cursor, document_id))

    def _select(self, rest: str, parameters: Sequence[Any]) -> tuple[Document, ...]:
        rows = self._database.fetch(f"select {_COLUMNS} from documents d {rest}", [*parameters])
        found = [_document(row) for row in rows]
        counts = self._passages([document.id for document in found if document.status == "ready"])
        return tuple(replace(document, passages=counts.get(document.id, 0)) for document in found)

    def _passages(self, document_ids: Sequence[str]) -> dict[str, int]:
        """How many passages these documents have."""
        if not document_ids:
            return {}
        sql = (
            "select document_id, count(*) from passages where document_id in (select unnest(?::varchar[])) "
            "group by document_id"
        )
        return dict(self._database.fetch(sql, [list(document_ids)]))


def _document(row: tuple[Any, ...]) -> Document:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return Document(*values)
