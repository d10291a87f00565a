"""Shares: who may read what by a link, and how often one was opened. They are few, so all are held in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from core.store.database import Database

ShareKind = Literal["conversation", "notebook"]

_COLUMNS = "id, kind, target_id, created_at, expires_at, revoked_at, views"
_GONE = """
select s.id from shares s where s.target_id not in (select id from conversations)
    and s.target_id not in (select id from notebooks)
"""


@dataclass(frozen=True, slots=True)
class SavedShare:
    """One share; `expires_at` is None when it never does, `revoked_at` while nobody took it back."""

    id: str
    kind: ShareKind
    target_id: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    views: int = 0


class Shares:
    """The shares of one database, but for those of what is gone for good; callable from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        if gone := [row[0] for row in database.fetch(_GONE)]:
            sql = "delete from shares where id in (select unnest($1))"
            database.write(lambda cursor: cursor.execute(sql, [gone]).fetchall())
        rows = database.fetch(f"select {_COLUMNS} from shares order by created_at, id")
        self._held = {row[0]: SavedShare(*row) for row in rows}

    def now(self) -> datetime:
        """The time that shares are made, expire and are revoked by."""
        return self._database.clock.now()

    def add(self, share: SavedShare) -> None:
        """Saves a new share."""
        row = [share.id, share.kind, share.target_id, share.created_at, share.expires_at]
        sql = "insert into shares (id, kind, target_id, created_at, expires_at) values (?, ?, ?, ?, ?)"
        self._database.write(lambda cursor: cursor.execute(sql, row).fetchall())
        with self._lock:
            self._held[share.id] = share

    def get(self, share_id: str) -> SavedShare | None:
        """A share; asks no disk."""
        return self._held.get(share_id)

    def of(self, kind: ShareKind, target_id: str) -> list[SavedShare]:
        """Every share of a conversation or notebook, newest first, also those that have ended."""
        with self._lock:
            held = list(self._held.values())
        return [share for share in reversed(held) if (share.kind, share.target_id) == (kind, target_id)]

    def revoke(self, share_id: str) -> None:
        """Takes a share back for good; it stays revoked at the time of the first call."""
        now = self.now()
        sql = "update shares set revoked_at = ? where id = ? and revoked_at is null"
        self._database.write(lambda cursor: cursor.execute(sql, [now, share_id]).fetchall())
        with self._lock:
            share = self._held[share_id]
            self._held[share_id] = replace(share, revoked_at=share.revoked_at or now)

    def add_view(self, share_id: str) -> None:
        """Counts that a share was opened; back when that is on disk."""
        sql = "update shares set views = views + 1 where id = ?"
        self._database.write(lambda cursor: cursor.execute(sql, [share_id]).fetchall())
        with self._lock:
            share = self._held[share_id]
            self._held[share_id] = replace(share, views=share.views + 1)
