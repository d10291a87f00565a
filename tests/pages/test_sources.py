"""What an answer rests on, under the answer and on the page of a source."""

from __future__ import annotations

import pytest

from core.models import Asked
from core.questions import Question
from core.service import Service
from pages._chat.marks import source_address
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import answer
from tests.pages.conftest import OpenPage
from tests.pages.support import added, answered, captions, click, said, texts, words
from tests.support.server import wait_for

PRESS = "The walnut press in Elder Lane grinds on Thursdays from nine to noon."
GUIDE = "\n\n".join(f"## Part {number}\n\nPart {number} of the guide is part{number} alone." for number in range(9))
QUESTION = "When does the walnut press in Elder Lane grind?"


@pytest.fixture
def asked(service: Service, openrouter: FakeOpenRouter) -> Asked:
    """A question that was answered with a mark."""
    added(service, "walnuts.txt", PRESS)
    openrouter.script("fake/cites", answer("On Thursdays [1]. Not [7]."))
    return answered(service, Question(QUESTION, "fake/cites", start=True))


def test_a_mark_leads_to_its_source(open_page: OpenPage, asked: Asked) -> None:
    """A mark in an answer is a link, and the panel below quotes the passage with its rank and score."""
    page = open_page(c=asked.conversation_id)
    assert texts(page)[-1].startswith(f"On Thursdays [\\[1\\]]({source_address(asked.message_id, 1)}).")
    assert PRESS in words(page)
    assert "rank 1 · score" in words(page)


def test_passages_that_are_not_cited_are_folded_away(
    open_page: OpenPage, service: Service, openrouter: FakeOpenRouter
) -> None:
    """What the model was given besides stands in a closed box."""
    added(service, "one.txt", f"{PRESS} It is green.")
    added(service, "two.txt", "The walnut press in Elder Lane was built by the Holm family in 1901.")
    openrouter.script("fake/once", answer("On Thursdays [1]."))
    asked = answered(service, Question(QUESTION, "fake/once", start=True))
    page = open_page(c=asked.conversation_id)
    assert [box.label for box in page.expander] == ["1 more passage was found and not cited"]
    assert not page.expander[0].proto.expanded


def test_an_answer_without_support_says_so(open_page: OpenPage, service: Service, openrouter: FakeOpenRouter) -> None:
    """When documents were searched and no passage is cited, a sentence says what that means."""
    added(service, "walnuts.txt", PRESS)
    openrouter.script("fake/guesses", answer("I guess on Fridays."))
    asked = answered(service, Question(QUESTION, "fake/guesses", start=True))
    assert "No passage of your documents supports this answer." in captions(open_page(c=asked.conversation_id))


def test_a_retrieval_is_told_quietly(open_page: OpenPage, asked: Asked) -> None:
    """Under the answer stands how much was searched, and how fast."""
    assert "searched 1 passage in" in captions(open_page(c=asked.conversation_id))


def test_a_source_stands_in_its_surroundings(visit: OpenPage, service: Service, openrouter: FakeOpenRouter) -> None:
    """The quote is highlighted between what stands before and after it, and more is shown on demand."""
    added(service, "guide.md", GUIDE)
    openrouter.script("fake/guide", answer("So it is [1]."))
    asked = answered(service, Question("Part 4 of the guide is part4?", "fake/guide", start=True))
    source = service.chat.message(asked.message_id).sources[0]
    page = visit("source.py", message=asked.message_id, mark="1")
    assert not page.exception
    assert f'<div class="quote"><div class="words" dir="auto">{source.quote}</div></div>' in words(page)
    before = words(page).count('class="words"')
    more = [button.label for button in page.button if "Show more" in button.label]
    page = click(page, more[-1])
    assert words(page).count('class="words"') > before
    assert "answer to “Part 4 of the guide is part4?”" in "\n".join(text.value for text in page.markdown)


def test_the_sentences_that_rest_on_a_source_are_read_plainly(
    visit: OpenPage, service: Service, openrouter: FakeOpenRouter
) -> None:
    """Without marks and markup, with how well each rests on it."""
    added(service, "walnuts.txt", PRESS)
    openrouter.script("fake/bold", answer("- The **walnut press** grinds on *Thursdays* [1]."))
    asked = answered(service, Question(QUESTION, "fake/bold", start=True))
    wait_for(lambda: service.chat.message(asked.message_id).supports, 60, "nothing is checked")
    page = visit("source.py", message=asked.message_id, mark="1")
    assert ">The walnut press grinds on Thursdays.<" in words(page)
    assert "supported · similarity 0." in words(page)


def test_a_source_outlives_its_document(visit: OpenPage, service: Service, asked: Asked) -> None:
    """When the document was removed, its quote stands as it was, and the page says so."""
    service.library.remove(service.library.list()[0].id)
    page = visit("source.py", message=asked.message_id, mark="1")
    assert "This document was removed." in said(page)
    assert PRESS in words(page)


def test_a_newer_version_leaves_the_source_as_it_was(visit: OpenPage, service: Service, asked: Asked) -> None:
    """When the document was replaced, the quote is that of the version that was cited, and the page says so."""
    added(service, "walnuts.txt", "The walnut press has closed for good.")
    page = visit("source.py", message=asked.message_id, mark="1")
    assert "has a newer version" in said(page)
    assert PRESS in words(page)
    assert "closed for good" not in words(page)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({}, "This address names no source."),
        ({"message": "nosuchmessage", "mark": "1"}, "There is no message “nosuchmessage”"),
        ({"passage": "nosuchpassage"}, "There is no passage “nosuchpassage”"),
    ],
)
def test_an_address_without_a_source_is_said(visit: OpenPage, address: dict[str, str], sentence: str) -> None:
    """An address that names nothing says so in a sentence."""
    page = visit("source.py", **address)
    assert not page.exception
    assert sentence in said(page)


def test_a_mark_that_no_source_has_is_said(visit: OpenPage, asked: Asked) -> None:
    """A mark that the answer was not given a source for says so, whatever is written for it."""
    page = visit("source.py", message=asked.message_id, mark="<b>")
    assert "This answer has no source" in said(page)


def test_a_documents_words_are_no_html(visit: OpenPage, service: Service, openrouter: FakeOpenRouter) -> None:
    """Title, heading and text of a hostile document are shown as they were written."""
    added(service, "hostile.txt", f"{PRESS} <img src=x onerror=alert(1)> [a](http://b.c) $5 **b**")
    openrouter.script("fake/hostile", answer("So it is [1]."))
    asked = answered(service, Question(QUESTION, "fake/hostile", start=True))
    page = visit("source.py", message=asked.message_id, mark="1")
    assert "<img" not in words(page)
    assert "&lt;img src=x onerror=alert(1)&gt; [a](http://b.c) $5 **b**" in words(page)
