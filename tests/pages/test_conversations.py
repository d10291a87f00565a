"""The list of conversations, and what can be done with the whole of one."""

from __future__ import annotations

import pytest

from core.errors import NotFound
from core.questions import Question
from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import answered, click, said, texts


def test_the_list_opens_conversations(open_page: OpenPage, service: Service) -> None:
    """Every conversation is listed, the newest first; a click opens it, and New conversation leaves it."""
    for title in ("One", "Two", "Three"):
        answered(service, Question(title, start=True))
    page = open_page()
    listed = [button for button in page.sidebar.button if (button.key or "").startswith("open-")]
    assert [button.label for button in listed] == ["Three", "Two", "One"]
    page = listed[1].click().run()
    assert texts(page) == ["Two", "Two"]
    page = click(page, "New conversation")
    assert not page.chat_message
    assert "c" not in page.query_params


def test_a_title_is_no_markdown(open_page: OpenPage, service: Service) -> None:
    """A title is shown as it was written, whatever Markdown it looks like."""
    answered(service, Question("# *All* [a](x) $5 :red[x]", start=True))
    label = open_page().sidebar.button[-1].label
    assert label == "\\# \\*All\\* \\[a\\](x) \\$5 \\:red\\[x\\]"


def test_a_conversation_is_renamed(open_page: OpenPage, service: Service) -> None:
    """Another title is saved and shown; an empty one is refused in a sentence."""
    asked = answered(service, Question("Ordinary", start=True))
    page = open_page(c=asked.conversation_id)
    page.text_input[0].set_value("Better")
    page = click(page, "Rename")
    assert service.chat.conversation(asked.conversation_id).title == "Better"
    assert "**Better**" in [text.value for text in page.markdown]
    page.text_input[0].set_value("  ")
    page = click(page, "Rename")
    assert "A title has 1 to 200 characters." in said(page)
    assert service.chat.conversation(asked.conversation_id).title == "Better"


def test_a_conversation_is_pinned_and_archived(open_page: OpenPage, service: Service) -> None:
    """Pin and archive are kept, and can be taken back."""
    asked = answered(service, Question("Keep me", start=True))
    page = open_page(c=asked.conversation_id)
    page = click(page, "Pin")
    assert service.chat.conversation(asked.conversation_id).pinned
    page = click(page, "Unpin")
    assert not service.chat.conversation(asked.conversation_id).pinned
    page = click(page, "Archive")
    assert service.chat.conversation(asked.conversation_id).archived
    assert not [button for button in page.sidebar.button if (button.key or "").startswith("open-")]
    page = click(page, "Unarchive")
    assert not service.chat.conversation(asked.conversation_id).archived


def test_a_deletion_can_be_undone(open_page: OpenPage, service: Service) -> None:
    """A deleted conversation leaves list and page, and Undo brings it back."""
    asked = answered(service, Question("Delete me", start=True))
    page = click(open_page(c=asked.conversation_id), "Delete")
    with pytest.raises(NotFound):
        service.chat.conversation(asked.conversation_id)
    assert not page.chat_message
    assert "Deleted “Delete me”" in [caption.value for caption in page.caption]
    page = click(page, "Undo")
    assert texts(page) == ["Delete me", "Delete me"]


def test_more_conversations_are_listed_on_demand(open_page: OpenPage, service: Service) -> None:
    """The list shows the newest thirty, and more when asked."""
    for number in range(31):
        service.chat.begin(Question(f"Number {number}"))
    page = open_page()
    assert len([button for button in page.sidebar.button if (button.key or "").startswith("open-")]) == 30
    page = click(page, "Show more")
    assert len([button for button in page.sidebar.button if (button.key or "").startswith("open-")]) == 31
