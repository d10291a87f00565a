"""Shares: what an owner gives away by a link, and what whoever holds the link may see and take."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.analysis.sandbox import Result
from core.chat import Chat
from core.errors import LinkNotFound, NotFound
from core.models import Message, Node
from core.notebook.notebooks import Notebooks
from core.notebook.values import CellState, Notebook
from core.sharing.forking import Forks
from core.sharing.links import Links, Share
from core.sharing.offline import page
from core.sharing.reading import for_reader
from core.store.database import Database
from core.store.exports import Exports
from core.store.shares import SavedShare, ShareKind
from core.store.streams import Streams
from core.streams.hub import Hub

__all__ = ["Share", "Shared", "Sharing"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link opens, as far as its reader may know it."""

    kind: ShareKind
    target_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None


class Sharing(Links):
    """The shares of one database; every method may be called from any thread.

    What is asked by a token raises `LinkNotFound` when the link is wrong, has ended, shows the other kind of thing, or
    what it showed was deleted.
    """

    def __init__(
        self, database: Database, chat: Chat, hub: Hub, streams: Streams, notebooks: Notebooks, key: Path
    ) -> None:
        super().__init__(database, key)
        self._chat, self._hub, self._streams, self._notebooks = chat, hub, streams, notebooks
        self._exports, self._forks = Exports(database), Forks(database, chat.reserve)

    def open(self, token: str, *, count: bool) -> Shared:
        """What a link opens; with `count` that is one more view."""
        share = self._share(token)
        shared = self._opened(share)
        if count:
            self._count(share)
        return shared

    def tree(self, token: str) -> list[Node]:
        """The place of every message of a shared conversation."""
        return self._chat.tree(self._conversation(token))

    def messages(self, token: str, message_ids: Sequence[str] | None = None) -> list[Message]:
        """Messages of a shared conversation, all or some, without what is the owner's alone."""
        return [for_reader(message) for message in self._chat.messages(self._conversation(token), message_ids)]

    def may_follow(self, token: str, stream_id: str) -> bool:
        """Whether a stream belongs to what a link shows; of a stream that is being written it asks no disk."""
        share, log = self._working(token), self._hub.find(stream_id)
        if share is None or share.kind != "conversation":
            return False
        if log is not None:
            return log.conversation_id == share.target_id
        stream = self._streams.get(stream_id)
        return stream is not None and stream.conversation_id == share.target_id

    def fork(self, token: str, message_id: str) -> str:
        """Copies a shared conversation up to and with a message into a new one, and gives that one's id.

        Raises:
            NotFound: the message is not in it.
            StorageError: it cannot be written.
        """
        return self._forks.fork(self._conversation(token), message_id)

    def offline(self, conversation_id: str) -> bytes:
        """A conversation as one HTML file that replays its answers, as a reader may see it.

        Raises:
            NotFound: there is no such conversation.
        """
        found = self._exports.read([conversation_id])
        if not found:
            raise NotFound("conversation", conversation_id)
        return page(found[0], self._shares.now())

    def shared_offline(self, token: str) -> bytes:
        """`offline`, by a link."""
        return self.offline(self._conversation(token))

    def notebook(self, token: str) -> Notebook:
        """A shared notebook with its cells."""
        return self._notebooks.get(self._of_kind(token, "notebook"))

    def states(self, token: str) -> dict[str, CellState]:
        """How far each cell of a shared notebook has come; a reader runs nothing."""
        return self._notebooks.states(self._of_kind(token, "notebook"))

    def table(
        self, token: str, cell_id: str, offset: int = 0, limit: int = 100, sort: tuple[str, bool] | None = None
    ) -> Result:
        """Rows of the last result of a shared notebook's cell, as `Notebooks.table` gives them.

        Raises:
            NotFound: there is no such cell.
            Conflict, InvalidValue, QueryError, TooMany, Unavailable: as `Notebooks.table`.
        """
        return self._notebooks.table(self._of_kind(token, "notebook"), cell_id, offset, limit, sort)

    def _conversation(self, token: str) -> str:
        return self._of_kind(token, "conversation")

    def _of_kind(self, token: str, kind: ShareKind) -> str:
        """The id of what a link shows, which is there and of that kind."""
        share = self._share(token)
        if share.kind != kind:
            raise LinkNotFound
        self._opened(share)
        return share.target_id

    def _opened(self, share: SavedShare) -> Shared:
        try:
            title, created_at, updated_at = self._about(share.kind, share.target_id)
        except NotFound as error:
            raise LinkNotFound from error
        return Shared(share.kind, share.target_id, title, created_at, updated_at, share.expires_at)

    def _check(self, kind: ShareKind, target_id: str) -> None:
        self._about(kind, target_id)

    def _about(self, kind: ShareKind, target_id: str) -> tuple[str, datetime, datetime]:
        """The title of what is shared, when it was made and when it changed."""
        what = self._chat.conversation(target_id) if kind == "conversation" else self._notebooks.get(target_id)
        return what.title, what.created_at, what.updated_at

    def _count(self, share: SavedShare) -> None:
        try:
            self._shares.add_view(share.id)
        except Exception:  # A full disk is no reason to show nothing.
            _log.exception("a view of a share could not be counted")
