"""Links: made while an answer is written, followed live in another browser, forked, revoked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage, letters
from tests.browser.conftest import OpenChat
from tests.browser.models import CITES, ECHO, ENDLESS

OpenLink = Callable[[], ChatPage]


@pytest.fixture
def follow(chat: ChatPage, open_chat: OpenChat) -> OpenLink:
    """Makes a link to the conversation that is open, and opens it in a browser that has never been here."""

    def follow_one() -> ChatPage:
        reader = open_chat()
        reader.page.goto(make_link(chat))
        return reader

    return follow_one


def make_link(chat: ChatPage) -> str:
    """Makes a link, and closes what it was made in."""
    chat.icon("share-").click()
    chat.click("Make a link")
    address = chat.page.get_by_test_id("stCode").first.inner_text().strip()
    chat.page.keyboard.press("Escape")
    return address


def revoke(chat: ChatPage) -> None:
    """Takes the newest link back."""
    chat.icon("share-").click()
    chat.button("Revoke").first.click()
    expect(chat.page.get_by_test_id("stCode")).to_have_count(0)


def test_a_link_follows_an_answer_live(chat: ChatPage, follow: OpenLink) -> None:
    """It is made while the answer is written, and its reader sees the same text grow to its end, and nothing else."""
    chat.begin("Write for all who read.", ENDLESS)
    chat.wait_for_answer(50)
    reader = follow()
    seen = reader.wait_for_answer(100)
    reader.wait_for_answer(len(seen) + 100)
    assert chat.saved()["status"] == "streaming"
    expect(reader.messages.first).to_contain_text("Write for all who read.")
    expect(reader.sidebar).to_have_count(0)
    expect(reader.input).to_have_count(0)
    chat.stop()
    answer = chat.wait_until_finished()
    reader.button("Continue from here", reader.messages.last).wait_for()
    reader.settle()
    assert letters(reader.visible_answer()) == letters(answer)
    assert letters(chat.saved()["content"]) in letters(answer)
    reader.expect_nothing_leaked()


def test_a_revoked_link_stops_showing(chat: ChatPage, follow: OpenLink) -> None:
    """While an answer is written and read: the reader is told, and nothing of the conversation is left."""
    chat.begin("What will be taken back?", ENDLESS)
    chat.wait_for_answer(50)
    reader = follow()
    reader.wait_for_answer(100)
    revoke(chat)
    reader.expect_said("This link shows nothing.")
    expect(reader.messages).to_have_count(0)
    expect(reader.page.get_by_text("What will be taken back?")).to_have_count(0)
    assert chat.saved()["status"] == "streaming"
    chat.page.keyboard.press("Escape")
    chat.stop()


def test_a_reader_sees_what_is_added(chat: ChatPage, follow: OpenLink) -> None:
    """The next question appears by itself; when the link is revoked nothing is left, without a reload."""
    chat.begin("The first of two", ECHO)
    chat.wait_until_finished()
    reader = follow()
    expect(reader.messages).to_have_count(2)
    reader.settle()
    chat.ask("The second of two")
    chat.wait_until_finished()
    expect(reader.messages).to_have_count(4)
    revoke(chat)
    reader.expect_said("This link shows nothing.")
    expect(reader.messages).to_have_count(0)


def test_a_reader_goes_on_alone(chat: ChatPage, follow: OpenLink) -> None:
    """Quotes open in place; a fork opens as a conversation that answers, and the owner's stays as it was."""
    chat.begin("When is the bakery closed?", CITES)
    answer = chat.wait_until_finished()
    reader = follow()
    reader.messages.last.get_by_role("button", name="[1]").click()
    expect(reader.page.locator(".quote")).to_be_visible()
    assert reader.page.locator("a[href*='source']").count() == 0
    reader.page.keyboard.press("Escape")
    reader.button("Continue from here", reader.messages.last).click()
    expect(reader.input).to_be_enabled()
    assert reader.wait_until_finished() == answer
    assert reader.conversation_id != chat.conversation_id
    reader.choose_model(ECHO)
    reader.ask("And on Sundays?")
    reader.wait_until_finished()
    expect(reader.messages).to_have_count(4)
    expect(chat.messages).to_have_count(2)


def test_a_replay_is_taken_along(chat: ChatPage, tmp_path: Path) -> None:
    """As one file, under the conversation's name."""
    chat.begin("What can be replayed?", ECHO)
    chat.wait_until_finished()
    chat.icon("share-").click()
    expect(chat.button("Download a replay")).to_be_visible()
    chat.settle()
    with chat.page.expect_download() as download:
        chat.click("Download a replay")
    assert download.value.suggested_filename == "What can be replayed.html"
    download.value.save_as(tmp_path / "replay.html")
    assert "What can be replayed?" in (tmp_path / "replay.html").read_text("utf-8")


def test_an_unknown_link_says_so(chat: ChatPage) -> None:
    """In a sentence, without the frame."""
    chat.open("/shared?token=nosuchlink")
    chat.expect_said("This link shows nothing.")
    expect(chat.sidebar).to_have_count(0)
    expect(chat.page.get_by_text("nosuchlink")).to_have_count(0)
