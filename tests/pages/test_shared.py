"""What the reader of a link sees, and what its owner can do with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.models import Asked
from core.notebook.values import CellKind, CellStatus, NewCell
from core.questions import Question
from core.service import Service
from pages._common.html import block
from pages._common.text import plain
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import answer
from tests.pages.conftest import OpenPage
from tests.pages.support import added, answered, captions, click, said, texts, words
from tests.support.server import wait_for

PRESS = "The walnut press in Elder Lane grinds on Thursdays from nine to noon."
OTHER = "The walnut press in Elder Lane was built by the Holm family in 1901."
QUESTION = "When does the walnut press in Elder Lane grind?"
SECRET = "My secret conversation"


@pytest.fixture
def asked(service: Service, openrouter: FakeOpenRouter) -> Asked:
    """A question that was answered with a mark, beside another conversation."""
    answered(service, Question(SECRET, "fake/echo", start=True))
    added(service, "walnuts.txt", PRESS)
    added(service, "holm.txt", OTHER)
    openrouter.script("fake/shared", answer("On Thursdays [1]."))
    return answered(service, Question(QUESTION, "fake/shared", start=True))


def share(service: Service, conversation_id: str, expires_in: timedelta | None = None) -> str:
    """A link's token."""
    return service.sharing.share("conversation", conversation_id, expires_in).token


def everything(page: AppTest) -> str:
    """All that the browser was sent of the page."""
    return "\n".join(str(getattr(element, "proto", "")) for element in page._tree)


def open_share(page: AppTest, conversation_id: str) -> AppTest:
    """Opens what stands behind the button."""
    page.session_state[f"share-{conversation_id}--icon"] = True
    return page.run()


def test_a_link_shows_the_conversation(visit: OpenPage, service: Service, asked: Asked) -> None:
    """Its title, its messages, and the quotes they cite, in place."""
    page = visit("shared.py", token=share(service, asked.conversation_id))
    assert not page.exception
    assert page.markdown[0].value == f"### {plain(QUESTION)}"
    assert [text.splitlines()[0] for text in texts(page)] == [QUESTION, "On Thursdays [1]."]
    cited = service.chat.message(asked.message_id).citations
    assert words(page) == block("walnuts", "place") + block(cited[0].quote, "quote")


def test_a_reader_sees_nothing_else(visit: OpenPage, service: Service, asked: Asked) -> None:
    """No list of conversations, no way to other pages, no costs, no passages besides, no model to choose."""
    page = visit("shared.py", token=share(service, asked.conversation_id))
    assert len(service.chat.message(asked.message_id).sources) == 2
    sent = everything(page)
    for hidden in (SECRET, "Holm", "0.000106", "tokens", "searched", "rank", "source?message", "holm.txt"):
        assert hidden not in sent
    assert not page.sidebar.children
    assert not (page.chat_input or page.selectbox or page.get("page_link"))
    assert {button.label for button in page.button} == {"Continue from here"}


def test_each_visit_is_counted_once(visit: OpenPage, service: Service, asked: Asked) -> None:
    """However often the page is run."""
    token = share(service, asked.conversation_id)
    visit("shared.py", token=token).run()
    assert service.sharing.shares("conversation", asked.conversation_id)[0].views == 1
    visit("shared.py", token=token)
    assert service.sharing.shares("conversation", asked.conversation_id)[0].views == 2


@pytest.mark.parametrize("end", ["unknown", "empty", "revoked", "expired", "deleted"])
def test_a_link_that_shows_nothing_says_so(visit: OpenPage, service: Service, asked: Asked, end: str) -> None:
    """In one sentence, and nothing of the conversation is there."""
    token = share(service, asked.conversation_id, timedelta(microseconds=1) if end == "expired" else None)
    if end == "revoked":
        service.sharing.revoke(service.sharing.shares("conversation", asked.conversation_id)[0].id)
    elif end == "deleted":
        service.chat.delete(asked.conversation_id)
    page = visit("shared.py", token={"unknown": token[:-1], "empty": ""}.get(end, token))
    assert not page.exception
    assert "This link shows nothing." in said(page)
    assert QUESTION not in everything(page)
    assert not page.chat_message


def test_a_reader_walks_the_branches(visit: OpenPage, service: Service, asked: Asked) -> None:
    """Where an answer was made anew, arrows lead to the other one."""
    again = service.chat.regenerate(asked.message_id, model="fake/echo", start=True)
    for _ in service.follower.follow(again.stream_id):
        pass
    token = share(service, asked.conversation_id)
    page = visit("shared.py", token=token)
    assert "On Thursdays" not in texts(page)[-1]
    page = click(page, "Earlier branch")
    assert texts(page)[-1].startswith("On Thursdays [1].")
    assert page.query_params["token"] in (token, [token])


