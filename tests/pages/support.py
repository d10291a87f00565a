"""Small verbs over `AppTest`, and conversations to look at."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from core.models import Asked, Document
from core.questions import Question
from core.service import Service


def click(page: AppTest, label: str) -> AppTest:
    """Clicks the last button with that label, or whose key begins with it."""
    found = [button for button in page.button if button.label == label or (button.key or "").startswith(label)]
    assert found, f"{label!r} is not among {[button.label or button.key for button in page.button]}"
    return found[-1].click().run()


def ask(page: AppTest, question: str) -> AppTest:
    """Types a question and sends it; back when it is answered."""
    return page.chat_input[0].set_value(question).run()


def texts(page: AppTest) -> list[str]:
    """What each message says in Markdown."""
    return ["\n".join(text.value for text in message.markdown) for message in page.chat_message]


def said(page: AppTest) -> str:
    """What stands in boxes, of whatever colour."""
    return "\n".join(box.value for box in (*page.error, *page.warning, *page.info))


def words(page: AppTest) -> str:
    """The documents' own words, as HTML."""
    return "\n".join(html.value for html in page.html if not html.value.startswith("<style>"))


def captions(page: AppTest) -> str:
    """The quiet lines."""
    return "\n".join(caption.value for caption in page.caption)


def added(service: Service, name: str, text: str, **more: Any) -> Document:
    """A document that has been indexed."""
    document, _ = service.library.add(name, text.encode(), **more)
    return service.library.wait(document.id, 60)


def answered(service: Service, question: Question, conversation_id: str | None = None) -> Asked:
    """A question that has been answered."""
    chat = service.chat
    asked = chat.ask(conversation_id, question) if conversation_id else chat.begin(question)
    for _ in service.follower.follow(asked.stream_id):
        pass
    return asked
