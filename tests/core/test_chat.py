"""What a person does in a conversation, and what of it is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core.branches import path_to, siblings
from core.errors import Conflict, InvalidValue, NotFound, ThroughlineError
from core.models import Asked, Role, Status
from core.questions import LONGEST_QUESTION, LONGEST_TITLE, Question, title_of
from core.service import Service
from core.store.conversations import Conversations
from tests.core.generation.support import PATIENCE, ask, busily_switching, count, ended, shown
from tests.core.streams.support import wait_for, writer_held
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import Act, answer, text


@pytest.fixture
def busy_switching() -> Iterator[None]:
    """Threads take turns as often as they can, so that what may come between two steps does."""
    with busily_switching():
        yield


def at_once(works: list[Callable[[], Asked]]) -> tuple[list[Asked], list[ThroughlineError]]:
    """Does everything on threads of their own; what was given, and what was refused."""
    ready = threading.Barrier(len(works))
    given: list[Asked] = []
    refused: list[ThroughlineError] = []

    def run(work: Callable[[], Asked]) -> None:
        ready.wait(PATIENCE)
        try:
            given.append(work())
        except ThroughlineError as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return given, refused


def open_ids(service: Service) -> set[str]:
    return {log.stream_id for log in service.hub.open_streams()}


def messages(service: Service, conversation_id: str) -> list[tuple[Role, str]]:
    return [(message.role, message.content) for message in service.chat.messages(conversation_id)]


# Asking


def test_a_conversation_begins_with_a_question(service: Service) -> None:
    """It has the question's words as its title, the default model, and both messages."""
    asked = service.chat.begin(Question("  What is\na river?  ", retrieve=False, start=True))
    ended(service, asked)
    conversation = service.chat.conversation(asked.conversation_id)
    assert (conversation.title, conversation.model, conversation.message_count) == ("What is a river?", "fake/echo", 2)
    assert messages(service, asked.conversation_id)[0] == (Role.USER, "  What is\na river?  ")
    assert service.chat.conversations()[0].id == asked.conversation_id


def test_a_question_waits_until_it_is_started(service: Service) -> None:
    """Asked without starting, an answer is pending and empty until somebody starts it."""
    asked = ask(service, start=False)
    assert service.chat.message(asked.message_id).status is Status.PENDING
    assert asked.conversation_id not in service.chat.streaming()
    assert service.chat.start(asked.stream_id)
    assert ended(service, asked).content == "Hello"


def test_what_is_being_written_is_known(service: Service) -> None:
    """A conversation counts as streaming from the start of its answer to its end."""
    asked = ask(service, "fake/stall")
    assert asked.conversation_id in service.chat.streaming()
    service.chat.stop(asked.stream_id)
    ended(service, asked)
    assert asked.conversation_id not in service.chat.streaming()


@pytest.mark.parametrize("content", ["", "  \n ", "\0 \x07", "x" * (LONGEST_QUESTION + 1)])
def test_an_empty_or_endless_question_is_refused(service: Service, content: str) -> None:
    """The sentence says what to do, and nothing is saved."""
    before = service.database.fetch("select count(*) from messages")
    asked = ask(service)
    ended(service, asked)
    with pytest.raises(InvalidValue, match=r"Write one|as documents"):
        service.chat.begin(Question(content))
    with pytest.raises(InvalidValue):
        service.chat.ask(asked.conversation_id, Question(content))
    assert service.database.fetch("select count(*) from messages")[0][0] == before[0][0] + 2


def test_a_question_with_half_a_character_can_be_saved(service: Service) -> None:
    """What no database can hold is replaced rather than refused."""
    asked = service.chat.begin(Question("a\ud83d b", retrieve=False, title="t\ud83d"))
    assert messages(service, asked.conversation_id)[0] == (Role.USER, "a? b")
    assert service.chat.conversation(asked.conversation_id).title == "t?"


def test_a_model_without_a_name_is_refused(service: Service) -> None:
    """An empty name is not silently the default."""
    with pytest.raises(InvalidValue, match="Leave it out"):
        service.chat.begin(Question("Why?", model=" "))


