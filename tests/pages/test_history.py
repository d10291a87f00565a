"""The history: messages are found, filtered, opened, replayed, and chosen to be taken out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.models import Asked
from core.questions import Question
from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import added, answered, captions, click, said, words

WALNUT = "The walnut press grinds on Thursdays."
FERRY = "The ferry sails every hour."


def search(page: AppTest, query: str) -> AppTest:
    return page.text_input(key="q").set_value(query).run()


@pytest.fixture
def walnut(service: Service) -> Asked:
    """A conversation about walnuts; the answer says the same as the question."""
    return answered(service, Question(WALNUT, start=True))


@pytest.fixture
def ferry(service: Service) -> Asked:
    """A later one about a ferry."""
    return answered(service, Question(FERRY, start=True))


def found(page: AppTest) -> list[str]:
    """The cards."""
    assert not page.exception
    return [html.value for html in page.html if 'class="place"' in html.value]


def test_an_empty_history_says_what_to_do(visit: OpenPage) -> None:
    """Without messages a sentence says so, and an import is offered."""
    page = visit("history.py")
    assert "There are no messages yet" in said(page)
    assert [button for button in page.button if button.label == "Import"]


def test_without_a_query_the_newest_are_listed(visit: OpenPage, walnut: Asked, ferry: Asked) -> None:
    """Questions and answers, the newest first, each with what is to be said of it and where it opens."""
    cards = found(visit("history.py"))
    assert len(cards) == 4
    assert f"./?conversation={ferry.conversation_id}&amp;message={ferry.message_id}" in cards[0]
    assert f"history?replay={ferry.conversation_id}&amp;message={ferry.message_id}" in cards[0]
    assert "Answer · " in cards[0]
    assert "fake/model-20260101 · $0.000106" in cards[0]
    assert "Question · " in cards[-1]
    assert "walnut press" in cards[-1]


def test_words_are_found_and_marked(visit: OpenPage, walnut: Asked, ferry: Asked) -> None:
    """A search shows the messages with its words, and the address holds it."""
    page = search(visit("history.py"), "walnut press")
    assert "<mark>walnut</mark> <mark>press</mark>" in found(page)[0]
    assert walnut.conversation_id in found(page)[0]
    assert "<mark>walnut</mark>" in words(visit("history.py", q="walnut press"))


def test_what_was_chosen_elsewhere_is_no_filter(open_page: OpenPage, service: Service, walnut: Asked) -> None:
    """The chat's model and the search's filters and words leave the history whole."""
    added(service, "press.txt", WALNUT)
    page = open_page(model="fake/other")
    page = search(page.switch_page("search.py").run(), "ferry")
    page.session_state["since"] = date(2099, 1, 1)
    page = page.run().switch_page("history.py").run()
    assert len(found(page)) == 2
    assert not page.query_params


def test_nothing_found_is_said(visit: OpenPage, walnut: Asked) -> None:
    """With a hint at the filters when one is on."""
    assert "Take a filter away" in said(visit("history.py", q="walnut", **{"from": "2099-01-01"}))
    assert "There are no more messages." in said(visit("history.py", page="40"))


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ({"role": "Questions"}, 2),
        ({"role": "Answers", "models": "fake/model-20260101"}, 2),
        ({"status": "error"}, 0),
        ({"error": "Without", "role": "Answers"}, 2),
        ({"rating": "Thumbs down"}, 1),
        ({"min-cost": "0.0001", "max-cost": "0.001"}, 2),
        ({"min-cost": "0.5"}, 0),
        ({"to": "2020-01-01"}, 0),
        ({"from": "2020-01-01"}, 4),
        ({"document": "nosuchdocument"}, 0),
    ],
)
def test_filters_stand_in_the_address(
    visit: OpenPage, service: Service, walnut: Asked, ferry: Asked, address: dict[str, Any], count: int
) -> None:
    """A link with filters shows what passes them, and the page shows that they are on."""
    service.chat.rate(walnut.message_id, -1)
    page = visit("history.py", **address)
    assert len(found(page)) == count
    assert ("1 filter is on" if len(address) == 1 else "2 filters are on") in captions(page)
    assert len(found(click(page, "Take all away"))) == 4


def test_any_document_is_offered_as_a_filter(
    visit: OpenPage, service: Service, monkeypatch: pytest.MonkeyPatch, walnut: Asked
) -> None:
    """Where there are too many to be listed, an old one is found by its title."""
    monkeypatch.setattr("pages._history.filters._MOST_DOCUMENTS", 2)
    titles = ("walnut press", "ferry", "lighthouse")
    press, ferry, lighthouse = (added(service, f"{title}.txt", title) for title in titles)
    page = visit("history.py")
    assert page.selectbox(key="cited-None").options == [lighthouse.title, ferry.title]
    page.text_input(key="document-words").set_value("walnut").run()
    assert page.selectbox(key="cited-None").options == [press.title]
    page = page.selectbox(key="cited-None").select(press.id).run()
    assert press.id in page.query_params["document"]


def test_a_cited_document_is_a_filter(visit: OpenPage, service: Service, walnut: Asked) -> None:
    """Choosing a document leaves the answers that cite it."""
    document = added(service, "press.txt", WALNUT)
    page = visit("history.py")
    box = next(box for box in page.selectbox if box.label == "Document cited")
    page = box.select(document.id).run()
    assert document.id in page.query_params["document"]
    assert not found(page)
    assert "Take a filter away" in said(page)


def test_results_come_in_pages(visit: OpenPage, service: Service) -> None:
    """Each page has twenty-five; buttons lead on and back, and another search begins with the first."""
    for number in range(14):
        answered(service, Question(f"Walnut number {number}", start=True))
    page = visit("history.py")
    assert len(found(page)) == 25
    page = click(page, "More")
    assert len(found(page)) == 3
    assert "2" in page.query_params["page"]
    page = search(page, "walnut")
    assert "page" not in page.query_params
    page = click(click(search(page, ""), "More"), "Before")
    assert len(found(page)) == 25
    page = click(page, "Choose all that were found, up to 2,000 messages")
    assert "14 conversations chosen" in captions(page)


def test_conversations_are_chosen_for_export(visit: OpenPage, walnut: Asked, ferry: Asked) -> None:
    """A tick chooses the whole conversation, which is then taken out."""
    page = visit("history.py")
    assert "Tick messages below" in captions(page)
    page = page.checkbox[0].check().run()
    assert [box.value for box in page.checkbox] == [True, True, False, False]
    assert "**1 conversation is chosen**" in [text.value for text in page.markdown]
    page = click(page, "Choose all of this page")
    assert all(box.value for box in page.checkbox)
    page = click(page, "Choose none")
    assert not any(box.value for box in page.checkbox)


def test_hostile_messages_stay_text(visit: OpenPage, service: Service) -> None:
    """Markup in a message, or in a title, is shown and not obeyed."""
    answered(service, Question('<script>alert(1)</script> <mark>x</mark> "walnut"', start=True))
    page = visit("history.py", q="walnut")
    assert "<script" not in words(page)
    assert "&lt;script&gt;" in words(page)


def test_a_conversation_is_replayed(visit: OpenPage, service: Service, walnut: Asked) -> None:
    """The player is given the pieces of question and answer, and a way into the conversation."""
    page = visit("history.py", replay=walnut.conversation_id, message=walnut.message_id)
    assert page.title[0].value == "Replay"
    data = player(page)
    assert data["from"] == 0
    question, answer = data["film"]["scenes"]
    assert question["text"] == WALNUT
    assert answer["answer"]["html"] == f"<p>{WALNUT}</p>\n"
    times = service.streams.traces(walnut.stream_id)[0].times
    assert sum(answer["answer"]["steps"][::2]) == max(times) == answer["until"]


def test_the_branch_that_the_address_names_is_replayed(visit: OpenPage, service: Service, walnut: Asked) -> None:
    """Without one it is the newest; the chat's menu leads to the one that is shown there."""
    again = service.chat.regenerate(walnut.message_id, start=True)
    for _ in service.follower.follow(again.stream_id):
        pass
    for address, answer in (({}, again), ({"at": walnut.message_id}, walnut), ({"message": walnut.message_id}, walnut)):
        page = visit("history.py", replay=walnut.conversation_id, **address)
        assert [scene["id"] for scene in player(page)["film"]["scenes"]] == [walnut.user_message_id, answer.message_id]


