"""The chat page: asking, reading what was answered, and being told what went wrong."""

from __future__ import annotations

import pytest
from duckdb import DuckDBPyConnection

from core.models import Status
from core.questions import Question
from core.service import Service
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import answer
from tests.pages.conftest import OpenPage
from tests.pages.support import answered, ask, click, said, texts


def test_an_empty_app_says_what_to_do(open_page: OpenPage) -> None:
    """Without conversations and documents the page says what this is and where to begin."""
    page = open_page()
    assert not page.exception
    assert page.title[0].value == "Ask your documents"
    assert "Add some on the Documents page" in said(page)


def test_a_question_is_asked_and_answered(open_page: OpenPage, service: Service) -> None:
    """A question opens a conversation, whose address, title and answer are shown."""
    page = ask(open_page(), "What costs $5?")
    assert texts(page) == ["What costs \\$5?", "What costs \\$5?"]
    conversation = service.chat.conversations()[0]
    assert page.query_params["c"] == [conversation.id] or page.query_params["c"] == conversation.id
    assert page.chat_message[-1].caption[-1].value.startswith("fake/model-20260101 · 16 → 18 tokens · \\$0.000106")
    page = ask(page, "And then?")
    assert texts(page)[2:] == ["And then?", "And then?"]


@pytest.mark.parametrize(
    ("model", "kept", "sentence"),
    [
        ("fake/401", "", "OPENROUTER_API_KEY"),
        ("fake/error-mid-1", "Hello", "Rate limited upstream"),
        ("fake/cut-before-done", "Hello wörld!", "Continue"),
        ("fake/leak-key", "", "key"),
    ],
)
def test_a_failure_is_one_sentence_and_the_text_stays(
    open_page: OpenPage, service: Service, model: str, kept: str, sentence: str
) -> None:
    """A failed answer keeps what came, says in one box what to do, and offers to go on; the key is never shown."""
    asked = answered(service, Question("Go wrong!", model, start=True))
    page = open_page(c=asked.conversation_id)
    assert not page.exception
    assert texts(page)[-1].strip() == kept
    assert len(page.warning) == 1
    assert sentence in page.warning[0].value
    assert "sk-test" not in said(page)
    assert [button for button in page.button if (button.key or "").startswith("continue-")]


def test_an_answer_that_was_cut_is_continued(open_page: OpenPage, service: Service, openrouter: FakeOpenRouter) -> None:
    """Continue goes on from the text that is there."""
    openrouter.script("fake/broken", [*answer("Once upon a time there")[:-3]])
    openrouter.script("fake/broken", answer(" was a fox."))
    asked = answered(service, Question("A tale", "fake/broken", start=True))
    page = open_page(c=asked.conversation_id)
    assert texts(page)[-1] == "Once upon a time there"
    page = click(page, "Continue")
    assert texts(page)[-1] == "Once upon a time there was a fox."
    assert service.chat.message(asked.message_id).status is Status.DONE


def test_reasoning_is_folded_away(open_page: OpenPage, service: Service) -> None:
    """What a model thought stands in a closed expander."""
    asked = answered(service, Question("Think!", "fake/reasoning", start=True))
    page = open_page(c=asked.conversation_id)
    assert page.expander[0].label == "Reasoning"
    assert not page.expander[0].proto.expanded
    assert "Let me think." in page.expander[0].markdown[0].value


def test_an_unknown_conversation_is_said(open_page: OpenPage) -> None:
    """An address that names no conversation says so in a sentence, and a question begins a new one."""
    page = open_page(c="nosuchconversation")
    assert not page.exception
    assert "There is no conversation “nosuchconversation”" in said(page)
    assert texts(ask(page, "Then a new one")) == ["Then a new one", "Then a new one"]


def test_an_unknown_branch_shows_the_newest(open_page: OpenPage, service: Service) -> None:
    """An address that names no branch of the conversation shows its newest."""
    asked = answered(service, Question("Hello", start=True))
    assert texts(open_page(c=asked.conversation_id, at="nosuchmessage")) == ["Hello", "Hello"]


