"""Replays: the pieces of an answer at the times they came, whatever its streams went through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound
from core.history.replay import LONGEST_PAUSE, Piece, Replay, joined
from core.models import Kind, Status, Trace
from core.service import Service
from core.store.traces import Recorded
from tests.core.generation.support import ask, ended
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import Act, answer, text

AT = datetime(2026, 1, 1, tzinfo=UTC)


def stream(after_ms: int, *pieces: tuple[str, int], reasoning: tuple[tuple[str, int], ...] = ()) -> Recorded:
    """A stream that began so long after the first, with pieces and their times."""
    answer, thought = (
        ("".join(said for said, _ in given), Trace(tuple(len(said) for said, _ in given), tuple(ms for _, ms in given)))
        for given in (pieces, reasoning)
    )
    return Recorded("s", AT + timedelta(milliseconds=after_ms), *answer, *thought)


def test_every_piece_comes_when_it_came() -> None:
    """At any time the text is what had arrived by then; waits within a stream are as long as they were."""
    replay = joined([stream(0, ("The ", 900), ("quay ", 950), ("is old.", 61_000))])
    assert [replay.text_at(ms) for ms in (0, 899, 900, 949, 60_999, 61_000, 10**9)] == [
        *("", "", "The ", "The ", "The quay ", "The quay is old.", "The quay is old."),
    ]
    assert replay.length_ms == 61_000


def test_reasoning_and_answer_keep_their_times() -> None:
    """Both texts are in one order of time, and each can be seen alone."""
    replay = joined([stream(0, ("So: ", 30), ("yes", 50), reasoning=(("Hm", 10), ("mm", 30)))])
    kinds = [(piece.at_ms, piece.kind) for piece in replay.pieces]
    answer, reasoning = Kind.ANSWER, Kind.REASONING
    assert kinds == [(10, reasoning), (30, reasoning), (30, answer), (50, answer)]
    assert (replay.text_at(30), replay.text_at(30, reasoning)) == ("So: ", "Hmmm")


@pytest.mark.parametrize(("waited", "kept"), [(500, 500), (86_400_000, LONGEST_PAUSE), (-5_000, 0)])
def test_a_pause_between_streams_is_cut_to_two_seconds(waited: int, kept: int) -> None:
    """What was continued goes on after the real pause if that was short, and at once if a clock ran backwards."""
    replay = joined([stream(0, ("One ", 100)), stream(100 + waited, ("two", 40))])
    assert replay.pieces == (Piece(100, Kind.ANSWER, "One "), Piece(100 + kept + 40, Kind.ANSWER, "two"))


def test_a_stream_that_wrote_nothing_is_a_pause() -> None:
    """A try that failed before its first word leaves the pieces of the next, and no gap of its own."""
    assert joined([stream(0), stream(1_000, ("Well", 20))]).pieces == (Piece(1_020, Kind.ANSWER, "Well"),)
    assert joined([stream(0)]).pieces == ()
    assert Replay().length_ms == 0


def test_what_has_no_trace_comes_at_once() -> None:
    """An imported answer is whole from the first moment."""
    assert joined([Recorded("s", AT, "All of it")]).pieces == (Piece(0, Kind.ANSWER, "All of it"),)


@given(st.text(max_size=30), st.lists(st.integers(0, 9), max_size=12), st.lists(st.integers(0, 2**32 - 1), max_size=12))
def test_no_trace_loses_a_letter(words: str, lengths: list[int], times: list[int]) -> None:
    """Whatever a trace says, the end of its replay has the whole text, and no piece comes before another."""
    replay = joined([Recorded("s", AT, words, Trace(tuple(lengths), tuple(times)))])
    assert replay.text_at(replay.length_ms) == words
    assert [piece.at_ms for piece in replay.pieces] == sorted(piece.at_ms for piece in replay.pieces)


def test_a_kept_answer_is_replayed(service: Service) -> None:
    """Text, reasoning and their traces are read from the database; a question is there at once."""
    asked = ask(service, "fake/reasoning", "What is it?")
    message = ended(service, asked)
    replay = service.replays.of(asked.message_id)
    assert replay.text_at(replay.length_ms) == message.content
    assert replay.text_at(replay.length_ms, Kind.REASONING) == message.reasoning
    assert len(replay.pieces) == sum(len(trace.times) for trace in service.streams.traces(asked.stream_id))
    assert service.replays.of(asked.user_message_id).pieces == (Piece(0, Kind.ANSWER, "What is it?"),)


def test_continued_streams_are_joined(service: Service, upstream: FakeOpenRouter) -> None:
    """All that was written of an answer is in its replay, in order."""
    upstream.script("fake/cut-tale", [text("Once upon "), text("a time"), Act.CUT])
    upstream.script("fake/cut-tale", answer(" it ", "went on."))
    asked = ask(service, "fake/cut-tale")
    assert ended(service, asked).status is Status.ERROR
    ended(service, service.chat.go_on(asked.message_id, start=True))
    replay = service.replays.of(asked.message_id)
    assert [piece.text for piece in replay.pieces] == ["Once upon ", "a time", " it ", "went on."]
    assert [piece.at_ms for piece in replay.pieces] == sorted(piece.at_ms for piece in replay.pieces)


def test_an_answer_in_progress_is_replayed_as_far_as_it_is_saved(service: Service) -> None:
    """What is not closed yet comes from its chunks."""
    asked = ask(service, "fake/stall")
    for update in service.follower.follow(asked.stream_id):
        if update.text:
            break
    replay = service.replays.of(asked.message_id)
    assert replay.text_at(replay.length_ms) == "Hel"
    service.chat.stop(asked.stream_id)


def test_what_is_not_there_cannot_be_replayed(service: Service) -> None:
    """An unknown message, or one of a deleted conversation, is not found."""
    asked = ask(service)
    ended(service, asked)
    service.chat.delete(asked.conversation_id)
    for message_id in ("nosuchmessage", asked.message_id):
        with pytest.raises(NotFound):
            service.replays.of(message_id)
