"""The documents page: adding, listing and removing."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import click, said

NOTES = b"The walnut press in Elder Lane grinds on Thursdays from nine to noon."


def documents(open_page: OpenPage) -> AppTest:
    return open_page().switch_page("documents.py").run()


def test_an_empty_library_says_what_to_do(open_page: OpenPage) -> None:
    """Without documents the page says how to begin."""
    page = documents(open_page)
    assert not page.exception
    assert "There are no documents yet" in said(page)


def test_a_document_is_added_and_listed(open_page: OpenPage, service: Service) -> None:
    """An added file is listed with its passages once it is indexed."""
    page = documents(open_page)
    page.file_uploader[0].set_value([("walnuts.txt", NOTES, "text/plain")]).run()
    document = service.library.list()[0]
    service.library.wait(document.id, 60)
    assert "walnuts.txt · 1 KB · 1 passages" in "\n".join(text.value for text in page.run().markdown)


def test_a_file_that_cannot_be_read_is_refused(open_page: OpenPage, service: Service) -> None:
    """What cannot be read is named in a sentence, and the rest is added."""
    page = documents(open_page)
    files = [("broken.pdf", b"no PDF", "application/pdf"), ("walnuts.txt", NOTES, "text/plain")]
    page.file_uploader[0].set_value(files).run()
    assert "broken.pdf" in said(page)
    assert [document.filename for document in service.library.list()] == ["walnuts.txt"]
    assert "broken.pdf" not in said(page.run())


def test_a_document_is_not_removed_unasked(open_page: OpenPage, service: Service) -> None:
    """Remove asks first, and says what it means."""
    document, _ = service.library.add("walnuts.txt", NOTES)
    service.library.wait(document.id, 60)
    page = click(documents(open_page), "remove-")
    assert "**walnuts** will no longer be searched." in "\n".join(text.value for text in page.markdown)
    assert {"Remove", "Keep"} <= {button.label for button in page.button}
    assert [found.id for found in service.library.list()] == [document.id]