def test_the_next_question_waits_for_the_answer(service: Service) -> None:
    """While an answer is pending or being written the next question is refused; after a stop it is taken."""
    asked = ask(service, "fake/stall")
    shown(service, asked, "Hel")
    with pytest.raises(Conflict, match="still being written"):
        service.chat.ask(asked.conversation_id, Question("And?", retrieve=False))
    service.chat.stop(asked.stream_id)
    ended(service, asked)
    second = service.chat.ask(asked.conversation_id, Question("And?", "fake/echo", retrieve=False, start=True))
    assert ended(service, second).content == "And?"
    parents = [node.parent_id for node in service.chat.tree(asked.conversation_id)]
    assert parents == [None, asked.user_message_id, asked.message_id, second.user_message_id]


def test_a_question_keeps_the_model_of_its_conversation(service: Service) -> None:
    """Without a model of its own a question is answered by the conversation's, also after that was changed."""
    asked = ask(service)
    ended(service, asked)
    service.chat.choose_model(asked.conversation_id, "fake/reasoning")
    second = service.chat.ask(asked.conversation_id, Question("And?", retrieve=False, start=True))
    assert ended(service, second).reasoning


def test_a_question_keeps_the_documents_of_its_conversation(service: Service) -> None:
    """Asking, editing and regenerating search what the conversation was begun with, unless a question says more."""
    asked = service.chat.begin(Question("Why?", document_ids=("d1",), start=True, retrieve=False))
    ended(service, asked)
    second = service.chat.ask(asked.conversation_id, Question("And?", start=True, retrieve=False))
    ended(service, second)
    edited = service.chat.edit(second.user_message_id, Question("But?", retrieve=False))
    again = service.chat.regenerate(second.message_id)
    other = service.chat.edit(second.user_message_id, Question("But?", document_ids=("d2",), retrieve=False))
    widest = service.chat.edit(second.user_message_id, Question("But?", everything=True, retrieve=False))
    asked_within = ((second, ("d1",)), (edited, ("d1",)), (again, ("d1",)), (other, ("d2",)), (widest, None))
    for one, documents in asked_within:
        stream = service.streams.get(one.stream_id)
        assert stream is not None
        assert stream.document_ids == documents


# Asking twice, asking at once


def test_the_same_client_id_is_the_same_question(service: Service) -> None:
    """A question that is sent again, while it is answered or after, has the ids of the first time."""
    first = service.chat.begin(Question("Why?", "fake/stall", retrieve=False, start=True, client_id="begin"))
    assert service.chat.begin(Question("Why?", retrieve=False, start=True, client_id="begin")) == first
    service.chat.stop(first.stream_id)
    ended(service, first)
    question = Question("And?", "fake/silent", retrieve=False, start=True, client_id="ask")
    second = service.chat.ask(first.conversation_id, question)
    assert service.chat.ask(first.conversation_id, question) == second
    service.chat.stop(second.stream_id)
    ended(service, second)
    assert service.chat.ask(first.conversation_id, question) == second
    assert len(service.chat.tree(first.conversation_id)) == 4


def test_eight_threads_with_one_client_id_make_one_conversation(service: Service, upstream: FakeOpenRouter) -> None:
    """However many send the same question at the same moment, it is asked and answered once."""
    before, sent, held = len(service.chat.conversations(1000)), len(upstream.completions()), open_ids(service)
    question = Question("Only once", retrieve=False, start=True, client_id="together")
    given, refused = at_once([lambda: service.chat.begin(question)] * 8)
    assert not refused
    assert len(set(given)) == 1
    assert ended(service, given[0]).content == "Only once"
    assert len(service.chat.conversations(1000)) == before + 1
    assert len(upstream.completions()) == sent + 1
    assert open_ids(service) == held


def test_of_two_tabs_that_ask_at_once_one_is_told(service: Service) -> None:
    """Two questions for the same place are not answered side by side: the second gets a Conflict."""
    held, question = open_ids(service), Question("And?", "fake/silent", retrieve=False, start=True)
    for _ in range(5):
        asked = ask(service)
        ended(service, asked)
        given, refused = at_once([partial(service.chat.ask, asked.conversation_id, question)] * 2)
        assert len(given) == 1
        assert [type(error) for error in refused] == [Conflict]
        assert len(service.chat.tree(asked.conversation_id)) == 4
        service.chat.stop(given[0].stream_id)
        ended(service, given[0])
    assert open_ids(service) == held


