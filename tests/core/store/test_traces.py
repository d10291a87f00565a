"""The streams of answers with the times of their pieces: the same from chunks and from outcomes."""

from __future__ import annotations

from core.models import Asked, Kind
from core.store.conversations import NewAnswer
from core.store.traces import Recorded, Traces
from tests.core.streams.support import Rig


def test_what_is_recorded_is_the_same_before_and_after_closing(rig: Rig) -> None:
    """Texts and times of an unfinished stream come from its chunks, of a closed one from its outcome."""
    log = rig.stream()
    rig.write(log, "one ", "two")
    rig.write(log, "hm", kind=Kind.REASONING)
    message_id = _message(rig, log.stream_id)
    (before,) = Traces(rig.database).of_messages([message_id])[message_id]
    assert (before.text, before.reasoning) == ("one two", "hm")
    assert (before.trace, before.reasoning_trace) == rig.streams.traces(log.stream_id)
    rig.end(log)
    rig.streams.tidy()
    assert Traces(rig.database).of_messages([message_id]) == {message_id: [before]}


def test_streams_come_in_the_order_of_asking(rig: Rig) -> None:
    """A message has all of its streams, each with when it began; one without any is left out."""
    log = rig.stream()
    rig.end(log)
    message_id = _message(rig, log.stream_id)
    conversation_id = rig.conversations.conversation_of(message_id)
    assert conversation_id
    again = _again(rig, Asked(conversation_id, "", message_id, "zz-later"))
    found = Traces(rig.database).of_messages([message_id, "nosuchmessage"])
    assert list(found) == [message_id]
    assert [stream.stream_id for stream in found[message_id]] == [log.stream_id, again]
    assert found[message_id][0].began_at < found[message_id][1].began_at
    assert found[message_id][1] == Recorded(again, found[message_id][1].began_at)


def _message(rig: Rig, stream_id: str) -> str:
    stream = rig.streams.get(stream_id)
    assert stream is not None
    return stream.message_id


def _again(rig: Rig, ids: Asked) -> str:
    """A stream that goes on with a message."""
    new = NewAnswer(ids, rig.conversations.last_seq() + 1, "fake/echo", False, None, None, None, True, answer=False)
    rig.conversations.add_answer(new)
    return ids.stream_id
