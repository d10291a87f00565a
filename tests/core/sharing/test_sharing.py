"""Links: what they open, for how long, and what of a conversation its readers never see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import Clock
from core.errors import InvalidValue, LinkNotFound, NotFound, QueryError
from core.models import Kind, Outcome, Role, Status, Usage
from core.notebook.values import CellKind, CellStatus, NewCell
from core.questions import Question
from core.service import Service
from core.settings import Settings
from core.store.saved import SavedConversation
from tests.core.generation.support import PATIENCE
from tests.core.sharing.support import QUOTE, SECRET, UNCITED, tides
from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import wait_for


@pytest.fixture(scope="module")
def conversation(service: Service) -> SavedConversation:
    return tides(service)


def shared(service: Service, conversation: SavedConversation, expires_in: timedelta | None = None) -> str:
    return service.sharing.share("conversation", conversation.id, expires_in).token


def readings(service: Service, token: str) -> list[Callable[[], object]]:
    """Everything that a link is good for."""
    sharing = service.sharing
    return [
        lambda: sharing.open(token, count=True),
        lambda: sharing.tree(token),
        lambda: sharing.messages(token),
        lambda: sharing.fork(token, "m"),
        lambda: sharing.shared_offline(token),
    ]


def refused(service: Service, token: str) -> bool:
    """Whether a link opens nothing, and says so with one and the same sentence everywhere."""
    said = set()
    for reading in readings(service, token):
        with pytest.raises(LinkNotFound) as error:
            reading()
        said.add(str(error.value))
    assert len(said) == 1 and not any(token and token in text for text in said)
    return not service.sharing.works(token)


def test_a_link_opens_the_conversation(service: Service, conversation: SavedConversation) -> None:
    """Its title, and all of its branches in the order of asking."""
    token = shared(service, conversation)
    opened = service.sharing.open(token, count=False)
    assert (opened.kind, opened.target_id, opened.title) == ("conversation", conversation.id, "Tides")
    assert [node.id for node in service.sharing.tree(token)] == [message.id for message in conversation.messages]
    assert [message.content for message in service.sharing.messages(token)] == [
        "Why are there tides?", "I am not", "Because of the moon [1].", "Only the moon?", "The sun too.",
    ]  # fmt: skip
    some = [conversation.messages[2].id]
    assert [message.id for message in service.sharing.messages(token, some)] == some


def test_a_reader_sees_no_more_than_the_words(service: Service, conversation: SavedConversation) -> None:
    """Quotes that a mark names are there; other passages, costs, ratings, settings and causes of failures are not."""
    messages = service.sharing.messages(shared(service, conversation))
    failed, cites = messages[1], messages[2]
    assert [source.quote for source in cites.citations] == [QUOTE]
    assert cites.sources == cites.citations
    assert (cites.usage, cites.rating, cites.retrieval, cites.model) == (Usage(), None, None, "fake/named")
    assert failed.error == "The model could not finish this answer."
    everything = repr([asdict(message) for message in messages])
    assert not any(hidden in everything for hidden in (SECRET, UNCITED, "A Provider", "private", "0.125"))


def test_messages_of_other_conversations_stay_closed(service: Service, conversation: SavedConversation) -> None:
    """A link opens its own conversation, whatever ids are asked for."""
    token, other = shared(service, conversation), tides(service)
    assert service.sharing.messages(token, [other.messages[0].id]) == []
    with pytest.raises(NotFound):
        service.sharing.fork(token, other.messages[0].id)


@pytest.mark.parametrize("token", ["", "xyz", "a" * 58])
def test_a_wrong_link_opens_nothing(service: Service, token: str) -> None:
    """Nor does it say what else there is."""
    assert refused(service, token)


def test_a_revoked_link_opens_nothing(service: Service, conversation: SavedConversation) -> None:
    """Others to the same conversation go on, and revoking may be repeated without moving its time."""
    kept, ended = (service.sharing.share("conversation", conversation.id) for _ in range(2))
    service.sharing.revoke(ended.id)
    at = service.sharing.shares("conversation", conversation.id)[0].revoked_at
    service.sharing.revoke(ended.id)
    assert at is not None
    assert service.sharing.shares("conversation", conversation.id)[0].revoked_at == at
    assert refused(service, ended.token)
    assert service.sharing.open(kept.token, count=False).title == "Tides"
    with pytest.raises(NotFound):
        service.sharing.revoke("x")


def test_a_link_expires(tmp_path: Path, upstream: FakeOpenRouter) -> None:
    """It works until its time, and never again."""
    ahead = 0.0
    settings = Settings("sk-test-0123456789", upstream.base_url, "fake/echo", data_dir=tmp_path / "data")
    service = Service(settings, clock=Clock(wall=lambda: time.time() + ahead))
    try:
        conversation = tides(service)
        token = shared(service, conversation, timedelta(hours=1))
        ahead = 3590.0
        assert service.sharing.works(token)
        ahead = 3601.0
        assert refused(service, token)
        ahead = 0.0
        assert refused(service, token)
    finally:
        service.close()


@pytest.mark.parametrize("expires_in", [timedelta(), timedelta(seconds=-1), timedelta(days=4000)])
def test_a_link_has_some_time(service: Service, conversation: SavedConversation, expires_in: timedelta) -> None:
    """What would end at once is refused, and so is a time that nobody means."""
    with pytest.raises(InvalidValue):
        shared(service, conversation, expires_in)


def test_only_what_is_there_is_shared(service: Service) -> None:
    """Nothing is saved for a conversation that is not."""
    with pytest.raises(NotFound):
        service.sharing.share("conversation", "x")
    assert service.sharing.shares("conversation", "x") == []


def test_a_deleted_conversation_is_shown_to_nobody(service: Service) -> None:
    """Until its deletion is taken back."""
    conversation = tides(service)
    token = shared(service, conversation)
    service.chat.delete(conversation.id)
    for reading in readings(service, token):
        with pytest.raises(LinkNotFound):
            reading()
    service.chat.restore(conversation.id)
    assert service.sharing.open(token, count=False).title == "Tides"


def test_views_are_counted_where_they_are_meant(service: Service) -> None:
    """An opening counts; looking again, and what does not open, does not."""
    conversation = tides(service)
    share = service.sharing.share("conversation", conversation.id)
    for count in (True, False, True):
        service.sharing.open(share.token, count=count)
    with pytest.raises(LinkNotFound):
        service.sharing.open(share.token + "x", count=True)
    assert [each.views for each in service.sharing.shares("conversation", conversation.id)] == [2]


def test_a_shared_notebook_shows_its_last_results(service: Service) -> None:
    """Its cells, how far they have come and their rows; a reader runs nothing and finds no other notebook's cells."""
    cells = [NewCell(CellKind.MARKDOWN, text="# Costs"), NewCell(CellKind.SQL, "one", "select 42 as n")]
    notebook, other = (service.notebooks.create("Costs", cells) for _ in range(2))
    service.notebooks.run(notebook.id)
    states, sql = service.notebooks.states, notebook.cells[1].id
    wait_for(lambda: states(notebook.id)[sql].status is CellStatus.DONE, PATIENCE, "the cell is not run")
    token = service.sharing.share("notebook", notebook.id).token
    assert service.sharing.open(token, count=False).title == "Costs"
    assert [cell.text for cell in service.sharing.notebook(token).cells] == ["# Costs", "select 42 as n"]
    assert service.sharing.states(token)[sql].rows == 1
    assert service.sharing.table(token, sql).rows == [[42]]
    with pytest.raises(NotFound):
        service.sharing.table(token, other.cells[1].id)
    service.notebooks.remove(notebook.id)
    for reading in (service.sharing.notebook, service.sharing.states):
        with pytest.raises(LinkNotFound):
            reading(token)


