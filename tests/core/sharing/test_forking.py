"""Forks: a branch of what was shared becomes a conversation of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from core.history.replay import Replay
from core.models import Asked, Kind, Node, Outcome, Role, Status, Usage
from core.questions import LONGEST_TITLE, Question
from core.service import Service
from core.sharing.forking import branch_to
from core.store.saved import SavedConversation
from core.streams.log import StreamLog
from tests.core.generation.support import ended
from tests.core.sharing.support import QUOTE, answer, question, saved, tides


def forked(service: Service, conversation: SavedConversation, place: int) -> str:
    """A fork up to the message at that place."""
    token = service.sharing.share("conversation", conversation.id).token
    return service.sharing.fork(token, conversation.messages[place].id)


def test_a_branch_ends_where_it_is_cut() -> None:
    """From the first message on, without siblings, and nothing for what is not there."""
    places = [("a", None), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "d")]
    nodes = [Node(at, parent, Role.USER, seq) for seq, (at, parent) in enumerate(places)]
    assert branch_to(nodes, "d") == ["a", "b", "d"]
    assert branch_to(nodes, "c") == ["a", "c"]
    assert branch_to(nodes, "x") == []


def test_a_broken_tree_has_branches_too() -> None:
    """A circle is gone round once; a parent that is missing is where the branch begins."""
    circle = [Node("a", "b", Role.USER, 1), Node("b", "a", Role.USER, 2), Node("c", "gone", Role.USER, 3)]
    assert branch_to(circle, "a") == ["b", "a"]
    assert branch_to(circle, "c") == ["c"]


def test_a_fork_has_the_branch_up_to_the_message(service: Service) -> None:
    """The words, times, models and quotes are the same; the ids are its own, and the title says what it is."""
    conversation = tides(service)
    at = forked(service, conversation, 2)
    assert service.chat.conversation(at).title == "Tides (forked)"
    before = service.chat.messages(conversation.id, [conversation.messages[0].id, conversation.messages[2].id])
    after = service.chat.messages(at)
    assert [each.content for each in after] == ["Why are there tides?", "Because of the moon [1]."]
    assert [each.parent_id for each in after] == [None, after[0].id]
    for name in ("content", "created_at", "completed_at", "status", "model", "finish_reason", "first_token_ms"):
        assert [getattr(each, name) for each in after] == [getattr(each, name) for each in before], name
    assert [source.quote for source in after[1].citations] == [QUOTE]
    assert not {each.id for each in after} & {message.id for message in conversation.messages}


def test_a_fork_takes_nothing_that_was_not_shown(service: Service) -> None:
    """No other passages, costs, ratings, settings or causes of failures."""
    conversation = tides(service)
    cites, failed = forked(service, conversation, 2), forked(service, conversation, 1)
    message = service.chat.messages(cites)[1]
    assert (message.sources, message.usage, message.rating) == (message.citations, Usage(), None)
    assert message.retrieval is None
    assert service.chat.conversation(cites).document_ids is None
    assert service.chat.messages(failed)[1].error == "The model could not finish this answer."


def test_a_fork_may_end_with_a_question(service: Service) -> None:
    """Then it waits for whoever forked it."""
    at = forked(service, tides(service), 3)
    assert [each.content for each in service.chat.messages(at)][-1] == "Only the moon?"
    assert len(service.chat.messages(at)) == 3


def test_a_fork_goes_on(service: Service) -> None:
    """It is a conversation like any other, and what happens in it stays there."""
    conversation = tides(service)
    at = forked(service, conversation, 4)
    asked = service.chat.ask(at, Question("And the wind?", "fake/echo", retrieve=False, start=True))
    ended(service, asked)
    assert len(service.chat.messages(at)) == 6
    assert len(service.chat.messages(conversation.id)) == 5


def test_a_fork_replays_at_the_same_pace(service: Service) -> None:
    """Its pieces came when they came."""
    conversation = tides(service)
    at = forked(service, conversation, 2)
    before = service.replays.of(conversation.messages[2].id)
    after = service.replays.of(service.chat.messages(at)[1].id)
    assert before == after != Replay()
    assert before.length_ms == 800


def test_a_long_branch_is_forked_in_order(service: Service) -> None:
    """What needs several transactions comes out whole."""
    messages = [question(None, "0")]
    for number in range(1, 700):
        messages.append((question if number % 2 == 0 else answer)(messages[-1].id, f"{number}"))
    at = forked(service, saved(service, "Long", *messages), 699)
    assert [each.content for each in service.chat.messages(at)] == [f"{number}" for number in range(700)]


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Tides (forked)", "Tides (forked)"), ("x" * LONGEST_TITLE, "x" * (LONGEST_TITLE - 9) + " (forked)")],
)
def test_the_title_of_a_fork_stays_short(service: Service, title: str, expected: str) -> None:
    """A fork of a fork is a fork."""
    at = forked(service, saved(service, title, question(None, "Why?")), 0)
    assert service.chat.conversation(at).title == expected


@pytest.fixture
def writing(service: Service) -> Iterator[tuple[Asked, StreamLog]]:
    """An answer that is being written."""
    asked = service.chat.begin(Question("Write.", retrieve=False))
    log = service.hub.find(asked.stream_id)
    assert log is not None
    service.streams.start(asked.stream_id)
    log.begin()
    yield asked, log
    service.hub.close_stream(log, Outcome(Status.DONE))


def test_an_answer_in_progress_ends_in_the_fork(service: Service, writing: tuple[Asked, StreamLog]) -> None:
    """With the text that was saved, as if stopped there, so that it can be continued; the original goes on."""
    asked, log = writing
    service.hub.append(log, Kind.ANSWER, "Once upon")
    for update in service.follower.follow(asked.stream_id):
        if update.text:
            break
    token = service.sharing.share("conversation", asked.conversation_id).token
    copy = service.chat.messages(service.sharing.fork(token, asked.message_id))[1]
    assert (copy.content, copy.status, copy.continuable) == ("Once upon", Status.STOPPED, True)
    assert copy.completed_at is not None
    assert service.chat.message(asked.message_id).status is Status.STREAMING


def test_a_fork_has_ids_like_any_other(service: Service) -> None:
    """Nothing in it points back."""
    conversation = tides(service)
    at = forked(service, conversation, 4)
    tables = (("messages", "conversation_id"), ("streams", "conversation_id"))
    rows = [service.database.fetch(f"from {table} where {column} = ?", [at]) for table, column in tables]
    streams = [stream.id for message in conversation.messages for stream in message.streams]
    old = {conversation.id, *(message.id for message in conversation.messages), *streams}
    assert not old & set(re.findall("[0-9a-z]{26}", repr(rows)))
