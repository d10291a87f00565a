"""Messages are found by what they say, in any script, within any filter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.history.search import HistoryFilter
from core.models import Kind, Role, Status
from tests.core.history.desk import AT, PATIENCE, Desk, stream, talk


def test_questions_and_answers_are_found_by_their_words(desk: Desk) -> None:
    """The one that says more of them comes first, with its words marked."""
    kites = desk.put(talk("Who flies kites?", stream("Kites fly over the harbour of Saltby on Sundays.")))
    desk.put(talk("What is tea?", stream("A drink.")))
    question, answer = kites.messages
    assert desk.found("kite over the harbour") == [answer.id, question.id]
    hit = desk.history.search("kite over the harbour").hits[0]
    assert [part.text for part in hit.snippet if part.marked] == ["Kites", "harbour"]
    assert "".join(part.text for part in hit.snippet) == "Kites fly over the harbour of Saltby on Sundays."
    assert (hit.conversation_id, hit.title, hit.role) == (kites.id, "Who flies kites?", Role.ASSISTANT)
    assert (hit.created_at, hit.model, hit.status, hit.error) == (AT, "fake/echo", Status.DONE, None)
    assert 0 < hit.score <= 1


def test_an_answer_is_found_as_soon_as_it_is_complete(desk: Desk) -> None:
    """And not sooner, as its text still grows; the question at once."""
    log = desk.stream()
    assert len(desk.found("why")) == 1
    desk.write(log, "Because of ", "the moon.")
    assert desk.found("moon") == []
    desk.end(log)
    assert desk.history.settled(PATIENCE)
    (answer,) = desk.history.search("moon").hits
    assert [part.text for part in answer.snippet] == ["Because of the ", "moon", "."]


def test_what_is_meant_is_found_too(desk: Desk) -> None:
    """As soon as it is embedded; how far that has come can be asked."""
    meant = desk.put(talk("alpha beta gamma delta", stream("nothing alike")))
    desk.embedded()
    assert desk.history.progress() == (2, 2)
    found = desk.history.search("alpha beta gamma delta")
    assert found.by_meaning
    assert found.hits[0].message_id == meant.messages[0].id
    assert found.hits[0].score == pytest.approx(1)
    # The stand-in knows words as they are written, the index of words knows their stems.
    near = desk.history.search("the alpha, of beta gamma")
    assert near.hits[0].message_id == meant.messages[0].id


def test_words_alone_decide_while_there_is_no_model(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search waits for no model."""
    found = desk.put(talk("Where is the lighthouse?"))
    monkeypatch.setattr(type(desk.history._embedder), "ready", False)
    assert desk.found("lighthouse") == [found.messages[0].id]
    assert not desk.history.search("lighthouse").by_meaning


def test_without_a_query_the_newest_come_first(desk: Desk) -> None:
    """Page by page, each message once, whatever the order in which they were saved."""
    days = [desk.put(talk(f"Day {day}", at=AT + timedelta(days=day))) for day in (3, 1, 5, 2, 4)]
    ids = [message.id for one in sorted(days, key=lambda one: one.created_at) for message in one.messages][::-1]
    assert desk.found("") == desk.found("  \n") == ids
    pages = [desk.history.search("", limit=4, offset=offset) for offset in (0, 4, 8)]
    assert [hit.message_id for page in pages for hit in page.hits] == ids
    assert [page.more for page in pages] == [True, True, False]
    assert {hit.score for page in pages for hit in page.hits} == {0.0}
    assert desk.history.search("", offset=10).hits == ()


def test_pages_of_what_is_found_follow_each_other(desk: Desk) -> None:
    """Nothing twice, nothing left out."""
    for number in range(30):
        desk.put(talk(f"The tide, number {number}"))
    whole = desk.found("tide", limit=100)
    assert len(whole) == 30
    pages = [desk.history.search("tide", limit=7, offset=offset) for offset in range(0, 30, 7)]
    assert [hit.message_id for page in pages for hit in page.hits] == whole
    assert [page.more for page in pages] == [True, True, True, True, False]