def test_two_who_both_saw_the_answer_done_do_not_both_ask(service: Service) -> None:
    """Also when both have looked before either has written, the writer takes one of them."""
    asked = ask(service)
    ended(service, asked)
    question = Question("And?", retrieve=False)
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append(service.chat.ask(asked.conversation_id, question))
        except Conflict as error:
            outcome.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    before = len(service.hub.open_streams())
    with writer_held(service.database):
        for thread in threads:
            thread.start()
        wait_for(lambda: len(service.hub.open_streams()) == before + 2, PATIENCE, "they do not ask")
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(type(one).__name__ for one in outcome) == ["Asked", "Conflict"]
    assert len(service.hub.open_streams()) == before + 1


# Branches


def test_an_edited_question_is_a_branch_beside_the_old_one(service: Service) -> None:
    """Editing keeps the earlier question, its answer and all that followed reachable."""
    first = ask(service, content="One")
    ended(service, first)
    second = service.chat.ask(first.conversation_id, Question("Two", retrieve=False, start=True))
    ended(service, second)
    edited = service.chat.edit(first.user_message_id, Question("Another", retrieve=False, start=True))
    assert ended(service, edited).content == "Another"
    nodes = service.chat.tree(first.conversation_id)
    old = [first.user_message_id, first.message_id, second.user_message_id, second.message_id]
    new = [edited.user_message_id, edited.message_id]
    assert [node.id for node in path_to(nodes)] == new
    assert [node.id for node in path_to(nodes, first.user_message_id)] == old
    beside = siblings(nodes, path_to(nodes)[0])
    assert [node.id for node in beside] == [first.user_message_id, edited.user_message_id]
    assert service.chat.message(second.message_id).content == "Two"


def test_a_regenerated_answer_stands_beside_the_old_one(service: Service) -> None:
    """Regenerating asks another model the same question, and what followed the old answer stays behind it."""
    first = ask(service, content="One")
    ended(service, first)
    second = service.chat.ask(first.conversation_id, Question("Two", retrieve=False, start=True))
    ended(service, second)
    again = service.chat.regenerate(first.message_id, model="fake/reasoning", start=True)
    message = ended(service, again)
    assert (message.parent_id, message.content) == (first.user_message_id, "Hello")
    assert again.user_message_id == first.user_message_id
    nodes = service.chat.tree(first.conversation_id)
    assert [node.id for node in path_to(nodes)] == [first.user_message_id, again.message_id]
    assert [node.id for node in path_to(nodes, first.message_id)][-1] == second.message_id
    assert service.chat.message(first.message_id).content == "One"


def test_a_question_can_be_asked_behind_an_older_answer(service: Service) -> None:
    """With a parent of its own a question begins a branch there, and one that does not exist is not found."""
    first = ask(service)
    ended(service, first)
    for content in ("Two", "Three"):
        ended(
            service,
            service.chat.ask(
                first.conversation_id, Question(content, retrieve=False, start=True), parent_id=first.message_id
            ),
        )
    nodes = service.chat.tree(first.conversation_id)
    assert [node.parent_id for node in nodes if node.role is Role.USER] == [None, first.message_id, first.message_id]
    with pytest.raises(NotFound):
        service.chat.ask(first.conversation_id, Question("Four"), parent_id="none")


# Continuing


def test_a_stopped_answer_goes_on_from_its_text(service: Service, upstream: FakeOpenRouter) -> None:
    """Continue opens a new stream on the same message: one text, both usages, the first stream unchanged."""
    upstream.script("fake/cut", [text("Once upon a time there"), Act.HOLD])
    upstream.script("fake/cut", answer(" and so", " it went on."))
    asked = ask(service, "fake/cut", content="Tell a tale")
    shown(service, asked, "Once upon a time there")
    service.chat.stop(asked.stream_id)
    assert ended(service, asked).continuable
    before = service.database.fetch("select * from outcomes where stream_id = ?", [asked.stream_id])
    goes_on = service.chat.go_on(asked.message_id, start=True)
    message = ended(service, goes_on)
    assert (goes_on.message_id, goes_on.user_message_id) == (asked.message_id, asked.user_message_id)
    assert goes_on.stream_id != asked.stream_id
    assert (message.status, message.content) == (Status.DONE, "Once upon a time there and so it went on.")
    assert (message.stream_id, message.continued_from) == (goes_on.stream_id, 22)
    assert message.usage.completion_tokens == 18
    assert service.database.fetch("select * from outcomes where stream_id = ?", [asked.stream_id]) == before
    assert service.streams.text(goes_on.stream_id)[0] == " and so it went on."
    assert len(service.chat.tree(asked.conversation_id)) == 2


