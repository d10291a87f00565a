"""The search page: what is found, filtered, opened and asked about."""

from __future__ import annotations

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import added, captions, click, said, words

PRESS = "The walnut press in Elder Lane grinds on Thursdays from nine to noon."
FERRY = "The ferry to Gull Point sails every hour, and the walnut press is seen from it."


def search(page: AppTest, query: str) -> AppTest:
    return page.text_input(key="q").set_value(query).run()


@pytest.fixture
def page(visit: OpenPage, service: Service) -> AppTest:
    """The page, with two documents to search."""
    added(service, "walnuts.txt", PRESS, tags=("mills",))
    added(service, "ferry.txt", FERRY, tags=("boats",))
    return visit("search.py")


def test_without_documents_there_is_nothing_to_search(visit: OpenPage) -> None:
    """An empty library says what to do, and where."""
    page = visit("search.py")
    assert not page.exception
    assert "Add documents first" in said(page)
    assert not page.text_input


def test_what_is_found_is_marked(page: AppTest) -> None:
    """A result shows its title, the words that were searched for, and where it opens."""
    page = search(page, "walnut press grinds")
    assert "<mark>walnut</mark> <mark>press</mark>" in words(page)
    assert 'href="source?passage=' in words(page)
    assert " passages of 2 · " in captions(page)
    assert "rank 1 · score" in captions(page)


def test_the_address_holds_the_query(visit: OpenPage, service: Service) -> None:
    """A query that stands in the address is searched for."""
    added(service, "walnuts.txt", PRESS)
    page = visit("search.py", q="walnut press grinds")
    assert "<mark>walnut</mark>" in words(page)


def test_nothing_found_is_said(page: AppTest) -> None:
    """When no passage fits, a sentence says so and what to try."""
    page = search(page, "zebra crossing in Zanzibar")
    assert "No passage fits this. Use other words." in said(page)


@pytest.mark.parametrize("choose", ["in-documents", "in-tags"])
def test_filters_leave_out_the_rest(page: AppTest, service: Service, choose: str) -> None:
    """Chosen documents or tags alone are searched."""
    ferry = next(document for document in service.library.list() if document.filename == "ferry.txt")
    page.session_state[choose] = [ferry.id] if choose == "in-documents" else ["boats"]
    page = search(page, "walnut press")
    assert "Elder Lane" not in words(page)
    assert "sails every hour" in words(page)


def test_dates_leave_out_the_rest(page: AppTest) -> None:
    """What was added later is not searched when it is not wanted, and the page hints at the filter."""
    page.session_state["until"] = date(2020, 1, 1)
    page = search(page, "walnut press")
    assert "Take a filter away" in said(page)


def test_a_result_can_be_asked_about(page: AppTest) -> None:
    """Ask about this opens a new conversation that searches the document alone, the query in its input."""
    page = click(search(page, "ferry to Gull Point sails"), "ask-")
    assert page.title[0].value == "Ask your documents"
    assert "questions search ferry alone" in said(page)
    assert page.chat_input[0].proto.value == "ferry to Gull Point sails"


def test_a_hostile_document_stays_text(visit: OpenPage, service: Service) -> None:
    """Markup in a document is shown and not obeyed."""
    added(service, "hostile.txt", f"{PRESS} <script>alert(1)</script> <mark>walnut</mark>")
    page = search(visit("search.py"), "walnut press grinds")
    assert "<script" not in words(page)
    assert "&lt;script&gt;" in words(page)
