"""Links to a message: the conversation opens on the branch that holds it, with the message in sight."""

from __future__ import annotations

from core.questions import Question
from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import answered, said, texts


def test_a_link_to_a_message_shows_the_branch_that_holds_it(open_page: OpenPage, service: Service) -> None:
    """An answer that was regenerated since is shown with what followed it."""
    first = answered(service, Question("Which one?", start=True))
    followed = answered(service, Question("And then?", start=True), first.conversation_id)
    service.chat.stop(service.chat.regenerate(first.message_id).stream_id)
    page = open_page(conversation=first.conversation_id, message=first.message_id)
    assert texts(page) == ["Which one?", "Which one?", "And then?", "And then?"]
    other = open_page(conversation=followed.conversation_id)
    assert "And then?" not in texts(other)


def test_a_link_to_an_early_message_shows_it(open_page: OpenPage, service: Service) -> None:
    """What stands before the newest messages is shown as far as it is needed."""
    first = answered(service, Question("Number 0", start=True))
    for number in range(1, 30):
        answered(service, Question(f"Number {number}", start=True), first.conversation_id)
    plain = open_page(c=first.conversation_id)
    assert "Number 0" not in texts(plain)
    page = open_page(conversation=first.conversation_id, message=first.user_message_id)
    assert texts(page)[0] == "Number 0"
    assert texts(page)[-1] == "Number 29"


def test_a_link_to_a_message_that_is_gone_is_said(open_page: OpenPage, service: Service) -> None:
    """The conversation opens all the same."""
    asked = answered(service, Question("Still here?", start=True))
    page = open_page(conversation=asked.conversation_id, message="nosuchmessage")
    assert "is not in this conversation" in said(page)
    assert texts(page) == ["Still here?", "Still here?"]