def test_a_link_shows_one_kind_of_thing(service: Service, conversation: SavedConversation) -> None:
    """That to a notebook has no messages, that to a conversation no cells."""
    notebook = service.notebooks.create("Costs")
    token = service.sharing.share("notebook", notebook.id).token
    for reading in readings(service, token)[1:]:
        with pytest.raises(LinkNotFound):
            reading()
    assert not service.sharing.may_follow(token, conversation.messages[1].streams[0].id)
    for reading in (service.sharing.notebook, service.sharing.states, lambda token: service.sharing.table(token, "x")):
        with pytest.raises(LinkNotFound):
            reading(shared(service, conversation))


@pytest.fixture
def writing(service: Service) -> Iterator[tuple[str, str]]:
    """A link, and the open stream of the conversation that it shows."""
    asked = service.chat.begin(Question("Write.", retrieve=False))
    log = service.hub.find(asked.stream_id)
    assert log is not None
    service.streams.start(asked.stream_id)
    log.begin()
    service.hub.append(log, Kind.ANSWER, "Once upon")
    yield service.sharing.share("conversation", asked.conversation_id).token, asked.stream_id
    service.hub.close_stream(log, Outcome(Status.DONE))


def test_an_answer_in_progress_may_be_followed(service: Service, writing: tuple[str, str]) -> None:
    """By the link to its conversation and no other, and not after the end of the link."""
    token, stream_id = writing
    other = shared(service, tides(service))
    assert service.sharing.may_follow(token, stream_id)
    assert not service.sharing.may_follow(other, stream_id)
    assert not service.sharing.may_follow(token, "x")
    closed = service.sharing.messages(other)[1].stream_id
    assert closed is not None
    assert service.sharing.may_follow(other, closed)
    assert not service.sharing.may_follow(token, closed)
    share = service.sharing.shares("conversation", service.sharing.open(token, count=False).target_id)[0]
    service.sharing.revoke(share.id)
    assert not service.sharing.may_follow(token, stream_id)


def test_a_reader_is_let_in_when_nothing_can_be_written(service: Service, conversation: SavedConversation) -> None:
    """A view that cannot be counted is no reason to show nothing."""
    token = shared(service, conversation)
    service.database.write(lambda cursor: cursor.execute("alter table shares rename to away").fetchall())
    try:
        assert service.sharing.open(token, count=True).title == "Tides"
    finally:
        service.database.write(lambda cursor: cursor.execute("alter table away rename to shares").fetchall())


def test_questions_are_shown_as_they_are(service: Service, conversation: SavedConversation) -> None:
    """Nothing of them is the owner's alone."""
    questions = [each for each in service.sharing.messages(shared(service, conversation)) if each.role is Role.USER]
    assert questions == [each for each in service.chat.messages(conversation.id) if each.role is Role.USER]


def test_no_export_and_no_query_tells_of_shares(service: Service, conversation: SavedConversation) -> None:
    """Who is given a file, or may ask in SQL, learns of no link."""
    share = service.sharing.share("conversation", conversation.id)
    for format_ in ("markdown", "json", "jsonl", "html", "parquet"):
        file = b"".join(service.exchange.export(format_, [conversation.id]))
        assert file
        assert not [word for word in (share.id, share.token) if word.encode() in file], format_
    names = service.sandbox.run("select table_name from information_schema.tables").rows
    assert ["answers"] in names
    assert not [name for [name] in names if "share" in name]
    with pytest.raises(QueryError, match="shares"):
        service.sandbox.run("from shares")
