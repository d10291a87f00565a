"""Documents: adding, asking about and removing them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.models import CITES

NOTES = b"""# The walnut press

The walnut press in Elder Lane grinds on Thursdays from nine to noon. Bring your own sacks, dry and without husks.
"""


def test_a_document_can_be_added_asked_about_and_removed(chat: ChatPage) -> None:
    """An uploaded file is listed with its passages, is found by a question, and is gone when it is removed."""
    chat.open("/documents")
    upload(chat, "walnuts.md", NOTES)
    row = chat.page.get_by_text("walnuts.md ·")
    expect(row).to_contain_text("passage")
    chat.click("New conversation")
    chat.choose_model(CITES)
    chat.ask("On which days does the walnut press in Elder Lane grind?")
    chat.wait_until_finished()
    chat.messages.last.get_by_role("button", name="[1] The walnut press").click()
    expect(chat.page.get_by_text("Bring your own sacks")).to_be_visible()
    chat.sidebar.get_by_role("link", name="Documents").click()
    expect(row).to_be_visible()
    chat.settle()
    chat.page.get_by_test_id("stHorizontalBlock").filter(has_text="walnuts.md").locator("button").filter(
        visible=True
    ).click()
    chat.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(chat: ChatPage) -> None:
    """What is no text says so above the list, and the list stays as it was."""
    chat.open("/documents")
    expect(chat.page.get_by_text("lighthouse.pdf")).to_be_visible()
    upload(chat, "broken.pdf", b"this is no PDF")
    chat.expect_said("broken.pdf")
    expect(chat.page.get_by_text("lighthouse.pdf")).to_be_visible()
    chat.expect_nothing_leaked()


def upload(chat: ChatPage, name: str, content: bytes) -> None:
    chat.settle()
    files = [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
    chat.page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(files)
