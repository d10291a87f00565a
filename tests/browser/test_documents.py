"""Documents: adding, asking about and removing them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.chat_page import PATIENCE, ChatPage
from tests.browser.conftest import OpenChat
from tests.browser.models import CITES
from tests.browser.test_first_visit import expect_no_sideways_scrolling
from tests.support.server import wait_for

NOTES = """# The walnut press

The walnut press in Elder Lane grinds on Thursdays from nine to noon. Bring your own sacks, dry and without husks.
"""


def test_a_folder_is_added_asked_about_and_removed(chat: ChatPage, tmp_path: Path) -> None:
    """A folder's files are listed, tagged, kept over a reload, asked about in their chat, and gone when removed."""
    (tmp_path / "mill" / "old").mkdir(parents=True)
    (tmp_path / "mill" / "walnuts.md").write_text(NOTES)
    (tmp_path / "mill" / "old" / "prices.csv").write_text("sack,price\nsmall,3\nlarge,5\n")
    (tmp_path / "mill" / "old" / "tool.exe").write_bytes(b"MZ\0")
    chat.open("/documents")
    chat.page.get_by_role("tab", name="A folder").click()
    uploader(chat).last.set_input_files(tmp_path / "mill")
    row = chat.page.get_by_text("walnuts.md ·")
    expect(row).to_contain_text("passage")
    expect(chat.page.get_by_text("prices.csv ·")).to_contain_text("passage")
    chat.expect_said("tool.exe")
    chat.reload()
    find(chat, "walnut")
    expect(chat.page.get_by_text("prices.csv ·")).to_have_count(0)
    chat.button("Tags").click()
    tags = chat.page.locator("[class*='st-key-tags-of'] input")
    tags.fill("mills")
    tags.press("Enter")
    tags.press("Escape")
    chat.button("Done").click()
    expect(chat.page.locator(".stMarkdownBadge")).to_have_text("mills")
    chat.button("Ask about this").click()
    expect(chat.button("The walnut press")).to_be_visible()
    chat.choose_model(CITES)
    chat.ask("On which days does the walnut press in Elder Lane grind?")
    chat.wait_until_finished()
    chat.messages.last.get_by_role("button", name="[1] The walnut press").click()
    expect(chat.page.get_by_text("Bring your own sacks").last).to_be_visible()
    chat.page.keyboard.press("Escape")
    chat.sidebar.get_by_role("link", name="Documents").click()
    find(chat, "walnut")
    chat.button("Remove").click()
    expect(chat.page.get_by_text("will no longer be searched")).to_be_visible()
    chat.button("Remove").last.click()
    expect(row).to_have_count(0)


def test_a_batch_is_cancelled_and_tried_again(chat: ChatPage) -> None:
    """Many files are indexed with one line that says how far they are; they can be cancelled, and tried again.

    Once they are taken, what was uploaded takes no more memory.
    """
    chat.open("/documents")
    chat.settle()
    held = uploaded_bytes(chat)
    text = "Batch {}: the walnuts of this year are small and the sacks are many. "
    files = [
        FilePayload(name=f"batch-{number}.txt", mimeType="text/plain", buffer=text.format(number).encode() * 6000)
        for number in range(10)
    ]
    uploader(chat).first.set_input_files(files)
    expect(chat.page.get_by_text("are done…")).to_be_visible()
    wait_for(lambda: uploaded_bytes(chat) <= held, PATIENCE / 1000, "what was uploaded is held in memory")
    chat.button("Cancel all").click()
    expect(chat.button("Cancel all")).to_have_count(0)
    find(chat, "batch-9.txt")
    row = chat.page.get_by_text("batch-9.txt ·")
    expect(row).to_contain_text("cancelled")
    chat.button("Try again").click()
    expect(row.filter(has_text="passage")).to_have_count(1)  # Another run's row may stand beside it for a moment.


def test_days_are_those_of_the_visitor(open_chat: OpenChat) -> None:
    """A document was added on the day that it was where the visitor is."""
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago")  # In one of them it is always another day.
    there = next(zone for zone in zones if datetime.now(ZoneInfo(zone)).date() != datetime.now(UTC).date())
    chat = open_chat(timezone_id=there)
    added = chat.page.request.get(f"{chat.url}/api/documents").json()["documents"][0]
    day = datetime.fromisoformat(added["created_at"]).astimezone(ZoneInfo(there))
    chat.open("/documents")
    expect(chat.page.get_by_text(f"{added['filename']} ·")).to_contain_text(f"{day:%-d\u00a0%b\u00a0%Y}")


def test_pasted_text_and_a_broken_file(chat: ChatPage) -> None:
    """Pasted text becomes a document with a link to its page; what is no PDF is refused and the list stays."""
    chat.open("/documents")
    expect(chat.page.get_by_text("lighthouse.pdf")).to_be_visible()
    chat.page.get_by_role("tab", name="Pasted text").click()
    chat.page.get_by_role("textbox", name="Title").fill("From the <b>web</b> " + "and on " * 24)
    chat.page.get_by_role("textbox", name="Text, Markdown").fill(
        "<html><body><p>The mill closes in May.</p></body></html>"
    )
    chat.page.get_by_role("textbox", name="Address").fill("https://example.org/mill")
    chat.button("Add").click()
    expect(chat.page.get_by_text("From the <b>web</b>")).to_be_visible()
    saved = chat.page.get_by_role("link", name="saved page")
    expect(saved).to_have_count(1)  # While one run's elements take the place of another's, both may be there.
    expect(saved).to_have_attribute("href", "https://example.org/mill")
    expect_no_sideways_scrolling(chat)
    broken = FilePayload(name="broken.pdf", mimeType="application/pdf", buffer=b"this is no PDF")
    uploader(chat).first.set_input_files(broken)
    chat.expect_said("broken.pdf")
    expect(chat.page.get_by_text("lighthouse.pdf")).to_be_visible()
    chat.expect_nothing_leaked()


def uploader(chat: ChatPage) -> Locator:
    """Where files go, and where a folder goes."""
    found = chat.page.get_by_test_id("stFileUploader").locator("input[type=file]")
    found.first.wait_for(state="attached")
    chat.settle()
    return found


def uploaded_bytes(chat: ChatPage) -> int:
    """How much Streamlit holds of what was uploaded, in all tabs."""
    told = chat.page.request.get(f"{chat.url}/_stcore/metrics").text()
    found = re.search(r'cache_memory_bytes\{cache_type="UploadedFileManager"[^}]*\} (\d+)', told)
    return int(found.group(1)) if found else 0


def find(chat: ChatPage, words: str) -> None:
    """Leaves only the document of that name in the list."""
    chat.page.get_by_role("searchbox", name="Find documents").fill(words)
    expect(chat.button("Tags")).to_have_count(1)
    chat.settle()
