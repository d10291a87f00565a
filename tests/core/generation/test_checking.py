"""How well an answer is supported comes to it after it is closed, whoever dies meanwhile, and delays nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import Unavailable
from core.models import Asked, Message, Status
from core.service import Service
from tests.core.generation.support import PATIENCE, ask, crashed, ended, opened, shown
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import Act, answer, text
from tests.support.server import wait_for

RIVERS = "The river Elbe rises in the Giant Mountains and flows into the North Sea near Cuxhaven."
SAID = "The river Elbe rises in the Giant Mountains [1]."
MADE_UP = "Bananas grow very well there [1]."


@pytest.fixture(autouse=True)
def document(service: Service) -> None:
    """A document to cite."""
    document, _ = service.library.add("rivers.txt", RIVERS.encode())
    assert service.library.wait(document.id, PATIENCE).status == "ready"


def cited(service: Service, upstream: FakeOpenRouter, *pieces: Any, model: str) -> Asked:
    """An answer that is to be written, with sources and those pieces."""
    upstream.script(model, answer(*pieces))
    return ask(service, model, "Where does the river Elbe rise?", retrieve=True)


def checked(service: Service, asked: Asked) -> Message:
    """The answer once it was looked at."""
    sql = "select count(*) from support_checks where message_id = ? and stream_id = ?"
    row = [asked.message_id, asked.stream_id]
    wait_for(lambda: service.database.fetch(sql, row) == [(1,)], PATIENCE, "it is not looked at")
    return service.chat.message(asked.message_id)


def test_each_marked_sentence_gets_its_support(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the passage says scores above what is made up; open pages learn of it."""
    go = held(service, monkeypatch)
    asked = cited(service, upstream, SAID, " No mark here. ", MADE_UP, model="fake/supported")
    ended(service, asked)
    before = service.database.revision
    go()
    message = checked(service, asked)
    good, bad = message.supports
    assert [message.content[s.start : s.end] for s in message.supports] == [SAID, MADE_UP]
    assert 1.001 > good.score > 0.5 > bad.score > 0
    wait_for(lambda: service.database.revision > before, PATIENCE, "nobody learns of it")
    assert bad.mark == 1
    assert not message.unsupported


def held(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has embedding wait until the function that is given back is called."""
    go, passages = threading.Event(), service.embedder.passages

    def later(texts: Sequence[str]) -> Any:
        assert go.wait(PATIENCE)
        return passages(texts)

    monkeypatch.setattr(service.embedder, "passages", later)
    return go.set


def test_an_answer_is_closed_before_it_is_looked_at(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long embedding takes, the stream is done, and the next question is answered meanwhile."""
    go = held(service, monkeypatch)
    asked = cited(service, upstream, SAID, model="fake/slowly-supported")
    message = ended(service, asked)
    assert (message.status, message.supports) == (Status.DONE, ())
    assert ended(service, ask(service, content="And?")).content == "And?"
    go()
    assert len(checked(service, asked).supports) == 1


def test_a_server_that_is_killed_in_between_does_it_at_its_next_start(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was closed and not looked at is caught up, also an answer that the death itself cut."""
    go = held(service, monkeypatch)
    asked = cited(service, upstream, SAID, model="fake/killed")
    ended(service, asked)
    upstream.script("fake/cut-down", [text(f"{SAID} "), Act.HOLD])
    cut = ask(service, "fake/cut-down", "Where does the river Elbe rise?", retrieve=True)
    shown(service, cut, SAID)
    folder = crashed(service, tmp_path / "crash")
    with opened(folder, upstream) as again:
        assert len(checked(again, asked).supports) == 1
        message = checked(again, cut)
        assert (message.status, len(message.supports)) == (Status.INTERRUPTED, 1)
        assert again.evidence.unchecked() == []
    service.chat.stop(cut.stream_id)
    ended(service, cut)
    go()
    assert len(checked(service, cut).supports) == 1


def test_an_answer_that_goes_on_is_looked_at_anew(service: Service, upstream: FakeOpenRouter) -> None:
    """Its sentences are those of the whole text, once each."""
    upstream.script("fake/goes-on", [text(f"{SAID} And then"), Act.HOLD])
    upstream.script("fake/goes-on", answer(" it flows into the North Sea [1]."))
    asked = ask(service, "fake/goes-on", "Where does the river Elbe rise?", retrieve=True)
    shown(service, asked, f"{SAID} And then")
    service.chat.stop(asked.stream_id)
    ended(service, asked)
    assert len(checked(service, asked).supports) == 1
    more = service.chat.go_on(asked.message_id, start=True)
    ended(service, more)
    message = checked(service, more)
    spans = [message.content[s.start : s.end] for s in message.supports]
    assert spans == [SAID, "And then it flows into the North Sea [1]."]


def test_what_fails_is_left_for_the_next_start(
    service: Service, upstream: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not shown and keeps nobody else from being looked at."""

    def fail(*_: object) -> Any:
        failed.set()
        raise Unavailable("No model.")

    failed = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr("core.generation.checking.supports", fail)
        lost = cited(service, upstream, SAID, model="fake/lost")
        assert ended(service, lost).error is None
        assert failed.wait(PATIENCE)
    found = cited(service, upstream, SAID, model="fake/found")
    ended(service, found)
    assert checked(service, found).supports
    assert lost.message_id in [message_id for message_id, _, _ in service.evidence.unchecked()]
    assert service.chat.message(lost.message_id).supports == ()


def test_an_answer_that_no_passage_supports_says_so(service: Service, upstream: FakeOpenRouter) -> None:
    """Where documents were searched and no mark stands in the text; not while it is written, nor where none were."""
    asked = cited(service, upstream, "I do not know [9].", model="fake/unsupported")
    assert ended(service, asked).unsupported
    assert checked(service, asked).supports == ()
    assert not ended(service, ask(service, content="Hello")).unsupported
    upstream.script("fake/unsupported-yet", [text("I do "), text("not"), Act.HOLD])
    writing = ask(service, "fake/unsupported-yet", "Where does the river Elbe rise?", retrieve=True)
    shown(service, writing, "I do not")
    assert not service.chat.message(writing.message_id).unsupported
    service.chat.stop(writing.stream_id)
    assert ended(service, writing).unsupported


def test_documents_that_are_not_there_support_nothing(service: Service, upstream: FakeOpenRouter) -> None:
    """When the documents asked of are gone, the model is told that nothing was found, and so is the person."""
    asked = ask(service, content="Where does the river Elbe rise?", retrieve=True, document_ids=("gone",))
    message = ended(service, asked)
    assert message.unsupported
    assert message.retrieval is not None
    assert (message.retrieval.filter.document_ids, message.retrieval.searched) == (("gone",), 0)
    assert "nothing was found" in upstream.completions()[-1].body["messages"][0]["content"]


def test_without_documents_nothing_is_missing(upstream: FakeOpenRouter, tmp_path: Path) -> None:
    """Who has added none is not told that none supports the answer; the search leaves its row all the same."""
    with opened(tmp_path, upstream) as bare:
        message = ended(bare, ask(bare, retrieve=True))
        assert message.retrieval is not None
        assert not message.unsupported
