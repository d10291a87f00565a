"""Sources: a mark leads to the exact passage, whatever else goes on."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage, letters
from tests.browser.models import CITED, CITES, CITES_SLOWLY, GUESSES, SLOWLY_CITED

QUESTION = "When is the bakery closed?"
LIGHTHOUSE = "Who built the lighthouse on Gull Point, and when?"


def test_a_mark_is_checked_while_the_answer_streams(chat: ChatPage) -> None:
    """A click on a mark shows the page of the PDF and the quote on it in a new tab; the answer goes on to its end."""
    chat.begin(LIGHTHOUSE, CITES_SLOWLY)
    mark = chat.messages.last.get_by_role("link", name="[1]")
    source = chat.open_beside(mark)
    expect(chat.button("Stop")).to_be_visible()
    quote = source.locator(".quote")
    expect(quote).to_contain_text("Ada Holm")
    image = source.get_by_test_id("stImage").locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500
    expect(source.get_by_text(f"the answer to “{LIGHTHOUSE}”")).to_be_visible()
    source.reload()
    expect(quote).to_contain_text("Ada Holm")
    source.close()
    assert letters(chat.wait_until_finished()) == letters(SLOWLY_CITED)
    expect(chat.messages.last.get_by_role("link", name="[1]")).to_have_count(1)


def test_the_panel_quotes_the_source(chat: ChatPage) -> None:
    """Below an answer its source opens to the passage as it stands in the document, and a link leads there."""
    chat.begin(QUESTION, CITES)
    assert chat.wait_until_finished() == CITED
    stored = chat.saved()["citations"][0]["quote"]
    chat.messages.last.get_by_role("button", name="[1]").click()
    panel = chat.page.get_by_test_id("stPopoverBody")
    expect(panel).to_contain_text("rank 1 · score")
    assert letters(stored) in letters(panel.inner_text())
    source = chat.open_beside(panel.get_by_role("link", name="Open in the document"))
    assert letters(stored) in letters(source.locator(".quote").inner_text())


def test_the_passage_is_in_sight(chat: ChatPage) -> None:
    """Where little of a page can be seen, a source opens where the passage is, not above it."""
    found = chat.page.request.get(f"{chat.url}/api/search?q=cats belong to nobody fish&k=1").json()["passages"][0]
    chat.page.set_viewport_size({"width": 390, "height": 480})
    chat.open(f"/source?passage={found['passage_id']}")
    quote = chat.page.locator(".quote")
    expect(quote).to_contain_text(found["text"][:30])
    chat.settle()
    expect(quote).to_be_in_viewport(ratio=0.5)


def test_an_answer_without_support_says_so(chat: ChatPage) -> None:
    """An answer that cites nothing is told of, unless no documents were to be searched; the choice is kept."""
    unsupported = chat.page.get_by_text("No passage of your documents supports this answer.")
    chat.begin(QUESTION, GUESSES)
    chat.wait_until_finished()
    expect(unsupported).to_have_count(1)
    chat.button("All documents").click()
    chat.page.get_by_text("No documents", exact=True).click()
    expect(chat.button("No documents")).to_be_visible()
    chat.page.keyboard.press("Escape")
    chat.settle()
    chat.ask("And without them?")
    chat.wait_until_finished()
    chat.reload()
    chat.wait_until_finished()
    expect(chat.button("No documents")).to_be_visible()
    expect(unsupported).to_have_count(1)
