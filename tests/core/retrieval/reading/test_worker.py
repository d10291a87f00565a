"""One process after the other does what it is asked."""

from __future__ import annotations

import pytest

from core.retrieval.reading import read_process
from core.retrieval.reading.pieces import unpacked
from core.retrieval.reading.worker import Ended, Worker


def test_a_question_that_was_broken_off_leaves_no_answer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next question gets its own."""
    worker = Worker()
    asked = {"do": "read", "filename": "a.txt"}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(read_process, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.ask(asked, b"first")
    _, answer = worker.ask(asked, b"second")
    assert [piece.text for piece in unpacked(answer)] == ["second"]
    worker.close()


def test_a_process_that_cannot_be_started_is_said_to_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when there are too many."""
    monkeypatch.setattr(read_process.sys, "executable", "/nowhere/python")
    worker = Worker()
    with pytest.raises(Ended, match="not started"):
        worker.ask({"do": "read", "filename": "a.txt"}, b"words")
    worker.close()
