"""What the tests of the history's search share: a database with its search, and conversations to be found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.history.search import EVERYTHING, History, HistoryFilter
from core.ids import new_id
from core.models import Citation, Outcome, Role, Status, Usage
from core.retrieval.encoders.embed import Embedder
from core.store.imports import Imports, Slice
from core.store.saved import SavedConversation, SavedMessage, SavedRating, SavedStream
from tests.core.streams.support import Rig
from tests.support.server import wait_for

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
PATIENCE = 60.0


class Desk(Rig):
    """An open database, what is written into it, and what is found."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        super().__init__(folder / "test.duckdb")
        self.history = History(self.database, folder / "index", embedder)

    def put(self, conversation: SavedConversation) -> SavedConversation:
        """Saves a conversation as an import does."""
        slice_ = Slice(conversation, conversation.messages, begins=True)
        assert Imports(self.database).submit([slice_], self.conversations.last_seq() + 1).result()
        self.database.revision += 1
        return conversation

    def found(self, query: str, filter: HistoryFilter = EVERYTHING, limit: int = 50) -> list[str]:
        """The ids of the messages that are found, once all that was saved can be."""
        assert self.history.settled(PATIENCE)
        return [hit.message_id for hit in self.history.search(query, filter, limit).hits]

    def embedded(self) -> None:
        """Back when everything can be found by its meaning."""
        assert self.history.settled(PATIENCE)
        wait_for(lambda: len(set(self.history.progress())) == 1, PATIENCE, "not everything is embedded")

    def close(self) -> None:
        """Lets go of index and file."""
        self.history.close()
        super().close()


@contextmanager
def desk_at(folder: Path, embedder: Embedder) -> Iterator[Desk]:
    """A desk on the files in `folder`."""
    opened = Desk(folder, embedder)
    try:
        yield opened
    finally:
        opened.close()


def stream(text: str, status: Status = Status.DONE, **known: object) -> SavedStream:
    """A closed stream of `model`, which cites the documents in `cites` as [1], [2] …"""
    model, cost, error = str(known.get("model", "fake/echo")), known.get("cost"), known.get("error")
    cites = known.get("cites", ())
    assert isinstance(cites, tuple)
    sources = tuple(Citation(n, "p", document, "T", None, "Q", 0.5, n) for n, document in enumerate(cites, 1))
    outcome = Outcome(status, "stop", str(error) if error else None, model, usage=Usage(cost=cost))  # type: ignore[arg-type]
    return SavedStream(new_id(), "asked/for", AT, outcome, text, started_at=AT, closed_at=AT, sources=sources)


def talk(said: str, *answers: SavedStream, at: datetime = AT, rating: int = 0) -> SavedConversation:
    """A question and its answer."""
    question = SavedMessage(new_id(), None, Role.USER, at, said)
    answer = SavedMessage(new_id(), question.id, Role.ASSISTANT, at, streams=answers or (stream("So it is."),))
    if rating:
        answer = replace(answer, rating=SavedRating(rating, at))
    return SavedConversation(new_id(), said or "A talk", "fake/echo", at, (question, answer))
