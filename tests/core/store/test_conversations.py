"""Conversations as rows: begun once, kept in order whatever the clock says, deleted for good only when purged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import Clock
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.models import Asked, Citation, Kind, Retrieval, Role, Status, Support, Usage
from core.store.conversations import NewAnswer
from core.store.evidence import Evidence
from tests.core.streams.support import Rig, new_answer, writer_held


def follow_up(asked: Asked, seq: int, **changes: object) -> NewAnswer:
    """A second question behind the first answer."""
    ids = Asked(asked.conversation_id, new_id(), new_id(), new_id())
    new = replace(new_answer(seq), ids=ids, begins=None, parent_id=asked.message_id)
    return replace(new, **changes)  # type: ignore[arg-type]


def test_a_question_its_answer_and_its_stream_are_saved_together(rig: Rig) -> None:
    """One transaction makes the conversation, both messages and the stream."""
    asked, created = rig.conversations.add_answer(new_answer(started=False))
    nodes = rig.conversations.tree(asked.conversation_id)
    assert created
    assert [(node.id, node.parent_id, node.role) for node in nodes] == [
        (asked.user_message_id, None, Role.USER),
        (asked.message_id, asked.user_message_id, Role.ASSISTANT),
    ]
    stream = rig.streams.get(asked.stream_id)
    assert stream is not None
    assert (stream.status, stream.message_id, stream.model) == (Status.PENDING, asked.message_id, "fake/echo")


def test_nothing_is_saved_of_a_question_that_fails(rig: Rig) -> None:
    """When one row cannot be written, none is."""
    wrong = replace(new_answer(), model=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        rig.conversations.add_answer(wrong)
    for table in ("conversations", "messages", "streams", "starts"):
        assert rig.database.fetch(f"select count(*) from {table}") == [(0,)]


def test_the_same_client_id_gives_the_ids_of_the_first_time(rig: Rig) -> None:
    """A question that is sent twice is one question."""
    first, created = rig.conversations.add_answer(new_answer(client_id="once"))
    again, created_again = rig.conversations.add_answer(new_answer(3, client_id="once"))
    other, _ = rig.conversations.add_answer(new_answer(5, client_id="other"))
    assert (created, created_again) == (True, False)
    assert again == first != other
    assert rig.conversations.asked("once")
    assert not rig.conversations.asked("never")


def test_eight_threads_with_one_client_id_make_one_conversation(rig: Rig) -> None:
    """However many ask at the same moment, exactly one conversation is made and all get its ids."""
    found: list[tuple[Asked, bool]] = []
    new = [new_answer(seq, client_id="once") for seq in range(1, 17, 2)]
    threads = [
        threading.Thread(target=lambda n=n: found.append(rig.conversations.add_answer(n)), daemon=True) for n in new
    ]
    with writer_held(rig.database):  # All of them wait for the same commit.
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert len({asked for asked, _ in found}) == 1
    assert sorted(created for _, created in found) == [False] * 7 + [True]
    assert rig.database.fetch("select count(*) from conversations") == [(1,)]
    assert rig.database.fetch("select count(*) from messages") == [(2,)]
    assert rig.database.fetch("select count(*) from streams") == [(1,)]


def test_a_client_id_of_a_deleted_conversation_is_free_again(rig: Rig) -> None:
    """Asking again after a deletion begins anew."""
    first, _ = rig.conversations.add_answer(new_answer(client_id="once"))
    rig.conversations.delete(first.conversation_id)
    again, created = rig.conversations.add_answer(new_answer(3, client_id="once"))
    assert created
    assert again.conversation_id != first.conversation_id


def test_a_question_for_a_conversation_that_was_deleted_meanwhile_is_refused(rig: Rig) -> None:
    """The writer alone knows whether a conversation is still there: nothing is saved behind its back."""
    asked, _ = rig.conversations.add_answer(new_answer())
    rig.conversations.delete(asked.conversation_id)
    with pytest.raises(NotFound):
        rig.conversations.add_answer(follow_up(asked, 3))
    assert rig.database.fetch("select count(*) from streams") == [(1,)]


def test_of_two_who_ask_behind_the_newest_message_one_is_refused(rig: Rig) -> None:
    """The second of two questions that were both meant to be the next is told so; a branch is taken."""
    asked, _ = rig.conversations.add_answer(new_answer())
    rig.conversations.add_answer(follow_up(asked, 3, newest=True))
    with pytest.raises(Conflict, match="ask again"):
        rig.conversations.add_answer(follow_up(asked, 5, newest=True))
    rig.conversations.add_answer(follow_up(asked, 7))
    assert len(rig.conversations.tree(asked.conversation_id)) == 6


def test_an_answer_that_is_being_written_is_not_continued(rig: Rig) -> None:
    """Of two who choose Continue at once only one gets a stream, or the text would be there twice."""
    asked, _ = rig.conversations.add_answer(new_answer())
    goes_on = [
        follow_up(asked, seq, ids=replace(asked, stream_id=new_id()), content=None, answer=False) for seq in (3, 5)
    ]
    with pytest.raises(Conflict, match="still being written"):
        rig.conversations.add_answer(goes_on[0])
    log = rig.hub.open(asked.stream_id, asked.conversation_id)
    rig.end(log, Status.STOPPED)
    rig.conversations.add_answer(goes_on[0])
    with pytest.raises(Conflict, match="still being written"):
        rig.conversations.add_answer(goes_on[1])
    assert len(rig.streams.of_message(asked.message_id)) == 2


class Wall:
    """A machine's clock that somebody sets."""

    time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def set_rig(tmp_path: Path, wall: Wall) -> Iterator[Rig]:
    """A rig whose clock the test sets."""
    opened = Rig(tmp_path / "set.duckdb", Clock(wall=wall))
    yield opened
    opened.close()


