"""What a person can see of an answer: where it comes from, how it was reasoned, and what went wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage, letters
from tests.browser.conftest import OpenChat
from tests.browser.models import (
    BREAKS,
    BUSY_AT_FIRST,
    CITED,
    CITES,
    CUT,
    ECHO,
    LEAKS,
    NO_KEY,
    REASONS,
    STREAMS,
    WHOLE,
)
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.story import expected_text
from tests.support.server import LIGHT, Server

QUESTION = "When is the bakery closed?"


def test_reasoning_is_folded_away(chat: ChatPage) -> None:
    """What a model thought is there for who opens it."""
    chat.begin("Think!", REASONS)
    assert chat.wait_until_finished() == "Hello"
    thought = chat.page.get_by_text("Let me think.")
    expect(thought).not_to_be_visible()
    chat.messages.last.get_by_test_id("stExpander").get_by_text("Reasoning").click()
    expect(thought).to_be_visible()


def test_copy_copies_the_answer(open_chat: OpenChat) -> None:
    """One click puts the answer's Markdown on the clipboard."""
    chat = open_chat(permissions=["clipboard-read", "clipboard-write"])
    chat.begin(QUESTION, CITES)
    chat.wait_until_finished()
    chat.page.get_by_title("Copy the answer").last.click()
    expect(chat.page.get_by_title("Copy the answer").last).to_have_text("Copied")
    assert chat.page.evaluate("navigator.clipboard.readText()") == CITED


def test_a_finished_answer_says_what_it_took(chat: ChatPage) -> None:
    """A quiet line names the model, the tokens and the price."""
    chat.begin("Hello?", ECHO)
    chat.wait_until_finished()
    expect(chat.messages.last).to_contain_text("16 → 18 tokens · $0.000106")


@pytest.mark.parametrize(
    ("model", "sentence", "kept"),
    [
        pytest.param(NO_KEY, "OPENROUTER_API_KEY", "", id="the key is refused"),
        pytest.param(BREAKS, "Rate limited upstream", "Hello", id="an error in mid-stream"),
        pytest.param(CUT, "Continue", expected_text(40), id="the connection is cut"),
        pytest.param(LEAKS, "key", "", id="the error holds the key"),
    ],
)
def test_a_failure_is_said_where_the_person_looks(chat: ChatPage, model: str, sentence: str, kept: str) -> None:
    """A failing model is told of below the question in a sentence; the text that came stays."""
    chat.begin("Go wrong!", model)
    visible = chat.wait_until_finished()
    assert letters(visible) == letters(kept)
    alert = chat.messages.last.get_by_test_id("stAlert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text(sentence)
    expect(alert).to_be_in_viewport()
    chat.expect_nothing_leaked()


@pytest.mark.parametrize(
    "before",
    [
        "Look: ",
        "It`s here: ",
        "- one\n\n  ```\n",
        "> ```\n",
    ],
    ids=["text", "open code span", "fence in a list", "fence in a quotation"],
)
def test_no_image_in_an_answer_is_fetched(chat: ChatPage, upstream: FakeOpenRouter, before: str) -> None:
    """An image that a document slipped into an answer is asked of nobody, whatever stands before it."""
    address = f"{upstream.base_url}/stolen-{len(upstream.requests)}.png"
    chat.begin(f"{before}![words]({address}) and no more", ECHO)
    chat.wait_until_finished()
    chat.page.wait_for_function("[...document.images].every(image => image.complete)")
    assert not [request for request in upstream.requests if "stolen" in request.path]


def test_a_busy_model_is_asked_again(chat: ChatPage) -> None:
    """A model that is busy at first answers in the end, without anybody's doing."""
    chat.begin("Hello?", BUSY_AT_FIRST)
    assert chat.wait_until_finished() == "Hello wörld!"
    expect(chat.alerts).to_have_count(0)


def test_a_broken_page_shows_no_traceback_and_no_key(
    upstream: FakeOpenRouter, tmp_path: Path, open_chat: OpenChat
) -> None:
    """An error inside a page is told in a sentence, while the answer is saved to its end."""
    (tmp_path / "sitecustomize.py").write_text(BREAKS_THE_PAGE)
    env = {"THROUGHLINE_MODEL": STREAMS, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(LIGHT)])}
    with Server(tmp_path / "data", upstream.base_url, env=env) as server:
        chat = open_chat(server)
        chat.open()
        chat.ask("Hello?")
        error = chat.page.get_by_test_id("stException")
        error.wait_for()
        chat.expect_nothing_leaked()
        assert "RuntimeError" not in error.inner_text()
        assert "RuntimeError" in server.output
        chat.wait_until_saved()
        chat.reload()
        assert letters(chat.wait_until_finished()) == letters(WHOLE)


BREAKS_THE_PAGE = """
import markdown_it

def fail(_):
    raise RuntimeError("the key is sk-test")

def disable(self, *_):
    self.parse = fail
    return self

markdown_it.MarkdownIt.disable = disable
"""