def test_a_long_conversation_shows_its_newest_messages(open_page: OpenPage, service: Service) -> None:
    """Of a thousand messages the newest are shown, and earlier ones on demand."""
    conversation = of_length(service, 500)
    page = open_page(c=conversation)
    assert len(page.chat_message) == 20
    assert texts(page)[-2] == "Question 499"
    page = click(page, "Show earlier messages (980)")
    assert len(page.chat_message) == 40
    assert texts(page)[0] == "Question 480"
    assert [button.label for button in page.button if "earlier" in button.label] == ["Show earlier messages (960)"]


def test_regenerate_and_edit_make_branches(open_page: OpenPage, service: Service, openrouter: FakeOpenRouter) -> None:
    """What is asked or answered anew stands beside what was there, and buttons lead back to it."""
    for number in range(3):
        openrouter.script("fake/counts", answer(f"Answer {number}"))
    asked = answered(service, Question("First wording", "fake/counts", start=True))
    page = open_page(model="fake/counts", c=asked.conversation_id)
    page = click(page, "Regenerate")
    assert texts(page) == ["First wording", "Answer 1"]
    assert "2 / 2" in [caption.value for caption in page.caption]
    page = click(page, "branch-chevron_left")
    assert texts(page) == ["First wording", "Answer 0"]
    page = click(page, f"edit-{asked.user_message_id}")
    page.text_area[0].set_value("Second wording")
    page = click(page, "Send")
    assert texts(page) == ["Second wording", "Answer 2"]
    page = click(page, "branch-chevron_left")
    assert texts(page)[0] == "First wording"
    page = click(page, f"branch-chevron_right-{asked.user_message_id}")
    assert texts(page) == ["Second wording", "Answer 2"]


def test_an_edit_can_be_given_up(open_page: OpenPage, service: Service) -> None:
    """Cancel closes the editor and asks nothing."""
    asked = answered(service, Question("As it is", start=True))
    page = click(open_page(c=asked.conversation_id), "edit-")
    page.text_area[0].set_value("Otherwise")
    page = click(page, "Cancel")
    assert texts(page) == ["As it is", "As it is"]
    assert not page.text_area


def test_a_thumb_is_saved(open_page: OpenPage, service: Service) -> None:
    """A thumb is kept with the answer and shown again; taking it back is kept too."""
    asked = answered(service, Question("Hello", start=True))
    page = open_page(c=asked.conversation_id)
    page.feedback[0].set_value(1).run()
    assert service.chat.message(asked.message_id).rating == 1
    page = open_page(c=asked.conversation_id)
    assert page.feedback[0].value == 1
    page.feedback[0].set_value(None).run()
    assert service.chat.message(asked.message_id).rating is None


def of_length(service: Service, questions: int) -> str:
    """A conversation in which the first question was asked and answered again and again."""
    first = answered(service, Question("Question", start=True))

    def repeat(cursor: DuckDBPyConnection) -> None:
        for table, renamed in REPEATED.items():
            cursor.execute(
                f"insert into {table} select * exclude (n) replace ({renamed}) from {table}, range(1, {questions}) t(n)"
            )

    service.database.write(repeat)
    return first.conversation_id


ANSWER_BEFORE = "(select id from messages where role = 'assistant') || case n when 1 then '' else '-' || (n - 1) end"
REPEATED = {
    "outcomes": "stream_id || '-' || n as stream_id",
    "starts": "stream_id || '-' || n as stream_id",
    "streams": "id || '-' || n as id, message_id || '-' || n as message_id, seq + 2 * n as seq",
    "messages": "id || '-' || n as id, seq + 2 * n as seq, trim(content || ' ' || n) as content, "
    f"case role when 'user' then {ANSWER_BEFORE} else parent_id || '-' || n end as parent_id",
}
