"""Messages as they are read: the text of all streams of an answer, joined, and what is known of them."""

from __future__ import annotations

from dataclasses import replace

from core.ids import new_id
from core.models import Asked, Kind, Message, Outcome, Status, Usage
from core.streams.log import StreamLog
from tests.core.streams.support import Rig, new_answer


def only(rig: Rig, log: StreamLog) -> Message:
    """The answer that a stream belongs to."""
    node = rig.conversations.tree(log.conversation_id)[-1]
    return rig.messages.read(log.conversation_id, [node.id])[0]


def continued(rig: Rig, log: StreamLog) -> StreamLog:
    """A second stream on the same message."""
    question, answer = rig.conversations.tree(log.conversation_id)
    ids = Asked(log.conversation_id, question.id, answer.id, new_id())
    seq = rig.conversations.last_seq() + 1
    new = replace(new_answer(seq), ids=ids, begins=None, content=None, parent_id=question.id, answer=False)
    rig.conversations.add_answer(new)
    again = rig.hub.open(ids.stream_id, ids.conversation_id)
    again.begin()
    return again


def test_an_unfinished_answer_shows_what_is_saved(rig: Rig) -> None:
    """A message is pending, then has the text and the reasoning that are on disk."""
    pending, log = rig.stream(started=False), rig.stream()
    assert (only(rig, pending).status, only(rig, pending).content) == (Status.PENDING, "")
    rig.write(log, "So ", "far")
    rig.write(log, "Hm", kind=Kind.REASONING)
    message = only(rig, log)
    assert (message.status, message.content, message.reasoning) == (Status.STREAMING, "So far", "Hm")
    assert (message.completed_at, message.stream_id) == (None, log.stream_id)


def test_a_closed_answer_tells_how_it_ended(rig: Rig) -> None:
    """Status, reason, error, model, usage and times of the outcome are the message's."""
    log = rig.stream()
    rig.write(log, "Partial")
    usage = Usage(3, 4, 1, 2, 0.5)
    rig.hub.close_stream(log, Outcome(Status.ERROR, "error", "It broke.", "named/model", "Fake", "gen", usage))
    rig.end(log)
    message = only(rig, log)
    assert (message.status, message.content, message.error) == (Status.ERROR, "Partial", "It broke.")
    assert (message.finish_reason, message.model, message.usage) == ("error", "named/model", usage)
    assert message.completed_at is not None
    assert message.completed_at > message.created_at
    assert message.first_token_ms is not None
    assert message.duration_ms is not None
    assert 0 <= message.first_token_ms <= message.duration_ms
    assert message.continuable


def test_a_continued_answer_is_one_text(rig: Rig) -> None:
    """The streams of a message are joined in order, and its state is the last one's."""
    first = rig.stream()
    rig.write(first, "Once upon ")
    rig.write(first, "hm ", kind=Kind.REASONING)
    rig.end(first, Status.INTERRUPTED)
    second = continued(rig, first)
    rig.write(second, "a time")
    rig.write(second, "aha", kind=Kind.REASONING)
    message = only(rig, first)
    assert (message.content, message.reasoning, message.continued_from) == ("Once upon a time", "hm aha", 10)
    assert (message.status, message.stream_id, message.error) == (Status.STREAMING, second.stream_id, None)
    rig.end(second)
    assert only(rig, first).status is Status.DONE
    assert only(rig, first).content == "Once upon a time"


def test_usage_is_the_sum_of_what_is_known(rig: Rig) -> None:
    """What the streams of a message took is added up, and unknown stays unknown."""
    first = rig.stream()
    rig.hub.close_stream(first, Outcome(Status.STOPPED, usage=Usage(prompt_tokens=5, cost=0.25)))
    rig.end(first)
    second = continued(rig, first)
    rig.hub.close_stream(second, Outcome(Status.DONE, usage=Usage(7, 11, None, None, 0.5)))
    rig.end(second)
    assert only(rig, first).usage == Usage(12, 11, None, None, 0.75)


def test_what_the_books_say_wins(rig: Rig) -> None:
    """A cost that was asked for afterwards replaces what the answer itself said, figure by figure."""
    log = rig.stream()
    rig.hub.close_stream(log, Outcome(Status.STOPPED, usage=Usage(5, 6, 7, 8)))
    rig.end(log)
    rig.streams.add_cost(log.stream_id, Usage(prompt_tokens=50, cost=0.125))
    assert only(rig, log).usage == Usage(50, 6, 7, 8, 0.125)


def test_a_cost_that_is_told_twice_counts_once(rig: Rig) -> None:
    """The books may be asked again, after a restart say; the answer's text and cost stay what they are."""
    log = rig.stream()
    rig.write(log, "Once")
    rig.end(log, Status.STOPPED)
    for cost in (0.25, 0.125):
        rig.streams.add_cost(log.stream_id, Usage(cost=cost))
    assert rig.count("costs", log.stream_id) == 1
    assert (only(rig, log).content, only(rig, log).usage.cost) == ("Once", 0.125)


def test_messages_come_in_the_order_of_asking(rig: Rig) -> None:
    """However they are named, and those of other conversations are left out."""
    log, other = rig.stream(), rig.stream()
    question, answer = (node.id for node in rig.conversations.tree(log.conversation_id))
    foreign = rig.conversations.tree(other.conversation_id)[0].id
    found = rig.messages.read(log.conversation_id, [answer, foreign, question, "none"])
    assert [message.id for message in found] == [question, answer]