def test_only_what_was_cut_can_be_continued(service: Service) -> None:
    """A complete answer, one that is being written, and a question are each refused with a sentence."""
    done, writing = ask(service), ask(service, "fake/silent")
    ended(service, done)
    with pytest.raises(Conflict, match="complete"):
        service.chat.go_on(done.message_id)
    with pytest.raises(Conflict, match="still being written"):
        service.chat.go_on(writing.message_id)
    with pytest.raises(Conflict, match="still being written"):
        service.chat.regenerate(writing.message_id)
    with pytest.raises(Conflict, match="needs a message of the assistant"):
        service.chat.go_on(done.user_message_id)
    with pytest.raises(Conflict, match="needs a message of the user"):
        service.chat.edit(done.message_id, Question("x"))
    service.chat.stop(writing.stream_id)
    ended(service, writing)


def test_of_two_who_continue_at_once_one_does(service: Service, upstream: FakeOpenRouter) -> None:
    """A text that went on twice would be there twice: the second gets a Conflict."""
    asked = ask(service, "fake/stall")
    shown(service, asked, "Hel")
    service.chat.stop(asked.stream_id)
    ended(service, asked)
    given, refused = at_once([lambda: service.chat.go_on(asked.message_id)] * 4)
    assert len(given) == 1
    assert {type(error) for error in refused} == {Conflict}
    assert len(service.streams.of_message(asked.message_id)) == 2
    service.chat.stop(given[0].stream_id)
    ended(service, given[0])


# Keeping


def test_a_rating_can_be_given_turned_and_taken_back(service: Service) -> None:
    """The newest thumb counts; other numbers, questions and unknown messages are refused."""
    asked = ask(service)
    ended(service, asked)
    for rating, seen in ((1, 1), (-1, -1), (0, None)):
        service.chat.rate(asked.message_id, rating, "because")
        assert service.chat.message(asked.message_id).rating == seen
    with pytest.raises(InvalidValue):
        service.chat.rate(asked.message_id, 2)
    with pytest.raises(Conflict):
        service.chat.rate(asked.user_message_id, 1)
    with pytest.raises(NotFound):
        service.chat.rate("none", 1)


def test_a_title_is_one_line_of_some_length(service: Service) -> None:
    """Renaming folds whitespace, and refuses what is empty or too long; the old title stays then."""
    asked = ask(service)
    ended(service, asked)
    service.chat.rename(asked.conversation_id, "  A new\n\ttitle ")
    assert service.chat.conversation(asked.conversation_id).title == "A new title"
    service.chat.rename(asked.conversation_id, "x" * LONGEST_TITLE)
    for wrong in ("", " \n", "x" * (LONGEST_TITLE + 1)):
        with pytest.raises(InvalidValue, match="1 to 200 characters"):
            service.chat.rename(asked.conversation_id, wrong)
    with pytest.raises(InvalidValue):
        service.chat.begin(Question("Why?", title="x" * (LONGEST_TITLE + 1)))
    assert service.chat.conversation(asked.conversation_id).title == "x" * LONGEST_TITLE


def test_a_conversation_can_be_pinned_and_put_away(service: Service) -> None:
    """Pinned is shown, archived leaves the list, and both are taken back."""
    asked = ask(service)
    ended(service, asked)
    for on in (True, False):
        service.chat.pin(asked.conversation_id, on)
        service.chat.archive(asked.conversation_id, on)
        conversation = service.chat.conversation(asked.conversation_id)
        assert (conversation.pinned, conversation.archived) == (on, on)
        listed = asked.conversation_id in [found.id for found in service.chat.conversations(1000)]
        assert listed is not on


def test_a_deleted_conversation_is_gone_and_comes_back(service: Service) -> None:
    """Deleting stops the answer and hides everything; restoring shows it, with the text up to then."""
    asked = ask(service, "fake/stall")
    shown(service, asked, "Hel")
    service.chat.delete(asked.conversation_id)
    wait_for(lambda: not service.hub.find(asked.stream_id), PATIENCE, "the answer is not stopped")
    for look in (
        lambda: service.chat.conversation(asked.conversation_id),
        lambda: service.chat.messages(asked.conversation_id),
        lambda: service.chat.message(asked.message_id),
        lambda: service.chat.ask(asked.conversation_id, Question("And?")),
        lambda: service.chat.regenerate(asked.message_id),
        lambda: service.chat.delete(asked.conversation_id),
        lambda: service.chat.rename(asked.conversation_id, "x"),
        lambda: service.follower.read(asked.stream_id),
        lambda: service.chat.start(asked.stream_id),
        lambda: service.chat.stop(asked.stream_id),
    ):
        with pytest.raises(NotFound):
            look()
    service.chat.restore(asked.conversation_id)
    message = service.chat.message(asked.message_id)
    assert (message.content, message.status) == ("Hel", Status.STOPPED)