def test_messages_keep_the_order_of_asking_when_the_clock_is_set_back(set_rig: Rig, wall: Wall) -> None:
    """Neither the order of messages nor that of conversations follows the machine's clock."""
    asked, _ = set_rig.conversations.add_answer(new_answer())
    other, _ = set_rig.conversations.add_answer(new_answer(3))
    wall.time -= 86_400
    second, _ = set_rig.conversations.add_answer(follow_up(asked, 5))
    wall.time += 2 * 86_400
    third, _ = set_rig.conversations.add_answer(follow_up(second, 7))
    ids = [node.id for node in set_rig.conversations.tree(asked.conversation_id)]
    assert ids[1::2] == [asked.message_id, second.message_id, third.message_id]
    created = [m.created_at for m in set_rig.messages.read(asked.conversation_id, ids)]
    assert created == sorted(created)
    assert [found.id for found in set_rig.conversations.page(9)] == [asked.conversation_id, other.conversation_id]


def test_order_numbers_go_on_where_they_were(rig: Rig) -> None:
    """The highest order number counts messages and streams alike, in a new database it is 0."""
    assert rig.conversations.last_seq() == 0
    asked, _ = rig.conversations.add_answer(new_answer(41))
    assert rig.conversations.last_seq() == 42
    rig.end(rig.hub.open(asked.stream_id, asked.conversation_id), Status.STOPPED)
    ids = replace(asked, stream_id=new_id())
    rig.conversations.add_answer(follow_up(asked, 100, ids=ids, content=None, answer=False))
    assert rig.conversations.last_seq() == 101


def test_pages_of_conversations_meet_without_gap_or_overlap(rig: Rig) -> None:
    """Reading the list page by page gives every conversation once, newest first."""
    for seq in range(1, 21, 2):
        rig.conversations.add_answer(new_answer(seq))
    every = [found.id for found in rig.conversations.page(100)]
    paged, before = [], None
    while page := rig.conversations.page(3, before):
        paged += [found.id for found in page]
        before = (page[-1].updated_at, page[-1].id)
    assert paged == every
    assert len(set(every)) == 10


def test_archived_conversations_are_listed_apart(rig: Rig) -> None:
    """An archived conversation leaves the list, and is found where it is asked for."""
    kept, _ = rig.conversations.add_answer(new_answer())
    put_away, _ = rig.conversations.add_answer(new_answer(3))
    rig.conversations.change(put_away.conversation_id, "archived", True)
    assert [found.id for found in rig.conversations.page(9)] == [kept.conversation_id]
    assert [found.id for found in rig.conversations.page(9, archived=True)] == [put_away.conversation_id]
    assert len(rig.conversations.page(9, archived=None)) == 2


