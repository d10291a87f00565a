"""The documents page: adding by every door, listing, tagging, asking about and removing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import added, click, said

NOTES = "The walnut press in Elder Lane grinds on Thursdays from nine to noon."


@pytest.fixture
def documents(visit: OpenPage) -> OpenPage:
    """Opens the documents page."""
    return lambda: visit("documents.py")


def rows(page: AppTest) -> str:
    return "\n".join(text.value for text in page.markdown)


def test_an_empty_library_says_what_to_do(documents: OpenPage) -> None:
    """Without documents the page says how to begin."""
    page = documents()
    assert not page.exception
    assert "There are no documents yet" in said(page)


@pytest.mark.parametrize("door", [0, 1], ids=["files", "folder"])
def test_files_are_added_and_listed(documents: OpenPage, service: Service, door: int) -> None:
    """Added files are listed with their passages once they are indexed, with the tags that were chosen."""
    page = documents()
    page.multiselect[0].set_value(["mills"])
    page.file_uploader[door].set_value([("walnuts.txt", NOTES.encode(), "text/plain")]).run()
    document = service.library.list()[0]
    service.library.wait(document.id, 60)
    page = page.run()
    assert "walnuts.txt · 1 KB · 1 passage · " in rows(page)
    assert ":gray-badge[mills]" in rows(page)


def test_text_is_pasted(documents: OpenPage, service: Service) -> None:
    """Pasted text becomes a document with its title and a link to where it comes from."""
    page = documents()
    page.text_input[0].set_value("The press")
    page.text_area[0].set_value(NOTES)
    page.text_input[1].set_value("https://example.org/press")
    page = click(page, "Add")
    document = service.library.list()[0]
    service.library.wait(document.id, 60)
    page = page.run()
    assert "**The press**" in rows(page)
    assert "[saved page](<https://example.org/press>)" in rows(page)
    assert not page.text_area[0].value


def test_text_that_cannot_be_taken_stays_in_the_form(documents: OpenPage, service: Service) -> None:
    """An address that is none is refused in a sentence, and what was pasted stays."""
    page = documents()
    page.text_area[0].set_value(NOTES)
    page.text_input[1].set_value("javascript:alert(1)")
    page = click(page, "Add")
    assert "The address must be one of a web page" in said(page)
    assert page.text_area[0].value == NOTES
    assert not service.library.list()


def test_what_cannot_be_read_is_refused(documents: OpenPage, service: Service) -> None:
    """What cannot be read is named in a sentence until that is dismissed, and the rest is added."""
    page = documents()
    files = [("broken.pdf", b"no PDF", "application/pdf"), ("walnuts.txt", NOTES.encode(), "text/plain")]
    page.file_uploader[0].set_value(files).run()
    assert "broken\\.pdf" in said(page) or "broken.pdf" in said(page)
    assert [document.filename for document in service.library.list()] == ["walnuts.txt"]
    assert "broken.pdf" in said(page.run())
    assert "broken.pdf" not in said(click(page, "Dismiss"))


def test_many_refusals_are_one_sentence(documents: OpenPage) -> None:
    """Files that are refused for the same reason are told of together."""
    page = documents()
    page.file_uploader[0].set_value([(f"{n}.exe", b"MZ", "application/x") for n in range(9)]).run()
    assert len(page.error) == 1
    assert "and 4 more" in page.error[0].value


def test_the_list_has_pages_and_is_searched(documents: OpenPage, service: Service) -> None:
    """Of many documents one page is shown, another on demand, and those whose title is looked for."""
    for number in range(30):
        added(service, f"note-{number:02}.txt", f"Note number {number}.")
    page = documents()
    assert rows(page).count("passage") == 25
    page.pagination[0].set_value(2).run()
    assert rows(page).count("passage") == 5
    page.text_input(key="find").set_value("note-07").run()
    assert rows(page).count("passage") == 1
    page.text_input(key="find").set_value("nowhere").run()
    assert rows(page).count("passage") == 0


def test_tags_are_edited_in_place(documents: OpenPage, service: Service) -> None:
    """A document is given tags in its row, and they are kept."""
    document = added(service, "walnuts.txt", NOTES)
    page = click(documents(), "tags-")
    page.multiselect(key=f"tags-of-{document.id}").set_value(["mills", "old"]).run()
    assert set(service.library.get(document.id).tags) == {"mills", "old"}
    assert ":gray-badge[mills]" in rows(click(page, "Done"))


def test_a_tag_that_cannot_be_taken_is_said(documents: OpenPage, service: Service) -> None:
    """A tag that is too long is refused in a sentence."""
    document = added(service, "walnuts.txt", NOTES)
    page = click(documents(), "tags-")
    page.multiselect(key=f"tags-of-{document.id}").set_value(["x" * 300]).run()
    assert not page.exception
    assert "A tag may have up to" in said(page)


def test_a_failed_document_says_why_and_is_tried_again(documents: OpenPage, service: Service) -> None:
    """A document that could not be read shows the reason, and Try again reads it once more."""
    document = added(service, "broken.pdf", "%PDF-1.7 and nothing else")
    assert document.status == "failed"
    page = documents()
    assert document.error and document.error[:20] in said(page)
    page = click(page, "try-")
    assert not page.exception
    assert service.library.wait(document.id, 60).status == "failed"


def test_a_document_is_asked_about(documents: OpenPage, service: Service) -> None:
    """Ask about this opens a new conversation that searches the one document."""
    added(service, "walnuts.txt", NOTES)
    page = click(documents(), "ask-")
    assert page.title[0].value == "Ask your documents"
    assert "questions search walnuts alone" in said(page)


def test_a_document_is_not_removed_unasked(documents: OpenPage, service: Service) -> None:
    """Remove asks first and says what it means; then the document is gone."""
    added(service, "walnuts.txt", NOTES)
    page = click(documents(), "remove-")
    assert "**walnuts** will no longer be searched." in rows(page)
    assert len(service.library.list()) == 1
    page = click(page, "confirm-keep")
    assert "no longer be searched" not in rows(page)
    page = click(click(page, "remove-"), "confirm-remove")
    assert not service.library.list()
    assert "There are no documents yet" in said(page)
