"""What the tests of analysis share: a small history with everything in it, and a sandbox on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.analysis.sandbox import Limits, Sandbox
from core.ids import new_id
from core.models import Asked, Citation, Kind, Outcome, Retrieval, Status, Support, Timings, Usage
from core.store.conversations import NewAnswer, NewConversation
from core.store.evidence import Evidence
from core.store.snapshot import Snapshot
from core.streams.log import StreamLog
from tests.core.streams.support import PATIENCE, Rig
from tests.support.server import wait_for


class History(Rig):
    """A database that a test fills, its snapshot, and a sandbox on that."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        super().__init__(folder / "test.duckdb")
        self.evidence = Evidence(self.database)
        self.folder = folder / "snapshot"
        self.snapshot = Snapshot(self.database, self.folder)
        self.sandbox = Sandbox(self.snapshot, limits)

    def ask(self, question: str = "Why?", model: str = "fake/echo", title: str | None = None) -> Asked:
        """A conversation with a question whose answer has begun."""
        ids = Asked(new_id(), new_id(), new_id(), new_id())
        begins = NewConversation(title or question, None)
        seq = self.conversations.last_seq() + 1
        self.conversations.add_answer(NewAnswer(ids, seq, model, True, None, None, question, True, begins=begins))
        return ids

    def go_on(self, ids: Asked) -> Asked:
        """A second stream of an answer."""
        more = Asked(ids.conversation_id, ids.user_message_id, ids.message_id, new_id())
        seq = self.conversations.last_seq() + 1
        new = NewAnswer(more, seq, "fake/echo", True, None, ids.user_message_id, None, True, answer=False)
        self.conversations.add_answer(new)
        return more

    def answer(self, ids: Asked, text: str, status: Status = Status.DONE, **known: Any) -> None:
        """The text and the end of a stream; back when they are on disk."""
        log = self.begin(ids)
        self.hub.append(log, Kind.ANSWER, text)
        self.hub.close_stream(log, Outcome(status, **known))
        wait_for(lambda: log.outcome is not None, PATIENCE, "the stream is not closed")

    def begin(self, ids: Asked) -> StreamLog:
        """A stream open in the hub."""
        log = self.hub.open(ids.stream_id, ids.conversation_id)
        log.begin()
        return log

    def told(self, sql: str, **params: Any) -> list[list[Any]]:
        """The rows of a query, as of now."""
        return self.sandbox.run(sql, params, max_age=0).rows

    def close(self) -> None:
        """Ends the workers and lets go of the file."""
        self.sandbox.close()
        self.snapshot.close()
        super().close()


@contextmanager
def limited(opened: History, seconds: float) -> Iterator[None]:
    """Queries have so many seconds inside."""
    before = opened.sandbox._limits
    opened.sandbox._limits = replace(before, seconds=seconds)
    try:
        yield
    finally:
        opened.sandbox._limits = before


@contextmanager
def history(folder: Path, limits: Limits | None = None) -> Iterator[History]:
    """An open history."""
    opened = History(folder, limits)
    yield opened
    opened.close()


def searched(*citations: Citation, question: str = "Why?") -> Retrieval:
    """A retrieval that gave some passages."""
    return Retrieval(question, question, citations=citations, searched=10, timings=Timings(total=12.5))


def passage(mark: int, title: str = "Tides", score: float = 0.5) -> Citation:
    """A passage that an answer is given."""
    return Citation(mark, f"p{mark}", f"d-{title}", title, 3, f"Quote {mark}.", score, mark, lexical_rank=mark)


def fill(opened: History) -> list[Asked]:
    """Three answers: a cited one with a thumb, one that cites nothing, and one that failed."""
    cited, uncited, failed = (
        opened.ask("How do tides work?"),
        opened.ask("What is a tide?"),
        opened.ask("Why?", "fake/b"),
    )
    opened.evidence.add(cited.stream_id, searched(passage(1), passage(2, "Moon"), question="How do tides work?"))
    opened.evidence.add(uncited.stream_id, searched(passage(1)))
    usage = Usage(prompt_tokens=100, completion_tokens=20, cost=0.25)
    opened.answer(cited, "The moon pulls [1]. `[2]` and [2](x) are none.", model="fake/echo", usage=usage)
    opened.answer(uncited, "It is water.", model="fake/echo", usage=usage, provider="Fake")
    opened.answer(failed, "", Status.ERROR, error="The model is gone.")
    opened.evidence.add_supports(cited.message_id, cited.stream_id, [Support(1, 0, 19, 0.8), Support(1, 0, 5, 0.3)])
    opened.conversations.rate(cited.message_id, 1, "good")
    return [cited, uncited, failed]
