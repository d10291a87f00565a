"""Which documents a conversation searches: chosen before and while it runs, and shown."""

from __future__ import annotations

from core.questions import Question
from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import added, answered, ask, said

PRESS = "The walnut press in Elder Lane grinds on Thursdays from nine to noon."
FERRY = "The ferry to Gull Point sails every hour, and the walnut press is seen from it."


def test_an_address_limits_a_new_conversation(open_page: OpenPage, service: Service) -> None:
    """A conversation begun at an address with a document searches that alone, also for later questions."""
    ferry = added(service, "ferry.txt", FERRY)
    added(service, "walnuts.txt", PRESS)
    page = open_page(d=ferry.id)
    assert "questions search ferry alone" in said(page)
    page = ask(ask(page, "When does the walnut press grind?"), "And the walnut press in Elder Lane?")
    conversation = service.chat.conversations()[0]
    assert conversation.document_ids == (ferry.id,)
    answers = service.chat.messages(conversation.id)[1::2]
    assert {source.document_id for answer in answers for source in answer.sources} == {ferry.id}


def test_documents_can_be_left_out(open_page: OpenPage, service: Service) -> None:
    """With No documents a question is answered without a search, and the page remembers that for the next."""
    added(service, "walnuts.txt", PRESS)
    page = open_page()
    page.radio[0].set_value("No documents").run()
    page = ask(page, "When does the walnut press grind?")
    conversation = service.chat.conversations()[0]
    message = service.chat.messages(conversation.id)[-1]
    assert not message.sources
    assert open_page(c=conversation.id).radio[0].value == "No documents"


def test_a_running_conversation_shows_what_it_searches(open_page: OpenPage, service: Service) -> None:
    """What was asked through the API within some documents is shown as such."""
    both = added(service, "ferry.txt", FERRY).id, added(service, "walnuts.txt", PRESS).id
    asked = answered(service, Question("When does the press grind?", document_ids=both, start=True))
    assert open_page(c=asked.conversation_id).radio[0].value == "Only some"


def test_a_new_conversation_searches_everything(open_page: OpenPage, service: Service) -> None:
    """A choice belongs to one conversation."""
    added(service, "walnuts.txt", PRESS)
    page = open_page()
    page.radio[0].set_value("No documents").run()
    page = next(button for button in page.sidebar.button if button.label == "New conversation").click().run()
    assert page.radio[0].value == "All documents"


def test_documents_are_chosen_by_name_and_tag(open_page: OpenPage, service: Service) -> None:
    """What is chosen by name and what has a chosen tag are searched, and nothing else."""
    added(service, "other.txt", f"{PRESS} Not this one.")
    both = {added(service, "ferry.txt", FERRY).id, added(service, "walnuts.txt", PRESS, tags=("mills",)).id}
    page = open_page()
    page.radio[0].set_value("Only some").run()
    ferry = next(document for document in service.library.list() if document.filename == "ferry.txt")
    page.multiselect[0].set_value([ferry.id])
    page.multiselect[1].set_value(["mills"]).run()
    page = ask(page, "When does the walnut press grind?")
    assert set(service.chat.conversations()[0].document_ids or ()) == both


def test_a_limited_conversation_can_search_everything_again(open_page: OpenPage, service: Service) -> None:
    """All documents means all, also where the conversation began with one."""
    ferry, press = added(service, "ferry.txt", FERRY), added(service, "walnuts.txt", PRESS)
    page = ask(open_page(d=ferry.id), "When does the walnut press grind?")
    page.radio[0].set_value("All documents").run()
    ask(page, "When does the walnut press in Elder Lane grind?")
    newest = service.chat.messages(service.chat.conversations()[0].id)[-1]
    assert press.id in {source.document_id for source in newest.sources}
    assert open_page(c=service.chat.conversations()[0].id).radio[0].value == "All documents"


def test_a_tag_means_what_has_it_when_it_is_asked(open_page: OpenPage, service: Service) -> None:
    """What is given the tag later is searched by later questions."""
    press = added(service, "walnuts.txt", PRESS, tags=("mills",))
    page = open_page()
    page.radio[0].set_value("Only some").run()
    page.multiselect[1].set_value(["mills"]).run()
    page = ask(page, "When does the walnut press grind?")
    ferry = added(service, "ferry.txt", FERRY, tags=("mills",))
    assert page.multiselect[1].value == ["mills"]
    ask(page, "And when does the ferry to Gull Point sail?")
    answers = service.chat.messages(service.chat.conversations()[0].id)[1::2]
    streams = [service.streams.get(answer.stream_id or "") for answer in answers]
    assert [stream and stream.document_ids for stream in streams] == [(press.id,), (ferry.id, press.id)]


def test_a_tag_is_shown_again(open_page: OpenPage, service: Service) -> None:
    """Who opens a conversation anew, also after an answer was regenerated, sees the tag and the documents beside it."""
    other = added(service, "other.txt", f"{PRESS} Not this one.")
    added(service, "walnuts.txt", PRESS, tags=("mills",))
    page = open_page()
    page.radio[0].set_value("Only some").run()
    page.multiselect[0].set_value([other.id])
    page.multiselect[1].set_value(["mills"]).run()
    ask(page, "When does the walnut press grind?")
    conversation = service.chat.conversations()[0].id
    added(service, "ferry.txt", FERRY, tags=("mills",))
    again = open_page(c=conversation)
    assert (again.multiselect[0].value, again.multiselect[1].value) == ([other.id], ["mills"])
    answer = service.chat.messages(conversation)[-1].id
    for _ in service.follower.follow(service.chat.regenerate(answer, start=True).stream_id):
        pass
    assert open_page(c=conversation).multiselect[1].value == ["mills"]
