"""Every word that was seen is saved: whatever a person does to the page, and whatever happens to the server."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage, letters
from tests.browser.conftest import OpenChat
from tests.browser.models import ECHO, ENDLESS, STREAMS, WHOLE
from tests.support.server import Server


def more_than(seen: str) -> int:
    """How many characters are to be waited for to see the answer go on: twice as many, or all that there will be.

    `seen` are letters; the blanks that are visible count too.
    """
    return min(2 * len(seen), len(letters(WHOLE)))


def test_what_is_visible_is_saved(chat: ChatPage) -> None:
    """At every moment of an answer, the visible text is a beginning of what the API gives right after."""
    chat.begin("Tell me a story.", ENDLESS)
    chat.wait_for_answer(1)
    stream_id = chat.saved()["stream_id"]
    for _ in range(30):
        visible = letters(chat.visible_answer())
        saved = letters(chat.saved_text(stream_id))
        assert saved.startswith(visible), f"{visible!r} was visible, {saved!r} was saved"
    assert visible
    chat.stop()
    assert letters(chat.wait_until_finished()) == letters(chat.saved_text(stream_id))


def test_a_reload_in_mid_answer_loses_nothing(chat: ChatPage) -> None:
    """After a reload the text that was there is there, and goes on to its exact end."""
    chat.begin("Tell me a story.", STREAMS)
    before = letters(chat.wait_for_answer())
    chat.reload()
    after = letters(chat.wait_for_answer(more_than(before)))
    assert after.startswith(before)
    assert letters(chat.wait_until_finished()) == letters(WHOLE)


def test_a_closed_tab_stops_nothing(chat: ChatPage, open_chat: OpenChat) -> None:
    """An answer whose only tab was closed is complete when the person comes back."""
    chat.begin("Tell me a story.", STREAMS)
    chat.wait_for_answer()
    address = chat.page.url
    chat.page.close()
    back = open_chat()
    back.page.goto(address)
    assert letters(back.wait_until_finished()) == letters(WHOLE)


def test_stop_ends_an_answer(chat: ChatPage) -> None:
    """Stop ends the answer, keeps its text, and lets the person go on."""
    chat.begin("Tell me a story.", ENDLESS)
    before = letters(chat.wait_for_answer())
    chat.stop()
    chat.expect_said("Stopped")
    assert letters(chat.wait_until_finished()).startswith(before)
    assert chat.saved()["status"] == "stopped"
    expect(chat.button("Continue")).to_be_visible()
    chat.choose_model(ECHO)
    chat.ask("Something else?")
    chat.wait_until_finished()


def test_stop_works_after_a_reload(chat: ChatPage) -> None:
    """Stop ends an answer that another run of the page asked for."""
    chat.begin("Tell me a story.", ENDLESS)
    before = letters(chat.wait_for_answer())
    chat.reload()
    chat.wait_for_answer()
    chat.stop()
    chat.expect_said("Stopped")
    assert letters(chat.wait_until_finished()).startswith(before)


def test_stop_works_from_another_tab(chat: ChatPage, open_chat: OpenChat) -> None:
    """Stop in one tab ends the answer in the other too, with the same text."""
    chat.begin("Tell me a story.", ENDLESS)
    chat.wait_for_answer()
    other = open_chat()
    other.page.goto(chat.page.url)
    other.wait_for_answer()
    other.stop()
    for tab in (chat, other):
        tab.expect_said("Stopped")
    assert chat.wait_until_finished() == other.wait_until_finished()


def test_a_killed_server_loses_nothing(mortal: Server, open_chat: OpenChat) -> None:
    """After kill -9 everything that was seen is there and said to be interrupted; Continue completes it exactly."""
    chat = open_chat(mortal)
    chat.open()
    chat.ask("Tell me a story.")
    before = letters(chat.wait_for_answer())
    mortal.kill()
    mortal.start()
    chat.open(f"/?c={chat.conversation_id}")
    chat.expect_said("The server stopped while this")
    assert letters(chat.wait_until_finished()).startswith(before)
    chat.click("Continue")
    expect(chat.button("Continue")).to_have_count(0)
    assert letters(chat.wait_until_finished()) == letters(WHOLE)


def test_a_tab_that_stayed_open_comes_back_by_itself(mortal: Server, open_chat: OpenChat) -> None:
    """A tab that was open when the server was killed shows the interrupted answer without a reload."""
    chat = open_chat(mortal)
    chat.open()
    chat.ask("Tell me a story.")
    before = letters(chat.wait_for_answer())
    mortal.kill()
    mortal.start()
    chat.expect_said("The server stopped while this")
    assert letters(chat.wait_until_finished()).startswith(before)


def test_two_tabs_show_the_same_answer(chat: ChatPage, open_chat: OpenChat) -> None:
    """A tab opened in mid-answer shows it from the beginning, and both end alike."""
    chat.begin("Tell me a story.", STREAMS)
    before = letters(chat.wait_for_answer())
    other = open_chat()
    other.page.goto(chat.page.url)
    assert letters(other.wait_for_answer(more_than(before))).startswith(before)
    assert chat.wait_until_finished() == other.wait_until_finished()
    assert letters(other.visible_answer()) == letters(WHOLE)


def test_a_question_appears_in_the_other_tab(chat: ChatPage, open_chat: OpenChat) -> None:
    """What is asked in one tab is asked and answered in the other, without a reload."""
    chat.begin("First question", ECHO)
    chat.wait_until_finished()
    other = open_chat()
    other.page.goto(chat.page.url)
    expect(other.messages).to_have_count(2)
    chat.ask("Second question")
    expect(other.messages).to_have_count(4)
    expect(other.messages.nth(2)).to_contain_text("Second question")
    assert other.wait_until_finished() == chat.wait_until_finished()


def test_clicks_on_the_same_page_lose_nothing(chat: ChatPage) -> None:
    """A thumb on an earlier answer and the title's menu leave the answer that is being written alone."""
    chat.begin("Hello?", ECHO)
    chat.wait_until_finished()
    chat.choose_model(STREAMS)
    chat.ask("Tell me a story.")
    before = letters(chat.wait_for_answer(60))
    chat.messages.nth(1).get_by_role("radio", name="Thumbs up").click()
    after = letters(chat.wait_for_answer(more_than(before)))
    assert after.startswith(before)
    chat.open_menu()
    expect(chat.button("Delete")).to_be_visible()
    assert letters(chat.wait_for_answer(more_than(after))).startswith(after)
    chat.page.keyboard.press("Escape")
    assert letters(chat.wait_until_finished()) == letters(WHOLE)
    expect(chat.messages.nth(1).get_by_role("radio", name="Thumbs up")).to_be_checked()


def test_going_elsewhere_and_back_loses_nothing(chat: ChatPage) -> None:
    """Documents and back, another conversation and back: the answer is there and goes on to its exact end."""
    chat.begin("Another conversation", ECHO)
    chat.wait_until_finished()
    chat.click("New conversation")
    expect(chat.messages).to_have_count(0)
    chat.choose_model(STREAMS)
    chat.ask("The story that goes on")
    before = letters(chat.wait_for_answer(60))
    chat.sidebar.get_by_role("link", name="Documents").click()
    expect(chat.page.get_by_text("lighthouse.pdf")).to_be_visible()
    chat.go_to_conversation("The story that goes on")
    after = letters(chat.wait_for_answer(more_than(before)))
    assert after.startswith(before)
    chat.go_to_conversation("Another conversation")
    expect(chat.messages.last).to_contain_text("Another conversation")
    chat.go_to_conversation("The story that goes on")
    assert letters(chat.wait_for_answer(more_than(after))).startswith(after)
    assert letters(chat.wait_until_finished()) == letters(WHOLE)
