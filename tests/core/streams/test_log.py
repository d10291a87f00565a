"""An open stream in memory: readers see what was committed, from any offset, and nothing else."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from core.models import Kind, Outcome, Status
from core.streams.log import LONGEST_PIECE, StreamLog


class Ticks:
    """A clock of one second a look."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 1.0
        return self.at


def a_log() -> StreamLog:
    log = StreamLog("stream", "conversation", Status.PENDING, Ticks())
    log.begin()
    return log


def test_what_is_appended_is_not_readable_before_its_commit() -> None:
    """Pending text is in no reading, whatever the offset, until its commit is known."""
    log = a_log()
    log.append(Kind.ANSWER, "one ")
    pieces = log.pending()
    log.append(Kind.ANSWER, "two")
    assert log.read(Kind.ANSWER, 0) == ""
    assert log.backlog() == 7
    log.commit(pieces)
    assert log.read(Kind.ANSWER, 0) == "one "
    assert (log.offset(Kind.ANSWER), log.backlog()) == (4, 3)
    assert log.whole(Kind.ANSWER) == "one two"


def test_a_chunk_holds_what_its_commit_covers() -> None:
    """Pieces that came after the commit began are left for the next one, which goes on at the right position."""
    log = a_log()
    log.append(Kind.ANSWER, "one ")
    log.append(Kind.ANSWER, "two ")
    pieces = log.pending()
    log.append(Kind.ANSWER, "three")
    (chunk,) = log.chunks(pieces)
    assert (chunk.position, chunk.text, chunk.trace.lengths) == (0, "one two ", (4, 4))
    log.commit(pieces)
    (chunk,) = log.chunks(log.pending())
    assert (chunk.position, chunk.text, chunk.trace.lengths) == (8, "three", (5,))


def test_a_chunk_may_be_made_again_after_a_rollback() -> None:
    """Making chunks changes nothing, so a commit that failed is tried again with the same text and more."""
    log = a_log()
    log.append(Kind.ANSWER, "one ")
    before = log.chunks(log.pending())
    assert log.chunks(log.pending()) == before
    log.append(Kind.ANSWER, "two")
    (chunk,) = log.chunks(log.pending())
    assert (chunk.position, chunk.text) == (0, "one two")


def test_answer_and_reasoning_are_two_texts() -> None:
    """Each kind has positions of its own."""
    log = a_log()
    log.append(Kind.REASONING, "Let me think")
    log.append(Kind.ANSWER, "Yes")
    chunks = {chunk.kind: chunk for chunk in log.chunks(log.pending())}
    assert chunks[Kind.ANSWER].position == chunks[Kind.REASONING].position == 0
    log.commit(log.pending())
    assert (log.read(Kind.ANSWER, 1), log.read(Kind.REASONING, 4)) == ("es", "me think")


def test_a_piece_that_is_too_long_for_a_trace_is_cut() -> None:
    """No piece is longer than its length column can say, and nothing of it is lost."""
    log = a_log()
    text = "🌊" * (2 * LONGEST_PIECE + 5)
    log.append(Kind.ANSWER, text)
    (chunk,) = log.chunks(log.pending())
    assert chunk.trace.lengths == (LONGEST_PIECE, LONGEST_PIECE, 5)
    assert max(chunk.trace.lengths) < 1 << 16
    assert chunk.text == text


def test_times_count_from_the_beginning_of_the_generation() -> None:
    """Waiting to be started is not part of the time that pieces took."""
    clock = Ticks()
    log = StreamLog("stream", "conversation", Status.PENDING, clock)
    clock.at = 1000.0
    log.begin()
    log.append(Kind.ANSWER, "a")
    log.append(Kind.ANSWER, "b")
    assert log.trace(Kind.ANSWER).times == (1000, 2000)


def test_an_offset_beyond_the_end_reads_nothing_yet() -> None:
    """A reader that is ahead waits; text before its offset is not shown to it."""
    log = a_log()
    log.append(Kind.ANSWER, "abc")
    log.commit(log.pending())
    assert log.read(Kind.ANSWER, 3) == log.read(Kind.ANSWER, 99) == ""


@given(st.lists(st.text(min_size=0, max_size=6), max_size=20), st.randoms(use_true_random=False))
def test_every_offset_reads_the_same_characters(pieces: list[str], chance: random.Random) -> None:
    """However the text is cut into pieces and commits, from each offset comes the very rest of it."""
    log, lengths = a_log(), []
    for piece in pieces:
        log.append(Kind.ANSWER, piece)
        if chance.random() < 0.5:
            log.commit(log.pending())
            lengths.append(log.offset(Kind.ANSWER))
    log.commit(log.pending())
    text = "".join(pieces)
    assert log.whole(Kind.ANSWER) == text
    for offset in range(len(text) + 2):
        assert log.read(Kind.ANSWER, offset) == text[offset:]
    trace = log.trace(Kind.ANSWER)
    assert sum(trace.lengths) == len(text)
    assert list(trace.times) == sorted(trace.times)
    assert len(trace.times) == len(trace.lengths)


def test_a_log_begins_open() -> None:
    """A new stream has no outcome and nobody has closed it."""
    log = a_log()
    assert (log.status, log.closing, log.outcome) == (Status.STREAMING, None, None)
    log.closing = Outcome(Status.DONE)
    assert log.outcome is None
