"""Hostile queries while an answer is written: it goes on, and is exact."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.analysis.sandbox import Limits
from core.errors import QueryError, TooLarge
from core.models import Kind, Outcome, Status
from tests.core.analysis.heavy import HEAVY
from tests.core.analysis.support import PATIENCE, History, history, limited
from tests.support.server import wait_for

LIMITS = Limits(bytes=1_000_000)


class Writing:
    """An answer that a thread writes, a piece every few milliseconds."""

    def __init__(self, opened: History) -> None:
        self._opened = opened
        self._ended = threading.Event()
        self.text = ""
        self.ids = opened.ask()
        self.log = opened.begin(self.ids)
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        while not self._ended.wait(0.02):
            piece = f"{len(self.text)} "
            self._opened.hub.append(self.log, Kind.ANSWER, piece)
            self.text += piece

    def close(self) -> None:
        """Ends the answer; back when that is on disk."""
        self._ended.set()
        self._thread.join()
        self._opened.hub.close_stream(self.log, Outcome(Status.DONE))
        wait_for(lambda: self.log.outcome is not None, PATIENCE, "the answer is not closed")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """A history with nothing in it."""
    folder: Path = tmp_path_factory.mktemp("history")
    with history(folder, LIMITS) as opened:
        yield opened


@pytest.mark.parametrize("sql", HEAVY.values(), ids=HEAVY)
def test_an_answer_goes_on_whatever_a_query_does(opened: History, sql: str) -> None:
    """The query is ended, the answer grows on, and the next query finds it whole."""
    writing = Writing(opened)
    try:
        with limited(opened, 4), pytest.raises((QueryError, TooLarge)):
            opened.sandbox.run(sql)
        saved = writing.log.offset(Kind.ANSWER)
        wait_for(lambda: writing.log.offset(Kind.ANSWER) > saved, PATIENCE, "the answer does not go on")
    finally:
        writing.close()
    rows = opened.told("select text from answers where message_id = $id", id=writing.ids.message_id)
    assert rows == [[writing.text]]
