"""The history: searching, jumping to a message, replaying what was written."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat_page import PATIENCE, ChatPage, letters
from tests.browser.models import ECHO, REASONS, STREAMS, WHOLE
from tests.support.server import Server, wait_for


def say(server: Server, content: str, model: str, conversation_id: str | None = None) -> dict[str, Any]:
    """A question over HTTP, and its answer."""
    path = f"/api/conversations/{conversation_id}/messages" if conversation_id else "/api/conversations"
    body = {"content": content, "model": model, "start": True, "retrieve": False}
    asked: dict[str, Any] = httpx.post(server.url + path, json=body, timeout=60).raise_for_status().json()

    def closed() -> bool:
        status = httpx.get(f"{server.url}/api/streams/{asked['stream_id']}", timeout=60).json()["status"]
        return status not in ("pending", "streaming")

    wait_for(closed, PATIENCE / 1000, "it is not answered")
    return asked


@pytest.fixture(scope="module")
def long_conversation(site: Server) -> list[dict[str, Any]]:
    """Many questions and answers in one conversation."""
    asked = [say(site, "The heron counts the boats, number 0", ECHO)]
    for number in range(1, 16):
        text = f"The heron counts the boats, number {number}. " + "It takes its time. " * 20
        asked.append(say(site, text, ECHO, asked[0]["conversation_id"]))
    return asked


def in_sight(message: Locator) -> bool:
    """Whether its beginning is visible."""
    box, viewport = message.bounding_box(), message.page.viewport_size
    return box is not None and viewport is not None and 0 <= box["y"] < viewport["height"] - 200


def test_a_message_is_searched_for_and_found_in_its_conversation(
    chat: ChatPage, long_conversation: list[dict[str, Any]]
) -> None:
    """Results come while a person types; one opens the conversation with the message in sight and marked."""
    chat.open("/search?q=bakery")
    expect(chat.page.locator("mark").first).to_be_visible()
    chat.settle()
    chat.sidebar.get_by_role("link", name="History").click()
    field = chat.page.get_by_role("searchbox", name="Search all messages")
    expect(chat.page.get_by_text("messages · ")).to_be_visible()
    chat.settle()
    expect(field).to_have_value("")  # What was searched for in the documents is another matter.
    field.press_sequentially("heron counts boats number 0", delay=40)
    expect(chat.page.locator("mark").get_by_text("heron").first).to_be_visible()
    expect(field).to_be_focused()
    expect(chat.page).to_have_url(re.compile(r"/history\?q=heron\+counts\+boats\+number\+0"))
    chat.button("Filters").click()
    chat.page.get_by_role("combobox", name="Kind").click()
    chat.page.get_by_role("option", name="Questions").click()
    expect(chat.page).to_have_url(re.compile("role=Questions"))
    chat.reload()
    expect(field).to_have_value("heron counts boats number 0")
    expect(chat.page.get_by_text("1 filter is on")).to_be_visible()
    question = long_conversation[0]["user_message_id"]
    there = chat.open_beside(chat.page.locator(f".place a[href*='message={question}']"))
    sought = there.locator(".st-key-sought")
    expect(sought).to_contain_text("The heron counts the boats, number 0")
    expect(there.get_by_text("number 15.").last).to_be_attached()
    wait_for(lambda: in_sight(sought), PATIENCE / 1000, "the message is not in sight")
    there.wait_for_timeout(3_000)  # What is shown later does not take it away.
    assert in_sight(sought)


def test_an_answer_is_replayed_as_it_was_written(site: Server, chat: ChatPage) -> None:
    """The text grows with time, stands still when paused, and is at every place what it was then."""
    asked = say(site, "Tell me of the kingfisher replay", STREAMS)
    chat.open("/history?q=kingfisher+replay")
    page = chat.open_beside(chat.page.get_by_role("link", name="Replay", exact=True).first)
    said = page.locator("article.assistant .text").last
    expect(page.locator("article.user")).to_contain_text("Tell me of the kingfisher replay")
    expect(said).to_contain_text("light", timeout=PATIENCE)
    growing = said.inner_text()
    wait_for(lambda: len(said.inner_text()) > len(growing), PATIENCE / 1000, "the text does not grow")
    assert letters(said.inner_text()) != letters(WHOLE)
    page.get_by_role("button", name="Pause", exact=True).click()
    paused = said.inner_text()
    page.wait_for_timeout(400)
    assert said.inner_text() == paused
    seek(page, 0.5)
    half = letters(said.inner_text())
    assert 0.2 < len(half) / len(letters(WHOLE)) < 0.8
    assert letters(WHOLE).startswith(half[: len(half) - 5])
    seek(page, 1.0)
    assert letters(said.inner_text()) == letters(WHOLE)
    seek(page, 0.0)
    assert said.inner_text().strip() == ""
    page.get_by_role("combobox", name="Speed").select_option("32")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=PATIENCE)
    assert letters(said.inner_text()) == letters(WHOLE)
    page.get_by_role("link", name="Open the conversation").click()
    expect(page).to_have_url(re.compile(asked["conversation_id"]))
    expect(page.locator(".st-key-sought")).to_be_visible()


def test_reasoning_is_replayed_too(site: Server, chat: ChatPage) -> None:
    """What the model thought stands above its answer, folded once that has come."""
    asked = say(site, "Think of an otter", REASONS)
    chat.open(f"/history?replay={asked['conversation_id']}")
    seek(chat.page, 1.0)
    details = chat.page.locator("article.assistant details")
    details.locator("summary").click()
    expect(details).to_contain_text("Let me think.")
    expect(chat.page.locator("article.assistant > .text")).to_contain_text("Hello")


def seek(page: Page, share: float) -> None:
    """Moves the player to this share of its length."""
    page.get_by_role("slider", name="Position").evaluate(
        "(slider, share) => { slider.value = slider.max * share; slider.dispatchEvent(new Event('input')); }", share
    )
