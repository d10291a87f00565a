"""Conversations: their addresses, their branches, and what can be done with the whole of one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import OpenChat
from tests.browser.models import CITES, ECHO
from tests.support.server import Server


def test_a_copied_link_opens_the_conversation(chat: ChatPage, open_chat: OpenChat) -> None:
    """The address of a conversation opens it in a browser that has never been here."""
    chat.begin("Where does this link lead?", ECHO)
    answer = chat.wait_until_finished()
    other = open_chat()
    other.page.goto(chat.page.url)
    assert other.wait_until_finished() == answer
    expect(other.messages.first).to_contain_text("Where does this link lead?")


@pytest.mark.parametrize("documents_first", [False, True], ids=["conversation", "documents"])
def test_a_link_may_be_the_first_visit(mortal: Server, open_chat: OpenChat, documents_first: bool) -> None:
    """Right after the server's start a link leads where it says, with the frame around it."""
    chat = open_chat(mortal)
    question = f"What is in this link? {documents_first}"
    chat.begin(question, ECHO)
    address = f"/?c={chat.conversation_id}"
    answer = chat.wait_until_finished()
    mortal.restart()
    first = open_chat(mortal)
    if documents_first:
        first.open("/documents")
        expect(first.page.get_by_role("heading", name="Documents")).to_be_visible()
        expect(first.button("New conversation")).to_be_visible()
        first.go_to_conversation(question)
    else:
        first.open(address)
        expect(first.button("New conversation")).to_be_visible()
    expect(first.page.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    assert first.wait_until_finished() == answer


def test_an_unknown_link_is_said_in_a_sentence(chat: ChatPage) -> None:
    """A link to a conversation that does not exist says so, and the app can be used."""
    chat.open("/?c=nosuchconversation")
    chat.expect_said("There is no conversation")
    chat.choose_model(ECHO)
    chat.ask("Then a new one?")
    chat.wait_until_finished()


def test_regenerate_keeps_the_earlier_answer(chat: ChatPage) -> None:
    """An answer made anew stands beside the earlier one, and buttons lead from one to the other."""
    chat.begin("Say it again.", ECHO)
    first = chat.wait_until_finished()
    chat.choose_model(CITES)
    chat.click("Regenerate")
    expect(chat.messages.last).to_contain_text("closed on Mondays")
    second = chat.wait_until_finished()
    assert second != first
    chat.icon("branch-chevron_left").last.click()
    expect(chat.messages.last).to_contain_text(first)
    chat.icon("branch-chevron_right").last.click()
    expect(chat.messages.last).to_contain_text(second)


def test_edit_keeps_the_earlier_question(chat: ChatPage) -> None:
    """A question that is asked in other words stands beside the earlier one, each with its own answer."""
    chat.begin("The first wording", ECHO)
    chat.wait_until_finished()
    chat.icon("edit-").first.click()
    editor = chat.page.get_by_role("textbox", name="Your question")
    editor.fill("The second wording")
    chat.click("Send")
    expect(chat.messages.first).to_contain_text("The second wording")
    chat.wait_until_finished()
    expect(chat.messages.last).to_contain_text("The second wording")
    chat.icon("branch-chevron_left").first.click()
    expect(chat.messages.first).to_contain_text("The first wording")
    expect(chat.messages.last).to_contain_text("The first wording")
    chat.reload()
    expect(chat.messages.first).to_contain_text("The first wording")
    chat.icon("branch-chevron_right").first.click()
    expect(chat.messages.last).to_contain_text("The second wording")


def test_a_conversation_can_be_renamed_and_deleted_and_had_back(chat: ChatPage) -> None:
    """Its menu renames and deletes a conversation; Undo brings it back."""
    chat.begin("An ordinary name", ECHO)
    answer = chat.wait_until_finished()
    chat.open_menu()
    chat.page.get_by_role("textbox", name="Title").fill("A better name")
    chat.click("Rename")
    expect(chat.sidebar.get_by_role("button", name="A better name")).to_be_visible()
    chat.settle()
    if not chat.button("Delete").count():
        chat.open_menu()
    chat.click("Delete")
    expect(chat.messages).to_have_count(0)
    expect(chat.sidebar.get_by_text("Deleted “A better name”")).to_be_visible()
    chat.click("Undo")
    assert chat.wait_until_finished() == answer
