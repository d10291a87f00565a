"""What tests of shares share: conversations that are saved whole, with everything that only their owner may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from core.ids import new_id
from core.models import Citation, Filter, Outcome, Retrieval, Role, Status, Trace, Usage
from core.service import Service
from core.store.imports import Imports, Slice
from core.store.saved import SavedConversation, SavedMessage, SavedRating, SavedStream

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECRET = "The account of owner@example.org has no credit left."
QUOTE, UNCITED = "The moon\npulls.", "The keys are under the mat."


def question(parent: str | None, text: str) -> SavedMessage:
    """A question."""
    return SavedMessage(new_id(), parent, Role.USER, AT, text)


def citation(mark: int, quote: str = QUOTE, title: str = "Tides") -> Citation:
    """A passage."""
    return Citation(mark, new_id(), "document-of-the-owner", title, 3, quote, 0.9, mark, heading="Why")


def stream(text: str, status: Status = Status.DONE, **more: Any) -> SavedStream:
    """A generation that was paid for, searched some documents and came in pieces of three characters, 100 ms apart."""
    lengths = [len(text[at : at + 3]) for at in range(0, len(text), 3)]
    retrieval = Retrieval("Why?", "Why tides?", Filter(("document-of-the-owner",), ("private",)), searched=9)
    about: dict[str, Any] = {
        "outcome": Outcome(status, "stop", SECRET, "fake/named", "A Provider", None, Usage(7, 8, 9, 10, 0.125)),
        "started_at": AT,
        "closed_at": AT + timedelta(seconds=5),
        "duration_ms": 5_000,
        "retrieve": True,
        "document_ids": ("document-of-the-owner",),
        "trace": Trace(tuple(lengths), tuple(100 * number for number in range(1, len(lengths) + 1))),
        "booked": Usage(7, 8, 9, 10, 0.25),
        "retrieval": retrieval,
        "sources": (citation(1), citation(2, UNCITED, "Keys")),
    }
    return SavedStream(id=new_id(), model="fake/asked", created_at=AT, text=text, **(about | more))


def answer(parent: str | None, text: str, status: Status = Status.DONE, **more: Any) -> SavedMessage:
    """An answer of one stream, rated by the owner."""
    rating = SavedRating(1, AT, "A note to myself")
    return SavedMessage(new_id(), parent, Role.ASSISTANT, AT, "", (stream(text, status, **more),), rating)


def saved(service: Service, title: str, *messages: SavedMessage) -> SavedConversation:
    """A conversation in the database."""
    conversation = SavedConversation(new_id(), title, "fake/set", AT, messages, document_ids=("document-of-the-owner",))
    first = service.chat.reserve(2 * len(messages))
    assert Imports(service.database).submit([Slice(conversation, messages, True)], first).result()
    return conversation


def tides(service: Service) -> SavedConversation:
    """Two questions; the first has an answer that failed and one that cites and is followed by the second."""
    asked = question(None, "Why are there tides?")
    failed = answer(asked.id, "I am not", Status.ERROR)
    cites = answer(asked.id, "Because of the moon [1].")
    more = question(cites.id, "Only the moon?")
    return saved(service, "Tides", asked, failed, cites, more, answer(more.id, "The sun too.", reasoning="Hm."))