FILTERS = {
    "since": (HistoryFilter(since=AT + timedelta(hours=1)), {"late q", "late a"}),
    "until": (HistoryFilter(until=AT), {"early q", "early a"}),
    "until is not within": (HistoryFilter(since=AT, until=AT + timedelta(microseconds=1), role=Role.USER), {
        "failed q", "dear q", "liked q", "cites q"}),
    "model": (HistoryFilter(models=("big/one", "other")), {"dear a"}),
    "unknown model": (HistoryFilter(models=("unknown",)), set()),
    "status": (HistoryFilter(statuses=(Status.ERROR, Status.STOPPED)), {"failed a", "early a"}),
    "liked": (HistoryFilter(rating=1), {"liked a"}),
    "disliked": (HistoryFilter(rating=-1), {"late a"}),
    "not rated": (HistoryFilter(rating=0, role=Role.ASSISTANT), {"failed a", "dear a", "early a", "cites a"}),
    "dear": (HistoryFilter(min_cost=0.5), {"dear a"}),
    "cheap": (HistoryFilter(max_cost=0.5), {"liked a"}),
    "between": (HistoryFilter(min_cost=0.01, max_cost=0.01), {"liked a"}),
    "cited": (HistoryFilter(document_id="d2"), {"cites a"}),
    "given but not cited": (HistoryFilter(document_id="d1"), set()),
    "failed": (HistoryFilter(failed=True), {"failed a"}),
    "not failed": (HistoryFilter(failed=False, role=Role.ASSISTANT), {
        "dear a", "liked a", "early a", "late a", "cites a"}),
    "role": (HistoryFilter(role=Role.ASSISTANT, since=AT + timedelta(hours=1)), {"late a"}),
    "all at once": (HistoryFilter(AT, AT + timedelta(1), ("fake/echo",), (Status.DONE,), 1, 0, 1, None, False,
        Role.ASSISTANT), {"liked a"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory, light):  # type: ignore[no-untyped-def]
    """A desk with one message for each filter, and the names of the messages by their ids."""
    desk = Desk(tmp_path_factory.mktemp("filters"), light)
    talks = {
        "failed": talk("the tide", stream("the tide", Status.ERROR, error="Gone.")),
        "dear": talk("the tide", stream("the tide", model="big/one", cost=1.5)),
        "liked": talk("the tide", stream("the tide", cost=0.01), rating=1),
        "early": talk("the tide", stream("the tide", Status.STOPPED), at=AT - timedelta(days=9)),
        "late": talk("the tide", stream("the tide"), at=AT + timedelta(days=9), rating=-1),
        "cites": talk("the tide", stream("the tide [2]", cites=("d1", "d2"))),
    }
    names = {}
    for name, conversation in talks.items():
        question, answer = desk.put(conversation).messages
        names |= {question.id: f"{name} q", answer.id: f"{name} a"}
    yield desk, names, talks
    desk.close()


@pytest.mark.parametrize("query", ["", "tide", "the"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_lets_through_what_it_says(filtered, name: str, query: str) -> None:  # type: ignore[no-untyped-def]
    """Alike for words and for the newest; a stop word alone is a word."""
    desk, names, _ = filtered
    filter, expected = FILTERS[name]
    assert {names[found] for found in desk.found(query, filter)} == expected


def test_a_filter_can_name_a_conversation(filtered) -> None:  # type: ignore[no-untyped-def]
    """And then everything found is in it."""
    desk, names, talks = filtered
    found = desk.found("tide", HistoryFilter(conversation_id=talks["dear"].id))
    assert {names[one] for one in found} == {"dear q", "dear a"}
    assert desk.found("tide", HistoryFilter(conversation_id="unknown")) == []
    assert desk.history.models() == ("big/one", "fake/echo")
    (hit,) = desk.history.search("tide", HistoryFilter(failed=True)).hits
    assert (hit.error, hit.status, hit.cost, hit.rating) == ("Gone.", Status.ERROR, None, None)
    (hit,) = desk.history.search("tide", HistoryFilter(rating=1)).hits
    assert (hit.cost, hit.rating, hit.model) == (0.01, 1, "fake/echo")


def test_a_rating_and_a_cost_that_come_later_count(desk: Desk) -> None:
    """As soon as they are saved."""
    _, answer = desk.put(talk("Why?")).messages
    assert desk.found("", HistoryFilter(rating=1)) == desk.found("", HistoryFilter(min_cost=0)) == []
    desk.conversations.rate(answer.id, 1, None)
    assert desk.found("", HistoryFilter(rating=1)) == [answer.id]
    desk.conversations.rate(answer.id, 0, None)
    assert desk.found("", HistoryFilter(rating=1)) == []
    desk.streams.add_cost(answer.streams[0].id, answer.streams[0].outcome.usage.__class__(cost=0.25))
    assert desk.found("", HistoryFilter(min_cost=0.25)) == [answer.id]


def test_an_unfinished_answer_is_listed_with_its_text_so_far(desk: Desk) -> None:
    """Under the status that it has."""
    log = desk.stream(started=False)
    assert len(desk.found("", HistoryFilter(statuses=(Status.PENDING,)))) == 1
    desk.streams.start(log.stream_id)
    log.begin()
    desk.write(log, "Because ", "so.")
    desk.hub.append(log, Kind.REASONING, "Hm.")
    (hit,) = desk.history.search("", HistoryFilter(statuses=(Status.STREAMING,))).hits
    assert [part.text for part in hit.snippet] == ["Because so."]
    desk.end(log, Status.STOPPED)
    assert desk.found("", HistoryFilter(statuses=(Status.STREAMING,))) == []
    assert desk.found("", HistoryFilter(statuses=(Status.STOPPED,))) == [hit.message_id]


@pytest.mark.parametrize(
    "text, query",
    [("Wo liegt München?", "munchen"), ("潮の満ち引きは月による", "月"), ("Где находится маяк?", "маяк"),
     ("أين تقع المنارة؟", "المنارة"), ("ประภาคารอยู่ที่ไหน", "ประภาคาร"), ("The error is ZX-9000", "zx9000"),
     ("to be or not to be", "to be"), ("a C++ question", "c++"), ('He said "hello world"', '"hello'),
     ("x", "x"), ("a🌊b", "a🌊b")],
)  # fmt: skip
def test_any_script_and_any_word_can_be_found(desk: Desk, text: str, query: str) -> None:
    """Short words, stop words, identifiers and quotes too."""
    found = desk.put(talk(text))
    desk.put(talk("Something else."))
    assert desk.found(query)[:1] == [found.messages[0].id]


def test_what_is_quoted_is_said_word_by_word(desk: Desk) -> None:
    """In any kind of quotation marks and any script, within a filter, whatever else is asked; not before they close."""
    table = desk.put(talk("Where is the tide table?", stream("The table shows each tide.")))
    said = desk.put(talk("潮の満ち引き and getUserName, it's to be", stream("Ein Wort: Hochwasser und Ebbe.")))
    desk.embedded()
    question, answer = table.messages
    for quoted in ('"tide table"', "“Tide tables” where", "harbour „tide-table“", "«the tide» table"):
        assert desk.found(quoted) == [question.id], quoted
    assert desk.history.search('"tide table"').searched == 1
    assert set(desk.found('"tide" table')) == {question.id, answer.id} <= set(desk.found('"tide table'))
    for quoted in ('"満ち引き and getUserName"', '"it\'s to be"', '"to be"', '"and getUserName it\'s" "潮の"'):
        assert desk.found(quoted) == [said.messages[0].id], quoted
    assert desk.found('"hochwasser und"', HistoryFilter(role=Role.ASSISTANT)) == [said.messages[1].id]
    for quoted in ('"table tide"', '"und hochwasser"', '"潮満"', '"tide table" "shows each"', '"whale"'):
        assert desk.found(quoted) == [], quoted
    assert desk.found('"hochwasser und"', HistoryFilter(role=Role.USER)) == []


@pytest.mark.parametrize("query", ["🌊", "?!…", "\0", "\ud800", "(", '"', "text:x AND (", "a" * 5_000, "a " * 5_000])
def test_no_query_breaks_the_search(desk: Desk, query: str) -> None:
    """There is nothing to find, and nothing fails."""
    desk.put(talk("The tide."))
    assert not {hit.message_id for hit in desk.history.search(query).hits} - set(desk.found(""))


def test_whatever_a_message_says_can_be_taken_up(desk: Desk) -> None:
    """Nothing at all, control characters, very long words and very long texts."""
    odd = ["", " \n", "\0\x1b[0m tide", "x" * 300_000, "tide <script>alert(1)</script>", "wave " * 60_000 + "tide"]
    talks = [desk.put(talk(text, stream(text))) for text in odd]
    desk.embedded()
    found = set(desk.found("tide"))
    assert found == {message.id for number in (2, 4, 5) for message in talks[number].messages}
    last = next(hit for hit in desk.history.search("tide").hits if hit.message_id == talks[5].messages[0].id)
    assert [part.text for part in last.snippet if part.marked] == ["tide"]
    assert last.snippet[0].text.startswith("…")
