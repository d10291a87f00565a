"""Adding documents: many files in one transaction, in as few statements as one file takes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from core.store.versions import NewDocument, Plan, Version

_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "title", "filename", "media_type", "sha256", "status", "origin")),
        ("size", pa.int64()),
        ("created_at", pa.timestamp("us", "UTC")),
        ("url", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("titled", pa.bool_()),
        ("replaced_by", pa.string()),
    ]
)


def add(cursor: DuckDBPyConnection, files: Sequence[NewDocument]) -> tuple[list[tuple[str, bool]], list[str]]:
    """Adds files: for each its document and whether that is to be indexed; and which documents were replaced."""
    present = _present(cursor, files)
    before = {version.id: version for version in deepcopy(present)}
    plan = Plan(present)
    answers = [plan.take(file) for file in files]
    new = {file.id: file for file, (_, created) in zip(files, answers, strict=True) if created}
    _insert(cursor, [(new[version.id], version) for version in plan.versions if version.id in new])
    changed = [version for version in plan.versions if version.id not in new and version != before[version.id]]
    _update(cursor, changed)
    _name(cursor, [*changed, *(version for version in plan.versions if version.id in new and version.aliases)])
    replaced = [version.id for version in plan.versions if version.status == "replaced"]
    _run(cursor, "delete from documents where status = 'removed' and sha256 in", [file.sha256 for file in new.values()])
    unready = [one for one in replaced if one in before and before[one].status == "indexing"]
    _run(cursor, "delete from passages where document_id in", unready)
    return answers, replaced


def _present(cursor: DuckDBPyConnection, files: Sequence[NewDocument]) -> list[Version]:
    """The documents that have the bytes or a name of one of `files`."""
    origins = [file.origin for file in files]
    found = cursor.execute(
        "select d.id, d.sha256, coalesce(d.origin, d.filename), d.status, d.tags, d.url, d.replaced_by "
        "from documents d where d.status in ('indexing', 'ready', 'failed', 'cancelled') and ("
        "d.sha256 in (select unnest(?::varchar[])) or coalesce(d.origin, d.filename) in (select unnest(?::varchar[])) "
        "or d.id in (select a.document_id from aliases a where a.origin in (select unnest(?::varchar[])))) "
        "order by d.status in ('indexing', 'ready'), d.created_at",
        [[file.sha256 for file in files], origins, origins],
    ).fetchall()
    versions = {row[0]: _version(row) for row in found}
    names = cursor.execute(
        "select document_id, origin from aliases where document_id in (select unnest(?::varchar[]))", [list(versions)]
    ).fetchall()
    for document_id, origin in names:
        versions[document_id].aliases.add(origin)
    return list(versions.values())


def _version(row: tuple[Any, ...]) -> Version:
    document_id, sha256, origin, status, tags, url, replaced_by = row
    return Version(document_id, sha256, origin, status, tuple(tags or ()), url, replaced_by)


def _insert(cursor: DuckDBPyConnection, added: Sequence[tuple[NewDocument, Version]]) -> None:
    if not added:
        return
    records = [
        {
            "id": file.id,
            "title": file.title,
            "filename": file.filename,
            "media_type": file.media_type,
            "sha256": file.sha256,
            "status": version.status,
            "origin": version.origin,
            "size": file.size,
            "created_at": file.created_at,
            "url": version.url,
            "tags": list(version.tags),
            "titled": file.titled,
            "replaced_by": version.replaced_by,
        }
        for file, version in added
    ]
    cursor.register("new_documents", pa.Table.from_pylist(records, _SCHEMA))
    try:
        cursor.execute("insert into documents by name select * from new_documents")
    finally:
        cursor.unregister("new_documents")


def _update(cursor: DuckDBPyConnection, versions: Sequence[Version]) -> None:
    if not versions:
        return
    names = ("id", "origin", "status", "url", "replaced_by")
    columns = ", ".join(f"unnest(?::varchar[]) as {name}" for name in names)
    cursor.execute(
        "update documents set origin = new.origin, status = new.status, url = new.url, replaced_by = new.replaced_by, "
        f"tags = new.tags from (select {columns}, unnest(?::varchar[][]) as tags) new where documents.id = new.id",
        [
            *([getattr(version, name) for version in versions] for name in names),
            [list(version.tags) for version in versions],
        ],
    )


def _name(cursor: DuckDBPyConnection, versions: Sequence[Version]) -> None:
    """Stores the aliases of `versions` anew."""
    _run(cursor, "delete from aliases where document_id in", [version.id for version in versions])
    pairs = [(version.id, origin) for version in versions for origin in sorted(version.aliases)]
    if pairs:
        ids, origins = zip(*pairs, strict=True)
        sql = "insert into aliases select unnest(?::varchar[]), unnest(?::varchar[])"
        cursor.execute(sql, [list(ids), list(origins)])


def _run(cursor: DuckDBPyConnection, sql: str, values: list[Any]) -> None:
    if values:
        cursor.execute(f"{sql} (select unnest(?::varchar[]))", [values])
