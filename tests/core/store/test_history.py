"""What has become of messages, as their search follows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.models import Citation, Kind, Retrieval, Status, Usage
from core.store.evidence import Evidence
from core.store.history import History, Places
from core.store.history_texts import HistoryTexts
from tests.core.streams.support import Rig


def rows(rig: Rig, seqs: list[int] | None = None) -> list[dict[str, Any]]:
    return [row for table in History(rig.database).rows(seqs) for row in table.to_pylist()]


def changed(rig: Rig, before: Places) -> list[int]:
    found = History(rig.database).changed(before)
    assert found is not None
    return found[1]


def test_a_message_is_read_with_all_it_can_be_filtered_by(rig: Rig) -> None:
    """An answer has the state of its last stream, and the cost of all of them and of their searches."""
    log = rig.stream()
    question, answer = rows(rig)
    assert (question["seq"], answer["seq"]) == (1, 2)
    assert (question["role"], question["status"], question["model"], question["cost"]) == ("user", "done", None, None)
    assert (answer["status"], answer["version"], answer["model"]) == ("streaming", 0, "fake/echo")
    assert question["version"] != 0
    rig.write(log, "It is.")
    rig.end(log, Status.TIMEOUT)
    message_id = rig.streams.get(log.stream_id).message_id  # type: ignore[union-attr]
    rig.conversations.rate(message_id, 1, None)
    rig.conversations.rate(message_id, -1, None)
    rig.streams.add_cost(log.stream_id, Usage(cost=0.5))
    Evidence(rig.database).add(log.stream_id, Retrieval("q", "q", usage=Usage(cost=0.25)))
    (answer,) = rows(rig, [2])
    assert (answer["status"], answer["failed"], answer["rating"], answer["cost"]) == ("timeout", True, -1, 0.75)
    assert answer["version"] != 0
    assert rows(rig, [3, 99]) == []


def test_every_change_is_followed(rig: Rig) -> None:
    """Whatever is added to a message tells its number, once."""
    history = History(rig.database)
    places = history.places()
    log = rig.stream(started=False)
    assert changed(rig, places) == [1, 2]
    message_id = rig.streams.get(log.stream_id).message_id  # type: ignore[union-attr]
    evidence = Evidence(rig.database)
    steps = (
        lambda: rig.streams.start(log.stream_id),
        lambda: rig.conversations.rate(message_id, 1, None),
        lambda: rig.streams.add_cost(log.stream_id, Usage(cost=0.5)),
        lambda: rig.end(log),
    )
    for step in steps:
        places, _ = history.changed(places) or (places, [])
        assert changed(rig, places) == []
        step()
        assert changed(rig, places) == [2]
    evidence.add(log.stream_id, Retrieval("q", "q"), "generation")
    places = history.places()
    evidence.add_cost(log.stream_id, Usage(cost=0.1))
    assert changed(rig, places) == [2]


def test_rows_that_went_away_are_noticed(rig: Rig) -> None:
    """Also when as many came, and after the rest was numbered anew."""
    history = History(rig.database)
    gone, _ = rig.stream(), rig.stream()
    rig.end(gone)
    places = history.places()
    rig.conversations.delete(gone.conversation_id)
    assert history.hidden() == [gone.conversation_id]
    assert changed(rig, places) == []
    rig.conversations.purge(rig.database.clock.now() + timedelta(seconds=1))
    assert history.changed(places) is None
    rig.stream()
    assert history.changed(places) is None
    rig.database.checkpoint()
    assert history.changed(places) is None
    rig.stream()
    assert history.changed(places) is None
    places = history.places()
    rig.stream()
    assert changed(rig, places) == [row["seq"] for row in rows(rig)][-2:]


def test_texts_are_what_is_closed(rig: Rig) -> None:
    """An answer says what its closed streams say, with the documents it was given; one that has none says nothing."""
    log = rig.stream()
    texts = HistoryTexts(rig.database)
    assert [(text.seq, text.text) for text in texts.texts([1, 2, 3])] == [(1, "Why?")]
    assert texts.texts([]) == []
    citation = Citation(1, "p", "d", "T", None, "Q", 0.5, 1)
    Evidence(rig.database).add(log.stream_id, Retrieval("q", "q", citations=(citation,)))
    rig.write(log, "So [1].")
    rig.write(log, "Hm.", kind=Kind.REASONING)
    rig.end(log)
    (answer,) = texts.texts([2])
    assert (answer.text, answer.sources) == ("So [1].", ((1, "d"),))
    assert answer.version == rows(rig, [2])[0]["version"]


def test_messages_are_told_with_their_titles(rig: Rig) -> None:
    """An unfinished answer with what is saved of it; none of a deleted conversation."""
    log, gone = rig.stream(), rig.stream()
    rig.write(log, "So ", "far")
    told = HistoryTexts(rig.database).told([1, 2, 3, 4])
    assert {seq: one.text for seq, one in told.items()} == {1: "Why?", 2: "So far", 3: "Why?", 4: ""}
    assert (told[1].title, told[1].conversation_id, told[1].error) == ("Why?", log.conversation_id, None)
    rig.conversations.delete(gone.conversation_id)
    assert set(HistoryTexts(rig.database).told([1, 2, 3, 4])) == {1, 2}