def test_a_long_conversation_is_replayed_in_parts(visit: OpenPage, service: Service) -> None:
    """A link to a message plays its part from the question on; buttons lead to the other parts."""
    first = answered(service, Question("Number 0", start=True))
    for number in range(1, 15):
        asked = answered(service, Question(f"Number {number}", start=True), first.conversation_id)
    page = visit("history.py", replay=first.conversation_id, message=asked.message_id)
    data = player(page)
    assert data["film"]["scenes"][0]["text"] == "Number 10"
    assert data["from"] == data["film"]["scenes"][-2]["from"] > 0
    assert "Messages 21 to 30 of 30" in captions(page)
    page = click(page, "Before")
    assert player(page)["film"]["scenes"][0]["text"] == "Number 0"
    assert "Messages 1 to 20 of 30" in captions(page)


def test_what_cannot_be_replayed_is_said(visit: OpenPage, service: Service) -> None:
    """An unknown conversation, and one whose only answer is still to come."""
    assert "There is no conversation" in said(visit("history.py", replay="nosuchconversation"))
    asked = service.chat.begin(Question("Later?"))
    page = visit("history.py", replay=asked.conversation_id, message=asked.message_id)
    assert [scene["role"] for scene in player(page)["film"]["scenes"]] == ["user"]
    service.chat.stop(asked.stream_id)


def player(page: AppTest) -> dict[str, Any]:
    """What the player is given."""
    assert not page.exception
    protos = [component.proto for component in page.get("bidi_component")]
    (proto,) = [proto for proto in protos if proto.component_name == "throughline_replay"]
    data: dict[str, Any] = json.loads(proto.json)
    return data
