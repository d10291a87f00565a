"""Evidence as rows: retrievals with their passages, supports, and which answers were not looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from core.models import Citation, Filter, Retrieval, Status, Support, Timings, Usage
from core.store.evidence import Evidence
from core.streams.log import StreamLog
from tests.core.store.test_messages import continued, only
from tests.core.streams.support import Rig

NASTY = "a\r\n\0b\u2028c 🌊\U0001f469‍👧 \ufeff'; drop table retrieved; --"
SOURCES = (
    Citation(1, "p1", "d", "Title", 7, "Quote", 0.5, 1, passage_ids=("p1",)),
    Citation(2, "p2", "d", "Title", None, NASTY, 0.25, 2, "One › Two", 5, 90, ("p2", "p3"), 1, 7.5, 2, 0.5, -1.5),
)
WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
RETRIEVAL = Retrieval(
    question=NASTY,
    query="How tall?",
    filter=Filter(("d", "e"), ("red",), WHEN, WHEN),
    citations=SOURCES,
    searched=12,
    timings=Timings(1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 24.0),
    usage=Usage(1, 2, 3, 4, 0.5),
)


def message_of(rig: Rig, log: StreamLog) -> str:
    return rig.conversations.tree(log.conversation_id)[-1].id


def test_a_retrieval_comes_back_as_it_was(rig: Rig) -> None:
    """Every figure, the filter, and the passages in the order of their marks."""
    log, evidence = rig.stream(), Evidence(rig.database)
    evidence.add(log.stream_id, RETRIEVAL)
    assert evidence.sources(log.stream_id) == SOURCES
    assert evidence.retrieval(log.stream_id) == replace(RETRIEVAL, citations=())
    message = only(rig, log)
    assert (message.retrieval, message.sources, message.usage) == (RETRIEVAL, SOURCES, RETRIEVAL.usage)


def test_a_search_that_found_nothing_is_kept_too(rig: Rig) -> None:
    """What was asked and how is known, and that nothing was found."""
    log, evidence = rig.stream(), Evidence(rig.database)
    evidence.add(log.stream_id, Retrieval("Why?", "Why?"))
    message = only(rig, log)
    assert (message.retrieval, message.sources) == (Retrieval("Why?", "Why?"), ())
    assert only(rig, rig.stream()).retrieval is None


def test_an_answer_that_goes_on_keeps_its_retrieval(rig: Rig) -> None:
    """The last retrieval that gave passages serves the whole answer, and all of them count in its usage."""
    first, evidence = rig.stream(), Evidence(rig.database)
    evidence.add(first.stream_id, RETRIEVAL)
    rig.end(first, Status.STOPPED)
    second = continued(rig, first)
    evidence.add(second.stream_id, Retrieval("Why?", "Why?", usage=Usage(cost=0.25)))
    rig.end(second)
    message = only(rig, first)
    assert (message.retrieval, message.sources) == (RETRIEVAL, SOURCES)
    assert message.usage == Usage(1, 2, 3, 4, 0.75)


def test_the_cost_of_a_question_can_come_later(rig: Rig) -> None:
    """Until it does it is known whom to ask for it; what is known already stays."""
    log, evidence = rig.stream(), Evidence(rig.database)
    evidence.add(log.stream_id, Retrieval("Why?", "Why?", usage=Usage(prompt_tokens=5)), "gen-1")
    evidence.add(rig.stream().stream_id, RETRIEVAL)
    assert evidence.without_cost(WHEN) == []
    rig.end(log)
    assert evidence.without_cost(WHEN) == [(log.stream_id, "gen-1", "fake/echo")]
    evidence.add_cost(log.stream_id, Usage(completion_tokens=7, cost=0.5))
    assert evidence.without_cost(WHEN) == []
    assert only(rig, log).usage == Usage(5, 7, None, None, 0.5)


def test_supports_replace_those_before(rig: Rig) -> None:
    """They come in reading order; open pages learn of a change, and not of none."""
    log, evidence = rig.stream(), Evidence(rig.database)
    message_id, before = message_of(rig, log), rig.database.revision
    first, second = Support(1, 0, 5, 0.5), Support(2, 6, 9, 0.25)
    evidence.add_supports(message_id, log.stream_id, [second, first])
    assert only(rig, log).supports == (first, second)
    assert rig.database.revision == before + 1
    evidence.add_supports(message_id, log.stream_id, [second])
    assert only(rig, log).supports == (second,)
    evidence.add_supports(message_id, log.stream_id, [])
    assert only(rig, log).supports == ()
    assert rig.database.revision == before + 3
    evidence.add_supports(message_id, log.stream_id, [])
    assert rig.database.revision == before + 3
    assert rig.database.fetch("select count(*) from support_checks") == [(1,)]


def test_closed_answers_with_sources_are_to_be_looked_at(rig: Rig) -> None:
    """Not those that are open, or have no sources, or were deleted; one that went on is looked at anew."""
    evidence = Evidence(rig.database)
    logs = {name: rig.stream() for name in ("older", "newer", "open", "bare", "deleted")}
    for name, log in logs.items():
        rig.write(log, "So [1].")
        if name != "bare":
            evidence.add(log.stream_id, RETRIEVAL)
        if name != "open":
            rig.end(log, Status.STOPPED)
    rig.conversations.delete(logs["deleted"].conversation_id)
    found = [
        (message_of(rig, logs[name]), logs[name].conversation_id, logs[name].stream_id) for name in ("newer", "older")
    ]
    assert evidence.unchecked() == found
    for message_id, _, stream_id in found:
        evidence.add_supports(message_id, stream_id, [])
    assert evidence.unchecked() == []
    again = continued(rig, logs["older"])
    assert evidence.unchecked() == []
    rig.end(again)
    assert evidence.unchecked() == [(*found[1][:2], again.stream_id)]


def test_what_is_purged_leaves_no_evidence(rig: Rig) -> None:
    """The rows of a deleted conversation go with it."""
    evidence, log, kept = Evidence(rig.database), rig.stream(), rig.stream()
    for each in (log, kept):
        evidence.add(each.stream_id, RETRIEVAL)
        rig.end(each)
        evidence.add_supports(message_of(rig, each), each.stream_id, [Support(1, 0, 5, 0.5)])
    rig.conversations.delete(log.conversation_id)
    rig.conversations.purge(rig.database.clock.now())
    for table, rows in (("retrievals", 1), ("retrieved", 2), ("supports", 1), ("support_checks", 1)):
        assert rig.database.fetch(f"select count(*) from {table}") == [(rows,)]
    assert only(rig, kept).retrieval == RETRIEVAL
