"""The first visit: nothing is set up, and the model and documents that come with the app answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.retrieval.documents.samples import QUESTIONS
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import OpenChat
from tests.browser.models import ECHO
from tests.support.server import Server


@pytest.mark.timeout(400)
def test_the_bundled_model_answers_an_example_question(tmp_path: Path, open_chat: OpenChat) -> None:
    """Without a key an example question is answered from the samples, with a source and what it took."""
    pytest.importorskip("xllamacpp")
    with Server(tmp_path / "data", embeddings=True) as server:
        chat = open_chat(server)
        chat.open()
        chat.click(QUESTIONS[0])
        expect(chat.messages).to_have_count(2)
        answer = chat.wait_until_finished(patience=240_000)
        assert answer.strip()
        assert chat.saved()["status"] == "done"
        expect(chat.messages.last).to_contain_text("tokens/s")
        expect(chat.messages.last.get_by_test_id("stPopover").first).to_be_visible()


def test_a_phone_needs_no_sideways_scrolling(open_chat: OpenChat) -> None:
    """On a screen 390 pixels wide nothing of the chat is wider than the screen."""
    chat = open_chat(viewport={"width": 390, "height": 844})
    chat.open()
    expect(chat.button(QUESTIONS[0])).to_be_visible()
    expect_no_sideways_scrolling(chat)
    chat.choose_model(ECHO)
    chat.ask(
        "Wide things: `" + "x" * 300 + "` and " + "y" * 300 + "\n\n| a | b |\n|---|---|\n| " + "z" * 100 + " | 2 |"
    )
    chat.wait_until_finished()
    expect_no_sideways_scrolling(chat)


def expect_no_sideways_scrolling(chat: ChatPage) -> None:
    wide = chat.page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('[data-testid^=stMain]')]
            .filter(box => box.scrollWidth > box.clientWidth)
            .map(box => `${box.dataset.testid}: ${box.scrollWidth} in ${box.clientWidth}`)"""
    )
    assert not wide
