"""Shares are kept, and nothing of their tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from core.ids import new_id
from core.notebook.values import Notebook
from core.store.notebooks import StoredNotebooks
from core.store.shares import SavedShare, Shares
from tests.core.streams.support import Rig

AT = datetime(2026, 3, 4, tzinfo=UTC)


def share(target_id: str, **more: datetime) -> SavedShare:
    return SavedShare(new_id(), "conversation", target_id, AT, **more)


def test_shares_outlive_the_process(rig: Rig) -> None:
    """With their times, views and ends."""
    shares, at = Shares(rig.database), rig.stream().conversation_id
    kept, ended = share(at, expires_at=AT + timedelta(days=1)), share(at)
    for each in (kept, ended, share(rig.stream().conversation_id)):
        shares.add(each)
    for _ in range(3):
        shares.add_view(kept.id)
    shares.revoke(ended.id)
    before = shares.of("conversation", at)
    assert [(each.id, each.views, each.revoked_at is None) for each in before] == [
        (ended.id, 0, False), (kept.id, 3, True),
    ]  # fmt: skip
    again = Shares(rig.database)
    assert sorted(again.of("conversation", at), key=lambda each: each.id) == sorted(before, key=lambda each: each.id)
    assert again.get(kept.id) == before[1]
    assert again.of("notebook", at) == []


def test_shares_of_what_is_gone_for_good_go(rig: Rig) -> None:
    """At the next start; those of what can still be restored stay."""
    shares = Shares(rig.database)
    gone, deleted = (rig.stream().conversation_id for _ in range(2))
    notebook = Notebook(new_id(), "Costs", (), AT, AT)
    StoredNotebooks(rig.database).add(notebook)
    for target in (gone, deleted):
        shares.add(share(target))
    for target in (notebook.id, "x"):
        shares.add(SavedShare(new_id(), "notebook", target, AT))
    rig.conversations.delete(gone)
    rig.conversations.purge(rig.conversations.now())
    rig.conversations.delete(deleted)
    Shares(rig.database)
    assert set(rig.database.fetch("select target_id from shares")) == {(deleted,), (notebook.id,)}


def test_what_cannot_be_saved_is_not_held(rig: Rig) -> None:
    """A link that a restart would end is never given."""
    shares, new = Shares(rig.database), share("a")
    rig.database.write(lambda cursor: cursor.execute("drop table shares").fetchall())
    with pytest.raises(duckdb.CatalogException):
        shares.add(new)
    assert shares.get(new.id) is None