def test_a_reader_continues_from_a_message(visit: OpenPage, service: Service, asked: Asked) -> None:
    """In a conversation of their own, which opens, and ends with that message; the owner's stays as it is."""
    page = visit("shared.py", token=share(service, asked.conversation_id))
    page = click(page, f"fork-{asked.message_id}")
    assert not page.exception
    forked = service.chat.conversations(1)[0]
    assert page.query_params["c"] in (forked.id, [forked.id])
    assert forked.id != asked.conversation_id
    assert [message.content for message in service.chat.messages(forked.id)] == [QUESTION, "On Thursdays [1]."]
    assert page.chat_input
    assert service.chat.conversation(asked.conversation_id).message_count == 2


def test_what_a_shared_answer_says_is_no_markup(visit: OpenPage, service: Service, openrouter: FakeOpenRouter) -> None:
    """An image is not loaded and a mark leads nowhere, whoever wrote them."""
    openrouter.script("fake/hostile-share", answer("![x](http://b.c/?d) :red[x] [1]"))
    asked = answered(service, Question("<img src=x> ![x](http://b.c)", "fake/hostile-share", start=True))
    service.chat.rename(asked.conversation_id, "![x](http://b.c) $1$")
    page = visit("shared.py", token=share(service, asked.conversation_id))
    assert page.markdown[0].value == r"### \!\[x\](http\://b.c) \$1\$"
    assert texts(page) == ["<img src=x> \\![x](http://b.c)", "\\![x](http://b.c/?d) \\:red[x]"]


def test_an_owner_makes_and_revokes_links(open_page: OpenPage, service: Service, asked: Asked) -> None:
    """Each link stands there with its end and how often it was opened, until it is revoked."""
    page = open_share(open_page(c=asked.conversation_id), asked.conversation_id)
    assert not page.code
    page = click(page.selectbox(key=f"term-{asked.conversation_id}").set_value("7 days").run(), "Make a link")
    made = service.sharing.shares("conversation", asked.conversation_id)[0]
    assert page.code[0].value == f"/shared?token={made.token}"
    assert made.expires_at is not None
    assert made.expires_at - made.created_at == timedelta(days=7)
    service.sharing.open(made.token, count=True)
    assert "· opened once" in captions(page.run())
    page = click(page, "Revoke")
    assert not page.code
    assert not service.sharing.works(made.token)


def test_a_shared_notebook_shows_its_last_results(visit: OpenPage, service: Service) -> None:
    """Its text, its queries and their rows; nothing in it runs, and nothing of it can be changed."""
    cells = (
        NewCell(CellKind.MARKDOWN, text="# Squares"),
        NewCell(CellKind.INPUT, "most", settings={"type": "number", "label": "Up to", "value": 3}),
        NewCell(CellKind.SQL, "squares", "select range as n, n * n as square from range($most::int)"),
        NewCell(CellKind.SQL, "later", "select 1"),
    )
    notebook = service.notebooks.create("All about squares", cells)
    service.notebooks.run(notebook.id, [notebook.cells[2].id])
    wait_for(lambda: service.notebooks.states(notebook.id)[notebook.cells[2].id].has_table, 60, "it still runs")
    token = service.sharing.share("notebook", notebook.id).token
    page = visit("shared.py", token=token)
    assert not page.exception
    assert page.markdown[0].value == "### All about squares"
    assert [table.value["square"].tolist() for table in page.dataframe] == [[0, 1, 4]]
    assert page.code[0].value == notebook.cells[2].text
    assert not (page.button or page.number_input or page.text_area or page.sidebar.children)
    assert service.notebooks.states(notebook.id)[notebook.cells[3].id].status is CellStatus.IDLE
    service.sharing.revoke(service.sharing.shares("notebook", notebook.id)[0].id)
    page = page.run()
    assert "This link shows nothing." in said(page)
    assert not page.dataframe


def test_links_that_have_ended_are_not_listed(open_page: OpenPage, service: Service, asked: Asked) -> None:
    """Only what works is there to be given away."""
    share(service, asked.conversation_id, timedelta(microseconds=1))
    token = share(service, asked.conversation_id)
    page = open_share(open_page(c=asked.conversation_id), asked.conversation_id)
    assert [code.value for code in page.code] == [f"/shared?token={token}"]
