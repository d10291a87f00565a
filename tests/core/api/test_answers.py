"""Values as the JSON of the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from core.api.answers import message_whole
from core.models import Citation, Filter, Message, Retrieval, Role, Support, Timings

CITATIONS = tuple(Citation(mark, f"p{mark}", "d", "Title", 3, "Quote", 0.5, mark) for mark in (1, 2))


def test_a_message_tells_what_it_rests_on() -> None:
    """Each citation with the support of the sentence that it supports least, and how the search went."""
    made = Retrieval("It?", "The tower?", Filter(("d",)), CITATIONS, 7, Timings(rewrite=1.5, total=9.0))
    supports = (Support(1, 0, 5, 0.75), Support(1, 6, 9, 0.5))
    now = datetime.now(UTC)
    message = Message(
        "m", "c", "q", 2, Role.ASSISTANT, "So [1]. Yes [1][2].", now, citations=CITATIONS, retrieval=made,
        supports=supports,
    )  # fmt: skip
    whole = message_whole(message)
    assert whole["citations"] == [
        {"mark": 1, "passage_id": "p1", "document_id": "d", "title": "Title", "page": 3, "quote": "Quote", "score": 0.5,
         "support": 0.5},
        {"mark": 2, "passage_id": "p2", "document_id": "d", "title": "Title", "page": 3, "quote": "Quote", "score": 0.5,
         "support": None},
    ]  # fmt: skip
    timings = {"rewrite": 1.5, "wait": 0.0, "embed": 0.0, "lexical": 0.0, "semantic": 0.0, "rerank": 0.0, "total": 9.0}
    assert whole["retrieval"] == {"query": "The tower?", "searched": 7, "found": 2, "timings": timings}