def test_only_what_may_change_can_be_changed(rig: Rig) -> None:
    """A column that is not one of a person's to change is refused before it reaches the database."""
    with pytest.raises(ValueError, match="created_at"):
        rig.conversations.change("c", "created_at", None)


def test_the_newest_rating_counts(rig: Rig) -> None:
    """A thumb can be turned round and taken back, also within one microsecond of the machine's clock."""
    asked, _ = rig.conversations.add_answer(new_answer())
    for rating, shown in ((1, 1), (-1, -1), (1, 1), (0, None), (-1, -1)):
        rig.conversations.rate(asked.message_id, rating, None)
        assert rig.messages.read(asked.conversation_id, [asked.message_id])[0].rating == shown


def test_the_newest_rating_counts_while_the_clock_stands_still(set_rig: Rig) -> None:
    """Ratings are told apart even where the machine's clock does not move."""
    asked, _ = set_rig.conversations.add_answer(new_answer())
    for number in range(25):
        rating = 1 if number % 2 else -1
        set_rig.conversations.rate(asked.message_id, rating, None)
        assert set_rig.messages.read(asked.conversation_id, [asked.message_id])[0].rating == rating


def filled(rig: Rig) -> Asked:
    """A conversation with a row in every table that belongs to one."""
    log = rig.stream()
    rig.write(log, "text")
    rig.write(log, "thought", kind=Kind.REASONING)
    rig.streams.name(log.stream_id, "gen")
    source = Citation(1, "p", "d", "Title", None, "Quote", 0.5, 1)
    evidence = Evidence(rig.database)
    evidence.add(log.stream_id, Retrieval("Why?", "Why?", citations=(source,)))
    rig.streams.add_cost(log.stream_id, Usage(cost=1.0))
    rig.end(log)
    stream = rig.streams.get(log.stream_id)
    assert stream is not None
    rig.conversations.rate(stream.message_id, 1, None)
    evidence.add_supports(stream.message_id, log.stream_id, [Support(1, 0, 4, 0.5)])
    return Asked(log.conversation_id, "", stream.message_id, stream.id)


_TABLES = ("conversations", "messages", "feedback", "streams", "starts", "generations", "chunks", "outcomes", "costs",
           "retrieved", "retrievals", "supports", "support_checks")  # fmt: skip


def counts(rig: Rig) -> dict[str, int]:
    return {table: rig.database.fetch(f"select count(*) from {table}")[0][0] for table in _TABLES}


def test_a_deleted_conversation_is_hidden_and_can_be_restored(rig: Rig) -> None:
    """Deleting hides everything of a conversation, and undoing shows it all again."""
    asked, kept = filled(rig), filled(rig)
    before = counts(rig)
    rig.conversations.delete(asked.conversation_id)
    assert rig.conversations.get(asked.conversation_id) is None
    assert rig.conversations.conversation_of(asked.message_id) is None
    assert rig.streams.get(asked.stream_id) is None
    assert [found.id for found in rig.conversations.page(9)] == [kept.conversation_id]
    rig.conversations.change(asked.conversation_id, "deleted_at", None)
    assert len(rig.conversations.page(9)) == 2
    assert rig.streams.text(asked.stream_id) == ("text", "thought")
    assert counts(rig) == before


def test_a_purge_removes_every_row_of_what_was_deleted_and_nothing_else(rig: Rig) -> None:
    """After a purge no table knows the deleted conversation, and the others are whole."""
    kept = filled(rig)
    alone = counts(rig)
    assert all(alone.values())
    gone = filled(rig)
    rig.conversations.delete(gone.conversation_id)
    assert rig.conversations.purge(rig.database.clock.now()) == 1
    assert counts(rig) == alone
    assert rig.streams.text(kept.stream_id) == ("text", "thought")


def test_a_purge_leaves_what_can_still_be_restored(rig: Rig) -> None:
    """What was deleted after the given time is not purged, nor is what was restored."""
    recent, restored = filled(rig), filled(rig)
    before = counts(rig)
    rig.conversations.delete(recent.conversation_id)
    rig.conversations.delete(restored.conversation_id)
    rig.conversations.change(restored.conversation_id, "deleted_at", None)
    assert rig.conversations.purge(rig.database.clock.now() - timedelta(minutes=1)) == 0
    assert counts(rig) == before
