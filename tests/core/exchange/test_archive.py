"""Our own format: what is taken out comes in again exactly as it was."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exchange.exports.archive import encoded
from core.exchange.formats.archive import decoded
from core.exchange.threads import Broken
from core.ids import new_id
from core.models import Citation, Filter, Outcome, Retrieval, Role, Status, Timings, Trace, Usage
from core.store.exports import Exports
from core.store.imports import Imports, Slice
from core.store.saved import SavedConversation, SavedMessage, SavedRating, SavedStream
from tests.core.exchange.support import Desk
from tests.core.streams.support import Rig

TIMES = st.datetimes(datetime(2001, 1, 1), datetime(2025, 1, 1), timezones=st.just(UTC))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text("abcdefgh/-", min_size=1, max_size=9)
COUNT = st.integers(0, 2**40)
SMALL = st.integers(0, 2**31 - 1)
COST = st.floats(0, 1e6)
SCORE = st.floats(-1e9, 1e9)
USAGE = st.builds(Usage, *[st.none() | COUNT] * 4, st.none() | COST)
IDS = st.integers(0, 9).map(lambda n: f"{n}" * 26)


@st.composite
def traces(draw: st.DrawFn, text: str) -> Trace:
    """A trace that fits a text, or none."""
    if not text or draw(st.booleans()):
        return Trace()
    cut = draw(st.integers(1, len(text)))
    lengths = tuple(length for length in (cut, len(text) - cut) if length)
    return Trace(lengths, tuple(sorted(draw(st.integers(0, 2**32 - 1)) for _ in lengths)))


CITATIONS = st.builds(
    Citation,
    mark=st.integers(1, 99), passage_id=IDS, document_id=IDS, title=TEXT, page=st.none() | SMALL, quote=TEXT,
    score=SCORE, rank=SMALL, heading=st.none() | TEXT, start=st.none() | SMALL, end=st.none() | SMALL,
    passage_ids=st.lists(IDS, min_size=1, max_size=3).map(tuple), lexical_rank=st.none() | SMALL,
    lexical_score=st.none() | SCORE, semantic_rank=st.none() | SMALL, semantic_score=st.none() | SCORE,
    rerank_score=st.none() | SCORE,
)  # fmt: skip
RETRIEVALS = st.builds(
    Retrieval,
    question=TEXT, query=TEXT,
    filter=st.builds(
        Filter, st.none() | st.lists(IDS, max_size=2).map(tuple), st.lists(TEXT, max_size=2).map(tuple),
        st.none() | TIMES, st.none() | TIMES,
    ),
    citations=st.just(()), searched=COUNT, timings=st.builds(Timings, *[COST] * 7), usage=USAGE,
)  # fmt: skip


def by_mark(source: Citation) -> int:
    """What sources are ordered by."""
    return source.mark


@st.composite
def streams(draw: st.DrawFn) -> SavedStream:
    """A closed stream, whatever came of it."""
    text, reasoning = draw(TEXT), draw(TEXT)
    outcome = Outcome(
        draw(st.sampled_from([status for status in Status if status.closed])),
        *(draw(st.none() | TEXT), draw(st.none() | TEXT), draw(st.none() | NAMES), draw(st.none() | NAMES)),
        usage=draw(USAGE),
    )
    return SavedStream(
        id=new_id(), model=draw(NAMES), created_at=draw(TIMES), outcome=outcome, text=text, reasoning=reasoning,
        started_at=draw(st.none() | TIMES), closed_at=draw(TIMES), duration_ms=draw(st.none() | COUNT),
        retrieve=draw(st.booleans()), document_ids=draw(st.none() | st.lists(IDS, max_size=2).map(tuple)),
        trace=draw(traces(text)), reasoning_trace=draw(traces(reasoning)), booked=draw(st.none() | USAGE),
        retrieval=draw(st.none() | RETRIEVALS),
        sources=tuple(sorted(draw(st.lists(CITATIONS, max_size=2, unique_by=by_mark)), key=by_mark)),
    )  # fmt: skip


@st.composite
def conversations(draw: st.DrawFn) -> SavedConversation:
    """A conversation with branches."""
    messages = list[SavedMessage]()
    for _ in range(draw(st.integers(1, 4))):
        parent = draw(st.sampled_from([None, *(message.id for message in messages)]))
        asked = draw(st.booleans())
        rating = draw(st.none() | st.builds(SavedRating, st.sampled_from([1, -1]), TIMES, st.none() | TEXT))
        about = (new_id(), parent, Role.USER if asked else Role.ASSISTANT, draw(TIMES))
        said = () if asked else tuple(draw(st.lists(streams(), min_size=1, max_size=2)))
        messages.append(SavedMessage(*about, draw(TEXT) if asked else "", said, rating))
    flags = (draw(st.booleans()), draw(st.booleans()))
    documents = draw(st.none() | st.lists(IDS, max_size=2).map(tuple))
    return SavedConversation(new_id(), draw(NAMES), draw(NAMES), draw(TIMES), tuple(messages), *flags, documents)


@given(conversations())
def test_what_is_written_is_read_again(conversation: SavedConversation) -> None:
    """Through JSON and back it is the very same."""
    assert decoded(json.loads(json.dumps(encoded(conversation)))) == conversation


@given(st.lists(conversations(), min_size=1, max_size=3))
@settings(max_examples=10)
def test_a_database_gives_back_what_it_was_given(saved: list[SavedConversation]) -> None:
    """Saved, taken out as a file, brought into another database and read there: the very same."""
    with TemporaryDirectory() as folder:
        one, other = Desk(Path(folder) / "one.duckdb"), Desk(Path(folder) / "other.duckdb")
        try:
            slices = [Slice(conversation, conversation.messages, True) for conversation in saved]
            assert Imports(one.database).submit(slices, 1).result()
            file = b"".join(one.exchange.export("json"))
            assert other.exchange.import_(io.BytesIO(file)).new == sum(len(each.messages) for each in saved)
            ids = [conversation.id for conversation in saved]
            assert Exports(other.database).read(ids) == Exports(one.database).read(ids) == saved
            assert other.exchange.import_(io.BytesIO(file)).new == one.exchange.import_(io.BytesIO(file)).new == 0
        finally:
            one.close()
            other.close()


def test_an_answer_that_is_being_written_is_taken_out_as_far_as_it_is(rig: Rig, desk: Desk) -> None:
    """Brought in elsewhere it says that it is not complete."""
    log = rig.stream()
    rig.write(log, "so ", "far")
    conversation = Exports(rig.database).read([log.conversation_id])[0]
    stream = conversation.messages[-1].streams[0]
    assert (stream.text, stream.outcome.status, stream.closed_at) == ("so far", Status.STREAMING, None)
    assert stream.trace.lengths == (3, 3)
    value = {"throughline": 1, "conversations": [encoded(conversation)]}
    desk.exchange.import_(io.BytesIO(json.dumps(value).encode()))
    answer = desk.messages("Why?")[-1]
    assert (answer.content, answer.status) == ("so far", Status.INTERRUPTED)
    assert "before it was complete" in str(answer.error)


def _example() -> dict[str, Any]:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    outcome = Outcome(Status.DONE)
    stream = SavedStream(new_id(), "m", at, outcome, "four", started_at=at, closed_at=at, trace=Trace((4,), (1,)))
    question = SavedMessage(new_id(), None, Role.USER, at, "Why?")
    answer = SavedMessage(new_id(), question.id, Role.ASSISTANT, at, streams=(stream,))
    return json.loads(json.dumps(encoded(SavedConversation(new_id(), "T", "m", at, (question, answer)))))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("throughline",), 2), (("throughline",), None), (("id",), None), (("id",), ""), (("created_at",), "never"),
        (("messages",), [1]), (("messages", 0, "role"), "system"), (("messages", 0, "role"), []),
        (("messages", 0, "id"), None), (("messages", 1, "streams"), None), (("messages", 0, "streams"), [{}]),
        (("messages", 1, "streams", 0, "id"), 5), (("messages", 1, "created_at"), 1e99),
        (("messages", 1, "role"), "user"), (("messages", 0, "rating"), {"rating": 1}),
    ],
)  # fmt: skip
def test_what_an_archive_needs_must_be_there(place: tuple[Any, ...], value: object) -> None:
    """Else it is said what is missing."""
    found = _example()
    holder: Any = found
    for at in place[:-1]:
        holder = holder[at]
    holder[place[-1]] = value
    with pytest.raises(Broken):
        decoded(found)


def test_an_archive_is_trusted_in_nothing() -> None:
    """Ids that are none of ours are replaced, parents must come before, traces must fit their text."""
    found = _example()
    question, answer = found["messages"]
    question |= {"id": "<script>", "parent_id": answer["id"], "rating": {"rating": True, "at": found["created_at"]}}
    answer |= {"parent_id": "<script>"}
    answer["streams"][0] |= {"trace": {"lengths": [3], "times": [1]}, "status": "pending"}
    answer["streams"][0]["sources"] = [{"mark": 2**40, "rank": 1}, 7, {"mark": 1, "rank": 1, "score": "high"}]
    made = decoded(found)
    assert made.messages[0].id.isalnum()
    assert (made.messages[0].parent_id, made.messages[1].parent_id) == (None, made.messages[0].id)
    stream = made.messages[1].streams[0]
    assert (stream.trace, stream.outcome.status) == (Trace(), Status.INTERRUPTED)
    assert [(source.mark, source.score) for source in stream.sources] == [(1, 0.0)]
    assert made.messages[0].rating is None


def test_of_two_messages_with_one_id_neither_is_taken() -> None:
    """Such a file was not written here."""
    found = _example()
    found["messages"].append(found["messages"][0])
    with pytest.raises(Broken, match="same id"):
        decoded(found)


def test_a_stream_that_is_here_already_is_not_written_twice(desk: Desk) -> None:
    """A message with another id that claims it counts as present."""
    first = decoded(_example())
    second = replace(first, id=new_id(), messages=(replace(first.messages[1], id=new_id(), parent_id=None),))
    whole = {"throughline": 1, "conversations": [encoded(first)]}
    assert desk.exchange.import_(io.BytesIO(json.dumps(whole).encode())).new == 2
    whole["conversations"] = [encoded(second)]
    assert desk.exchange.import_(io.BytesIO(json.dumps(whole).encode())).new == 0


def test_times_are_exact_to_the_microsecond() -> None:
    """Whatever zone they are in."""
    found = _example() | {"created_at": "2025-06-01T12:00:00.000001+02:00"}
    assert decoded(found).created_at == datetime(2025, 6, 1, 10, 0, 0, 1, UTC)
