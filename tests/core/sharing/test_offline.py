"""The file that replays a conversation: all is in it, it needs nothing else, and nothing in it is more than text."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from core.errors import LinkNotFound, NotFound
from core.history.pace import text_of
from core.ids import new_id
from core.models import Status, Trace
from core.service import Service
from core.sharing.offline import page
from core.store.saved import SavedConversation, SavedMessage
from tests.core.sharing.support import AT, QUOTE, SECRET, UNCITED, answer, citation, question, stream, tides

NASTY = (
    "</script><script>alert(1)</script></style></title><img src=x onerror=alert(1)> ![p](https://evil.example/p.png) "
    '[j](javascript:alert(1)) "quoted" \u2028\u2029 \u202eesrever\u2066 ]]> <!-- &lt;b&gt; \0 [1]'
)


def made(*messages: SavedMessage, title: str = "Tides") -> LexborHTMLParser:
    """The page of a conversation."""
    conversation = SavedConversation(new_id(), title, "fake/set", AT, messages)
    return LexborHTMLParser(page(conversation, datetime(2026, 5, 6, tzinfo=UTC)).decode())


def one(document: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """The only element that a selector finds."""
    found = document.css(selector)
    assert len(found) == 1, selector
    return found[0]


def test_the_whole_conversation_is_in_the_page(service: Service) -> None:
    """Words, models, quotes, the other branch, and what became of the answer in it."""
    document = LexborHTMLParser(service.sharing.offline(tides(service).id).decode())
    text = one(document, "main").text()
    for part in ("Why are there tides?", "Because of the moon [1].", "fake/named", QUOTE, "Tides, Why, p. 3", "Hm."):
        assert part in text
    assert text.index("The sun too.") < text.index("Another branch") < text.index("The model could not finish")
    assert one(document, "h1").text() == one(document, "title").text() == "Tides"


def test_what_is_the_owners_stays_out(service: Service) -> None:
    """No other passages, costs, ratings, settings or causes, neither for the owner nor by a link."""
    conversation = tides(service)
    token = service.sharing.share("conversation", conversation.id).token
    for file in (service.sharing.offline(conversation.id), service.sharing.shared_offline(token)):
        hidden = (SECRET, UNCITED, "A Provider", "document-of-the-owner", "private", "0.125", "A note", token)
        assert not [word for word in hidden if word in file.decode()]


def test_it_is_for_what_is_there(service: Service) -> None:
    """No conversation, no file."""
    with pytest.raises(NotFound):
        service.sharing.offline("x")
    with pytest.raises(LinkNotFound):
        service.sharing.shared_offline("x")


def test_hostile_words_stay_words() -> None:
    """In a title, a question, an answer, thoughts, a quote, a model's name: no tag, no picture, no script of theirs."""
    source = citation(1, NASTY, NASTY)
    said = stream(NASTY, reasoning=NASTY, sources=(source,), outcome=stream("").outcome)
    asked = question(None, NASTY)
    document = made(asked, SavedMessage(new_id(), asked.id, answer(None, "").role, AT, "", (said,)), title=NASTY)
    assert document.css("img, iframe, object, embed, form, base, link, svg") == []
    assert len(document.css("script")) == len(document.css("style")) == 1
    assert not [a for a in document.css("a") if not re.match("#|https?:", a.attributes["href"] or "")]
    handlers = [name for node in document.css("*") for name in node.attributes if name.startswith("on")]
    assert handlers == []
    assert "<script>alert(1)</script>" in one(document, ".user .said").text()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029]", one(document, "title").text())


def test_the_policy_allows_its_own_script_and_no_network() -> None:
    """Nothing may be fetched; the one script and the one style are named by their hashes."""
    document = made(question(None, "Why?"))
    policy = one(document, 'meta[http-equiv="Content-Security-Policy"]').attributes["content"] or ""
    assert policy.startswith("default-src 'none';")
    for tag in ("script", "style"):
        digest = b64encode(sha256(one(document, tag).text().encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert not re.search(r"https?:|unsafe-eval|script-src[^;]*unsafe", policy)
    assert not re.search(r"\b(src|srcset)=|url\(|@import|fetch\(|innerHTML|eval\(", one(document, "html").html or "")


def test_the_pace_is_in_the_page() -> None:
    """For each piece the time since the one before, and how much more is seen."""
    asked = question(None, "Why?")
    document = made(asked, answer(asked.id, "**abc**def"))
    assert json.loads(one(document, "article.answer").attributes["data-answer"] or "") == [
        100, 1, 100, 2, 100, 2, 100, len("f\n"),
    ]  # fmt: skip
    assert one(document, ".said p").text() == "abcdef"


def test_thoughts_have_a_pace_of_their_own() -> None:
    """They come before the answer when they did."""
    asked = question(None, "Why?")
    thoughts = answer(asked.id, "Yes", reasoning="Hm, so.", reasoning_trace=Trace((4, 3), (10, 30)))
    article = one(made(asked, thoughts), "article.answer")
    assert json.loads(article.attributes["data-reasoning"] or "") == [10, 4, 20, 4]
    assert one(article, "details .thought").text() == text_of("<p>Hm, so.</p>\n")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.STREAMING, "still being written"), (Status.PENDING, "had not begun"), (Status.STOPPED, "was stopped"),
        (Status.TIMEOUT, "in time"), (Status.INTERRUPTED, "server stopped"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_says_so(status: Status, said: str) -> None:
    """In a sentence below it."""
    asked = question(None, "Why?")
    assert said in one(made(asked, answer(asked.id, "Because", status)), ".state").text()


def test_a_whole_answer_says_nothing_more() -> None:
    """There is no state to speak of."""
    asked = question(None, "Why?")
    assert made(asked, answer(asked.id, "Because.")).css(".state") == []


def test_an_imported_answer_has_one_step() -> None:
    """What nobody saw being written comes at once."""
    asked = question(None, "Why?")
    document = made(asked, answer(asked.id, "Because.", trace=Trace()))
    assert json.loads(one(document, "article.answer").attributes["data-answer"] or "") == [0, 9]
