"""Conversations from elsewhere as rows: whole or not at all, restored when deleted, in numbers of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.ids import new_id
from core.models import Citation, Outcome, Role, Status, Usage
from core.store.exports import Exports
from core.store.imports import Imports, Slice
from core.store.saved import SavedConversation, SavedMessage, SavedStream
from tests.core.streams.support import Rig

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)


def stream(text: str = "So it is.", status: Status = Status.DONE) -> SavedStream:
    """A closed stream."""
    outcome = Outcome(status, "stop", model="fake/echo", usage=Usage(1, 2))
    return SavedStream(new_id(), "fake/echo", AT, outcome, text, started_at=AT, closed_at=AT)


def conversation(*streams: SavedStream) -> SavedConversation:
    """A question and its answer."""
    question = SavedMessage(new_id(), None, Role.USER, AT, "Why?")
    answer = SavedMessage(new_id(), question.id, Role.ASSISTANT, AT, streams=streams or (stream(),))
    return SavedConversation(new_id(), "Why?", "fake/echo", AT, (question, answer))


def whole(saved: SavedConversation, *, begins: bool = True) -> Slice:
    """All of a conversation."""
    return Slice(saved, saved.messages, begins)


def test_what_is_saved_is_read_as_any_other(rig: Rig) -> None:
    """The tree, the stream and the message know it; nothing is unfinished."""
    cut = replace(stream("So ", Status.STOPPED), sources=(Citation(1, "p", "d", "T", None, "Q", 0.5, 1),))
    saved = conversation(cut, stream("it is [1]."))
    imports, revision = Imports(rig.database), rig.database.revision
    assert imports.submit([whole(saved)], 41).result()
    imports.shown()
    assert rig.database.revision > revision
    assert [node.seq for node in rig.conversations.tree(saved.id)] == [41, 42]
    assert rig.conversations.last_seq() == 43
    answer = rig.messages.read(saved.id, [saved.messages[1].id])[0]
    assert (answer.content, answer.status, answer.usage) == ("So it is [1].", Status.DONE, Usage(2, 4))
    assert (answer.continued_from, len(answer.sources)) == (3, 1)
    assert rig.streams.unfinished() == []
    assert [found.id for found in rig.streams.of_message(saved.messages[1].id)] == [
        s.id for s in saved.messages[1].streams
    ]


def test_a_slice_counts_its_numbers() -> None:
    """One for each message, and one for each stream that goes on."""
    assert whole(conversation(stream(), stream(), stream())).numbers == 4


def test_what_is_present_is_told(rig: Rig) -> None:
    """Conversations, messages and streams by their ids; those of a deleted conversation as hidden."""
    shown, deleted = conversation(), conversation()
    imports = Imports(rig.database)
    imports.submit([whole(shown), whole(deleted)], 1).result()
    rig.conversations.delete(deleted.id)
    messages = [message.id for saved in (shown, deleted) for message in saved.messages]
    streams = [each.id for saved in (shown, deleted) for each in saved.messages[1].streams]
    present = imports.present([shown.id, deleted.id, "x"], [*messages, "y"], [*streams, "z"])
    assert present.conversations == {shown.id: True, deleted.id: False}
    assert present.messages == set(messages)
    assert present.hidden == {message.id for message in deleted.messages}
    assert present.streams == set(streams)


@pytest.mark.parametrize("begins", [True, False])
def test_nothing_is_saved_when_the_conversation_is_not_as_thought(rig: Rig, begins: bool) -> None:
    """One that is there cannot begin, one that is not cannot be added to; what was sent with it is not saved either."""
    saved, other = conversation(), conversation()
    imports = Imports(rig.database)
    if begins:
        assert imports.submit([whole(saved)], 1).result()
    before = rig.database.fetch("select count(*) from messages")
    assert not imports.submit([whole(other), whole(saved, begins=begins)], 9).result()
    assert rig.database.fetch("select count(*) from messages") == before
    assert rig.conversations.get(other.id) is None


def test_a_deleted_conversation_is_shown_again(rig: Rig) -> None:
    """Even when there is nothing to add to it."""
    saved = conversation()
    imports = Imports(rig.database)
    imports.submit([whole(saved)], 1).result()
    rig.conversations.delete(saved.id)
    assert rig.conversations.get(saved.id) is None
    assert imports.submit([Slice(saved, (), False)], 3).result()
    assert rig.conversations.get(saved.id) is not None


def test_batches_are_in_order_and_small(rig: Rig) -> None:
    """Oldest conversations first; one with many messages has a batch of its own."""
    imports, exports = Imports(rig.database), Exports(rig.database)
    long = conversation()
    many = tuple(replace(long.messages[0], id=new_id()) for _ in range(3_000))
    kept = [replace(conversation(), created_at=AT.replace(year=2020 + number)) for number in range(3)]
    large = replace(long, messages=many, created_at=AT.replace(year=2021, month=1))
    imports.submit([whole(each) for each in (*kept, large)], 1).result()
    assert exports.batches() == [[kept[0].id], [large.id], [kept[1].id, kept[2].id]]
    assert exports.batches([kept[2].id, kept[0].id, "x"]) == [[kept[0].id, kept[2].id]]
    assert exports.read([kept[1].id, "x", kept[0].id]) == [kept[1], kept[0]]
    assert exports.titles([kept[1].id, "x"]) == {kept[1].id: "Why?"}


def test_of_several_ratings_the_newest_is_read(rig: Rig) -> None:
    """With its comment, or without one; one that was taken back is none."""
    saved, exports = conversation(), Exports(rig.database)
    Imports(rig.database).submit([whole(saved)], 1).result()
    answer = saved.messages[1].id
    rig.conversations.rate(answer, -1, "wrong")
    rig.conversations.rate(answer, 1, None)
    rating = exports.read([saved.id])[0].messages[1].rating
    assert rating is not None
    assert (rating.rating, rating.comment) == (1, None)
    rig.conversations.rate(answer, 0, None)
    assert exports.read([saved.id])[0].messages[1].rating is None
