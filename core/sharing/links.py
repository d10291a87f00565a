"""Links as their owner sees them: made, listed, ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from core.errors import InvalidValue, LinkNotFound, NotFound
from core.ids import new_id
from core.sharing.tokens import Tokens
from core.store.database import Database
from core.store.shares import SavedShare, ShareKind, Shares

LONGEST = timedelta(days=3660)
"""The longest time that a link is given, unless it is to work for ever."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share as its owner sees it: `token` is what opens it, at `/shared?token=…`."""

    id: str
    kind: ShareKind
    target_id: str
    token: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    views: int


class Links(ABC):
    """The links of one database; `key` is the file that their tokens are made with."""

    def __init__(self, database: Database, key: Path) -> None:
        self._shares, self._tokens = Shares(database), Tokens(key)

    def share(self, kind: ShareKind, target_id: str, expires_in: timedelta | None = None) -> Share:
        """Makes a link, which works until it expires or is revoked.

        Raises:
            NotFound: there is no such conversation or notebook.
            InvalidValue: it would expire at once, or in more than ten years.
        """
        if expires_in is not None and not timedelta() < expires_in <= LONGEST:
            raise InvalidValue("A link expires after 1 second to 10 years, or never.")
        self._check(kind, target_id)
        now = self._shares.now()
        share = SavedShare(new_id(), kind, target_id, now, now + expires_in if expires_in else None)
        self._shares.add(share)
        return self._owned(share)

    def shares(self, kind: ShareKind, target_id: str) -> list[Share]:
        """Every share of a conversation or notebook, newest first, also those that have ended."""
        return [self._owned(share) for share in self._shares.of(kind, target_id)]

    def revoke(self, share_id: str) -> None:
        """Ends a link for good, also for those who follow it now; may be repeated.

        Raises:
            NotFound: there is no such share.
        """
        if self._shares.get(share_id) is None:
            raise NotFound("share", share_id)
        self._shares.revoke(share_id)

    def works(self, token: str) -> bool:
        """Whether a link has not ended, for those who follow what it shows; asks no disk."""
        return self._working(token) is not None

    @abstractmethod
    def _check(self, kind: ShareKind, target_id: str) -> None:
        """Whether there is something to share.

        Raises:
            NotFound: there is not.
        """

    def _working(self, token: str) -> SavedShare | None:
        share_id = self._tokens.share_id(token)
        share = self._shares.get(share_id) if share_id else None
        if share is None or share.revoked_at or (share.expires_at and share.expires_at <= self._shares.now()):
            return None
        return share

    def _share(self, token: str) -> SavedShare:
        share = self._working(token)
        if share is None:
            raise LinkNotFound
        return share

    def _owned(self, share: SavedShare) -> Share:
        s = share
        token = self._tokens.token(s.id)
        return Share(s.id, s.kind, s.target_id, token, s.created_at, s.expires_at, s.revoked_at, s.views)
