"""Searching while typing."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage, letters
from tests.browser.models import CITES

QUERY = "when is the bakery closed"


def test_results_follow_the_typing(chat: ChatPage) -> None:
    """Results come while a person types, no letter is lost, and they survive a reload, open and are asked about."""
    chat.open()
    chat.sidebar.get_by_role("link", name="Search").click()
    field = chat.page.get_by_role("searchbox", name="Search your documents")
    field.press_sequentially("bakery", delay=80)
    hits = chat.page.locator("mark")
    expect(hits.first).to_be_visible()
    expect(field).to_be_focused()
    field.press_sequentially(" closed Mondays and then some", delay=120)  # Results come and go between the letters.
    expect(field).to_have_value("bakery closed Mondays and then some")
    field.fill(QUERY)
    field.press("Enter")
    expect(chat.page).to_have_url(f"{chat.url}/search?q={QUERY.replace(' ', '+')}")
    expect(hits.get_by_text("closed", exact=True).first).to_be_visible()
    chat.reload()
    expect(field).to_have_value(QUERY)
    expect(hits.get_by_text("closed", exact=True).first).to_be_visible()
    source = chat.open_beside(chat.page.locator(".place a").first)
    expect(source.locator(".quote mark").first).to_be_visible()
    source.close()
    chat.settle()
    chat.button("Ask about this").first.click()
    expect(chat.input).to_have_value(QUERY)
    chat.choose_model(CITES)
    chat.input.press("Enter")
    answer = chat.wait_until_finished()
    assert letters("closed on Mondays") in letters(answer)
    titles = {citation["title"] for citation in chat.saved()["citations"]}
    assert titles == {"The Tide and Crumb bakery"}
    expect(chat.button("The Tide and Crumb baker…")).to_be_visible()
