"""What is asked, checked before anything is saved."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.errors import InvalidValue
from core.models import Conversation

LONGEST_QUESTION = 200_000
LONGEST_TITLE = 200
_TITLE = 60
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how: the fields of the HTTP contract.

    Without `document_ids` the conversation's are searched, or with `everything` all that there are. `tags` are kept
    with what is found: those by which the documents were chosen.
    """

    content: str
    model: str | None = None
    document_ids: tuple[str, ...] | None = None
    retrieve: bool = True
    start: bool = False
    client_id: str | None = None
    title: str | None = None
    everything: bool = False
    tags: tuple[str, ...] = ()

    def within(self, conversation: Conversation) -> Question:
        """The question with the conversation's documents, unless it names its own or wants all."""
        if self.everything or self.document_ids is not None:
            return self
        return replace(self, document_ids=conversation.document_ids)


def title_of(content: str) -> str:
    """A conversation's title from its first question: its first words."""
    line = _line(content)
    if len(line) <= _TITLE:
        return line
    return line[:_TITLE].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def checked_content(content: str) -> str:
    """A question's text as it is saved.

    Raises:
        InvalidValue: it is empty or too long.
    """
    if not _line(content):
        raise InvalidValue("The question is empty. Write one.")
    if len(content) > LONGEST_QUESTION:
        raise InvalidValue(f"The question is longer than {LONGEST_QUESTION:,} characters. Add long texts as documents.")
    return content.encode("utf-8", "replace").decode()


def checked_model(model: str) -> str:
    """A model's name as it is saved.

    Raises:
        InvalidValue: it is blank.
    """
    if not model.strip():
        raise InvalidValue("The model's name is empty. Leave it out for the default model.")
    return model


def checked_title(title: str) -> str:
    """A title as it is saved, on one line.

    Raises:
        InvalidValue: it is empty or too long.
    """
    title = _line(title.encode("utf-8", "replace").decode())
    if not title or len(title) > LONGEST_TITLE:
        raise InvalidValue(f"A title has 1 to {LONGEST_TITLE} characters.")
    return title


def _line(text: str) -> str:
    """A text on one line, without the characters that only control terminals."""
    return " ".join(_CONTROL.sub(" ", text).split())
