"""Conversations in and out, as a person does it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from playwright.sync_api import expect

from core.exchange.exchange import FORMATS
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import OpenChat
from tests.browser.models import ECHO
from tests.core.exchange import samples


def test_an_export_of_another_chat_is_brought_in(chat: ChatPage, tmp_path: Path) -> None:
    """The report comes first; then the conversation is in the list, and the same file has nothing new."""
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([samples.chatgpt() | {"title": "From elsewhere"}, {"title": "Broken"}]))
    chat.open("/history")
    chat.click("Import")
    chooser = chat.page.get_by_role("dialog").locator("input[type=file]")
    chooser.set_input_files(str(file))
    expect(chat.page.get_by_text("1 conversation, 5 messages")).to_be_visible()
    expect(chat.page.get_by_text("1 not taken")).to_be_visible()
    expect(chat.sidebar.get_by_role("button", name="From elsewhere")).to_have_count(0)
    chat.click("Import 1 conversation")
    chat.expect_said("5 messages imported.")
    chat.click("Done")
    expect(chat.page.get_by_role("dialog")).to_have_count(0)
    chat.go_to_conversation("From elsewhere")
    expect(chat.messages.last).to_contain_text("Deploy again.")
    chat.open("/history")
    chat.click("Import")
    chooser.set_input_files(str(file))
    chat.expect_said("There is nothing new in this file.")


def test_a_dialog_stays_open_while_others_write(chat: ChatPage, open_chat: OpenChat, tmp_path: Path) -> None:
    """What another tab does shows the page anew, and leaves the dialog and its file where they were."""
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([samples.claude() | {"name": "Stays open"}]))
    chat.open("/history")
    chat.click("Import")
    chat.page.get_by_role("dialog").locator("input[type=file]").set_input_files(str(file))
    expect(chat.button("Import 1 conversation")).to_be_visible()
    other = open_chat()
    other.begin("Seen beside a dialog", ECHO)
    other.wait_until_finished()
    expect(chat.sidebar.get_by_role("button", name="Seen beside a dialog")).to_be_visible()
    expect(chat.button("Import 1 conversation")).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("dialog")).to_have_count(0)


def test_a_conversation_is_taken_out_in_every_format(chat: ChatPage, tmp_path: Path) -> None:
    """The menu's download is the file, under the conversation's name."""
    chat.begin("Take this out", ECHO)
    chat.wait_until_finished()
    chat.open_menu()
    picker = chat.page.get_by_test_id("stPopoverBody").get_by_test_id("stSelectbox").locator("input")
    link = chat.page.get_by_role("link", name="Download")
    names, address = [], ""
    for place in range(len(FORMATS)):
        picker.click()
        chat.page.get_by_role("option").nth(place).click()
        expect(link).not_to_have_attribute("href", address)
        address = link.get_attribute("href") or ""
        with chat.page.context.expect_event("download") as download:
            link.click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        names.append(path.name)
    expected = [f"Take this out.{ending}" for ending in ("duckdb", "html", "json", "jsonl", "md", "parquet")]
    assert sorted(names) == expected
    assert "Take this out" in (tmp_path / "Take this out.md").read_text()
    rows = duckdb.sql(f"select role from '{tmp_path / 'Take this out.parquet'}' order by all desc").fetchall()
    assert rows == [("user",), ("assistant",)]
