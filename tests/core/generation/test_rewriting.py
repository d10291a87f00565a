"""A follow-up question is made to stand alone before it is searched, and never holds the answer up for long."""

from __future__ import annotations

import asyncio

import pytest

from core.generation import rewriting
from core.generation.rewriting import READING, Reading, read
from core.models import Asked, Message, Status, Turn, Usage
from core.providers.local import LocalProvider
from core.questions import Question
from core.service import Service
from core.settings import LOCAL_MODEL
from tests.core.generation.support import PATIENCE, ask, ended, log_of
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import Act, Reply, answer, error_reply, finish, text
from tests.support.server import wait_for

FOLLOW_UP = "And how tall is it?"
ALONE = "How tall is the lighthouse of Skagen?"
BY_HAND = "And how tall is it? lighthouse Skagen built"
ANSWER = Usage(16, 18, 3, 4, 0.000106)
BOTH = Usage(32, 36, 6, 8, 0.000212)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that replies has replied in time, however busy the machine is."""
    monkeypatch.setattr(rewriting, "PATIENCE", PATIENCE)


@pytest.fixture(autouse=True, scope="module")
def document(service: Service) -> None:
    """Something to search."""
    document, _ = service.library.add("towers.txt", b"The lighthouse of Skagen is 46 metres tall.")
    assert service.library.wait(document.id, PATIENCE).status == "ready"


@pytest.fixture
def first(service: Service) -> Asked:
    """An answered question."""
    asked = ask(service, content="When was the lighthouse of Skagen built?")
    ended(service, asked)
    return asked


def follow_up(service: Service, first: Asked, content: str = FOLLOW_UP, model: str = "fake/echo") -> Message:
    """The answer to a second question in the conversation."""
    return ended(service, service.chat.ask(first.conversation_id, Question(content, model, start=True)))


def query(message: Message) -> str:
    assert message.retrieval is not None
    return message.retrieval.query


def test_the_question_that_is_searched_stands_alone(service: Service, upstream: FakeOpenRouter, first: Asked) -> None:
    """The model's words are searched, the person's are asked; what it took is counted and kept."""
    upstream.script_rewrite(answer("How tall is the light", "house of Skagen?"))
    message = follow_up(service, first)
    made = message.retrieval
    assert made is not None
    assert (made.question, made.query) == (FOLLOW_UP, ALONE)
    assert (made.usage, message.usage) == (ANSWER, BOTH)
    assert made.timings.total >= made.timings.rewrite > 0
    assert upstream.completions()[-1].body["messages"][-1]["content"].endswith(f"Question: {FOLLOW_UP}")
    sent = upstream.rewrites()[-1].body
    assert sent["max_tokens"] == 200
    assert "When was the lighthouse of Skagen built?" in sent["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("reply", "usage"),
    [
        (error_reply(400, "No"), ANSWER),
        (Reply([text("How tall"), Act.CUT]), ANSWER),
        (Reply(answer("I'm sorry, I can't do that.")), BOTH),
        (Reply(answer(ALONE, reason="length")), BOTH),
        (Reply(answer(f"{ALONE}\n" * 40)), BOTH),
        (Reply([text("", reasoning="Hm"), *finish()]), ANSWER),
        (Reply([text("x" * 20_000), Act.HOLD]), ANSWER),
    ],
)
def test_without_a_good_reply_the_words_before_are_added(
    service: Service, upstream: FakeOpenRouter, first: Asked, reply: Reply, usage: Usage
) -> None:
    """A failure, a refusal, a reply that is cut or endless: the answer comes all the same, at its true cost."""
    upstream.script_rewrite(reply)
    message = follow_up(service, first)
    assert (message.status, query(message)) == (Status.DONE, BY_HAND)
    assert message.content.endswith(FOLLOW_UP)
    wait_for(lambda: known(service, message) in (usage, BOTH), PATIENCE, "the cost is not known")


def known(service: Service, message: Message) -> Usage:
    return service.chat.message(message.id).usage


def test_a_model_that_does_not_reply_is_not_waited_for(
    service: Service, upstream: FakeOpenRouter, first: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time the search goes on without it; what it cost is asked for afterwards."""
    monkeypatch.setattr(rewriting, "PATIENCE", 1.5)
    monkeypatch.setattr(upstream, "not_yet", 0)
    upstream.script_rewrite([text("How tall"), Act.HOLD])
    message = follow_up(service, first)
    assert (message.status, query(message)) == (Status.DONE, BY_HAND)
    assert upstream.wait_for_disconnect("rewrite", PATIENCE)
    wait_for(lambda: known(service, message) == BOTH, PATIENCE, "the cost is not known")


def test_an_answer_can_be_stopped_while_its_question_is_read(
    service: Service, upstream: FakeOpenRouter, first: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note says what is being done; a stop ends it at once, and what it cost is asked for nevertheless."""
    monkeypatch.setattr(upstream, "not_yet", 0)
    before, left = len(upstream.completions()), upstream.disconnects.count("rewrite")
    upstream.script_rewrite([text("How tall"), Act.HOLD])
    asked = service.chat.ask(first.conversation_id, Question(FOLLOW_UP, start=True))
    log = log_of(service, asked)
    wait_for(lambda: log.note == READING, PATIENCE, "it is not said")
    generation, _ = service.engine._running[asked.stream_id]
    wait_for(lambda: generation._retrieving._reading.generation_id, PATIENCE, "no reply begins")
    service.chat.stop(asked.stream_id)
    message = ended(service, asked)
    assert (message.status, message.content) == (Status.STOPPED, "")
    wait_for(lambda: upstream.disconnects.count("rewrite") > left, PATIENCE, "the model is not left")
    assert len(upstream.completions()) == before
    wait_for(lambda: known(service, message) == ANSWER, PATIENCE, "the cost is not known")


@pytest.mark.parametrize("content", ["Compare the ferry prices for adults, children and bicycles in summer"])
def test_a_question_that_plainly_stands_alone_costs_nothing(
    service: Service, upstream: FakeOpenRouter, first: Asked, content: str
) -> None:
    """It is searched as it is."""
    before = len(upstream.rewrites())
    message = follow_up(service, first, content)
    assert (query(message), message.usage) == (content, ANSWER)
    assert len(upstream.rewrites()) == before


def test_where_there_is_nothing_to_search_no_model_is_asked(
    service: Service, upstream: FakeOpenRouter, first: Asked
) -> None:
    """Reading the question better would find nothing either."""
    before = len(upstream.rewrites())
    question = Question(FOLLOW_UP, document_ids=("gone",), start=True)
    message = ended(service, service.chat.ask(first.conversation_id, question))
    assert (query(message), message.usage) == (BY_HAND, ANSWER)
    assert len(upstream.rewrites()) == before


def test_the_first_question_is_searched_as_it_is(service: Service, upstream: FakeOpenRouter) -> None:
    """There is nothing before that it could lean on."""
    before = len(upstream.rewrites())
    message = ended(service, ask(service, content=FOLLOW_UP, retrieve=True))
    assert query(message) == FOLLOW_UP
    assert len(upstream.rewrites()) == before


def test_the_bundled_model_is_not_asked() -> None:
    """It is too small for it, and reads slowly: the words before are added without any model."""
    local, reading = LocalProvider(), Reading(FOLLOW_UP)
    history = [Turn("user", "When was the lighthouse of Skagen built?"), Turn("assistant", "In 1874.")]
    asyncio.run(read(reading, local, LOCAL_MODEL, history, note=lambda _: None))
    assert (reading.query, reading.usage, local.pid) == (BY_HAND, Usage(), None)