def test_what_was_purged_cannot_be_restored(service: Service) -> None:
    """Who comes too late with Undo is told so."""
    asked = ask(service)
    ended(service, asked)
    service.chat.delete(asked.conversation_id)
    assert Conversations(service.database).purge(service.database.clock.now() + timedelta(seconds=1))
    for gone in (asked.conversation_id, "none"):
        with pytest.raises(NotFound, match="It may have been deleted"):
            service.chat.restore(gone)


def test_a_question_for_a_conversation_that_is_just_being_deleted_leaves_nothing(service: Service) -> None:
    """Of a deletion and a question at the same moment, nothing is left open, whoever comes first."""
    held, question = open_ids(service), Question("And?", "fake/silent", retrieve=False, start=True)
    for _ in range(10):
        asked = ask(service)
        ended(service, asked)

        def delete(of: Asked = asked) -> Asked:
            service.chat.delete(of.conversation_id)
            return of

        at_once([delete, partial(service.chat.ask, asked.conversation_id, question)])
        wait_for(lambda: open_ids(service) == held, PATIENCE, "a stream is left open")


def test_what_is_unknown_is_not_found(service: Service) -> None:
    """Every deed on an unknown conversation or message says that there is none."""
    chat = service.chat
    for deed in (
        lambda: chat.conversation("none"), lambda: chat.messages("none"), lambda: chat.message("none"),
        lambda: chat.ask("none", Question("x")), lambda: chat.edit("none", Question("x")),
        lambda: chat.regenerate("none"), lambda: chat.go_on("none"), lambda: chat.rename("none", "x"),
        lambda: chat.choose_model("none", "x"), lambda: chat.pin("none", True), lambda: chat.delete("none"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            deed()


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Short", "Short"),
        ("  two\n\nlines\t ", "two lines"),
        ("bells\x07 and \x1b[31mnothing\0s 👨\u200d👩\u200d👧", "bells and [31mnothing s 👨\u200d👩\u200d👧"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60 + "…"),
        ("word " * 30, "word " * 11 + "word…"),
        ("word " * 10 + "comma, " + "x" * 9, "word " * 10 + "comma…"),
    ],
)
def test_a_title_is_made_of_the_first_words(content: str, title: str) -> None:
    """The first line's worth of words, cut between two of them."""
    assert title_of(content) == title
    assert len(title_of(content)) <= 61


@pytest.mark.usefixtures("busy_switching")
def test_a_question_that_is_sent_twice_is_started_once(service: Service, upstream: FakeOpenRouter) -> None:
    """Who sends it again and starts it at once, while the first is about to, starts nothing a second time."""
    for number in range(15):
        sent = len(upstream.completions())
        question = Question("Only once", retrieve=False, start=True, client_id=f"twice-{number}")

        def ask_and_start(question: Question = question) -> Asked:
            asked = service.chat.begin(question)
            service.chat.start(asked.stream_id)
            return asked

        given, refused = at_once([ask_and_start] * 6)
        assert not refused
        assert ended(service, given[0]).content == "Only once"
        assert len(upstream.completions()) == sent + 1
        assert count(service, "starts", given[0].stream_id) == 1


@pytest.mark.usefixtures("busy_switching")
def test_a_question_that_is_stopped_as_it_begins_stays_stopped(service: Service) -> None:
    """A stop that comes between the saving of a question and its first step closes it, and nothing opens it again."""
    for number in range(15):
        question = Question("Stop", "fake/silent", retrieve=False, start=True, client_id=f"stopped-{number}")

        def ask_and_stop(question: Question = question) -> Asked:
            asked = service.chat.begin(question)
            service.chat.stop(asked.stream_id)
            return asked

        given, _ = at_once([ask_and_stop] * 4)
        assert ended(service, given[0]).status is Status.STOPPED
        wait_for(lambda of=given[0]: service.hub.find(of.stream_id) is None, PATIENCE, "it stays open")  # type: ignore[misc]
