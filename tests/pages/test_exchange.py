"""Bringing conversations in and taking them out, on the pages."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.exchange.exchange import FORMATS
from core.exchange.tickets import Wanted
from core.questions import Question
from core.service import Service
from tests.core.exchange import samples
from tests.core.exchange.support import SlowFile
from tests.pages.conftest import OpenPage
from tests.pages.support import answered, click, said


def _import() -> None:
    from pages._exchange.imports import offer_import

    offer_import()


@pytest.fixture
def importing(service: Service, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The open dialog of imports, which waits for a small file however busy the machine is."""
    monkeypatch.setattr("pages._exchange.imports._SOON", 60.0)
    return click(AppTest.from_function(_import, default_timeout=60).run(), "Import")


def _choose(page: AppTest, value: object, name: str = "conversations.json") -> AppTest:
    return page.file_uploader[0].set_value([(name, json.dumps(value).encode(), "application/json")]).run()


def _text(page: AppTest) -> str:
    return "\n".join(text.value for text in page.markdown)


def _titles(service: Service) -> list[str]:
    return [conversation.title for conversation in service.chat.conversations(10)]


def test_a_file_is_looked_into_before_anything_is_imported(importing: AppTest, service: Service) -> None:
    """The report says what is in it and what is not taken, and nothing is saved until the button is pressed."""
    page = _choose(importing, [samples.chatgpt(), {"title": "Broken *one*"}])
    assert not page.exception
    assert "**ChatGPT**: 1 conversation, 5 messages" in _text(page)
    assert [box.label for box in page.expander] == ["1 not taken"]
    assert r"**conversation 2 “Broken \*one\*”**: it has no “mapping” of messages" in _text(page).replace(r"\_", "_")
    assert _titles(service) == []
    page = click(page, "Import 1 conversation")
    assert "5 messages imported." in "\n".join(box.value for box in page.success)
    assert _titles(service) == ["Deploying"]


def test_what_is_here_already_is_said(importing: AppTest, service: Service) -> None:
    """The same file again has nothing to import; a newer one has what was added."""
    conversation = samples.chatgpt()
    click(click(_choose(importing, [conversation]), "Import 1 conversation"), "Done")
    page = _choose(click(importing, "Import"), [conversation])
    assert "5 messages here already" in _text(page)
    assert "There is nothing new in this file." in said(page)
    assert not [button for button in page.button if button.label.startswith("Import ")]
    conversation["mapping"]["q9"] = samples.node("q9", "a3", "user", "And later?", 1756000900.0)
    page = click(_choose(page, [conversation], "newer.json"), "Import 1 new message")
    assert "1 message imported." in "\n".join(box.value for box in page.success)
    assert service.chat.conversations(10)[0].message_count == 6


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 no zip"])
def test_a_file_that_is_no_export_is_said(importing: AppTest, data: bytes) -> None:
    """In the dialog, in a sentence."""
    page = importing.file_uploader[0].set_value([("notes.json", data, "application/json")]).run()
    assert not page.exception
    assert len(page.error) == 1
    assert page.error[0].value.endswith(".")


def test_a_large_file_is_read_from_the_servers_disk(importing: AppTest, service: Service) -> None:
    """What was put into the folder is offered, and imported from there."""
    page = importing.button_group[0].set_value("From the server").run()
    assert not page.selectbox
    (service.exchange.folder / "large.json").write_text(json.dumps([samples.claude()]))
    page = click(page, "Look again")
    page = page.selectbox[0].select_index(0).run()
    assert "**Claude**: 1 conversation, 4 messages" in _text(page)
    click(page, "Import 1 conversation")
    assert len(_titles(service)) == 1


def test_an_import_is_watched_from_another_tab(importing: AppTest, service: Service) -> None:
    """Whoever opens the dialog while one is at work sees how far it is; afterwards they can choose a file."""
    slow = SlowFile([samples.chatgpt()])
    run = service.exchange.begin(slow, "slow_one.json")
    assert slow.begun.wait(60)
    page = importing.run()
    assert not page.file_uploader
    assert "It goes on when you close this." in [caption.value for caption in page.caption]
    slow.go_on.set()
    assert run.wait(60)
    assert importing.run().file_uploader


def test_a_conversation_is_taken_out_by_a_ticket(open_page: OpenPage, service: Service) -> None:
    """The menu of a conversation offers it in every format, by a link that is good for that alone."""
    asked = answered(service, Question("Take me out.", "fake/echo", start=True))
    page = open_page(c=asked.conversation_id)
    wanted = []
    for format_ in FORMATS:
        page = page.selectbox(key=f"export-{asked.conversation_id}-format").set_value(format_).run()
        link = next(link for link in page.get("link_button") if link.proto.label == "Download")
        wanted.append(service.exchange.tickets.wanted(link.proto.url.removeprefix("downloads/")))
    assert wanted == [Wanted(format_, (asked.conversation_id,)) for format_ in FORMATS]


def test_the_same_choice_keeps_its_ticket(open_page: OpenPage, service: Service) -> None:
    """A run of the page issues no new one."""
    page = open_page(c=answered(service, Question("Again.", "fake/echo", start=True)).conversation_id)
    addresses = [page.get("link_button")[0].proto.url, page.run().get("link_button")[0].proto.url]
    assert addresses[0] == addresses[1]
