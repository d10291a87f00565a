"""Notebooks in a browser: read, edited, run, in two tabs, and taken home."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import OpenChat
from tests.browser.models import CITES, NO_KEY
from tests.support.server import Server, wait_for


@pytest.fixture(scope="module")
def asked(site: Server) -> None:
    """A question that was answered and one that was not, to be counted."""
    _ask(site, CITES, "done")
    _ask(site, NO_KEY, "error")


def _ask(site: Server, model: str, status: str) -> None:
    body = {"content": "When is the bakery closed?", "model": model, "start": True}
    conversation = httpx.post(f"{site.url}/api/conversations", json=body, timeout=60).json()["conversation_id"]

    def ended() -> bool:
        messages = httpx.get(f"{site.url}/api/conversations/{conversation}/messages", timeout=60).json()["messages"]
        return bool(messages[-1]["status"] == status)

    wait_for(ended, 60, "it is not answered")


@pytest.fixture
def empty(chat: ChatPage) -> ChatPage:
    """A tab with a new notebook."""
    chat.open("/notebook")
    chat.click("New notebook")
    expect(chat.page.get_by_text("This notebook is empty")).to_be_visible()
    return chat


def add(chat: ChatPage, kind: str) -> None:
    """Adds a cell at the end."""
    chat.page.locator(f".st-key-add-{kind} button").click()


def cells(page: Page, kind: str) -> Locator:
    return page.locator(f"[class*='st-key-{kind}-cell-']")


def editor(page: Page, name: str) -> Locator:
    """The editor of a query."""
    return page.get_by_role("textbox", name=f"Query {name}", exact=True)


def write(page: Page, name: str, sql: str) -> None:
    """Writes a query and runs it."""
    editor(page, name).fill(sql)
    editor(page, name).press("Control+Enter")


def test_a_ready_made_notebook_is_read_and_follows_its_inputs(chat: ChatPage, asked: None) -> None:
    """Opening one runs it; its tables and charts come by themselves, follow an input, and are there after a reload."""
    page = chat.page
    chat.open("/notebook")
    page.locator(".st-key-ready-0 button").click()
    totals = cells(page, "sql").first
    expect(totals.get_by_text("1 row ·")).to_be_visible()
    expect(cells(page, "chart").first.locator(".vega-embed svg, .vega-embed canvas")).to_be_visible()
    expect(page.get_by_role("textbox", name="Query", exact=False)).to_have_count(0)
    by_model = cells(page, "sql").nth(1)
    expect(by_model.get_by_text(re.compile("^[0-9]+ rows ·"))).to_be_visible()
    model = page.get_by_role("combobox", name="Model")
    model.click()
    page.get_by_role("option", name=NO_KEY).click()
    expect(by_model.get_by_text("1 row ·")).to_be_visible()
    chat.reload()
    expect(by_model.get_by_text("1 row ·")).to_be_visible()
    expect(model).to_have_value(NO_KEY)
    expect(page.get_by_role("textbox", name="Query", exact=False)).to_have_count(0)
    chat.expect_nothing_leaked()


def test_queries_are_written_and_run_where_they_stand(empty: ChatPage) -> None:
    """A query is completed, coloured, run, depended on; what fails or goes in a circle says so at its cell."""
    page = empty.page
    add(empty, "sql")
    editor(page, "query_1").click()
    page.keyboard.type("select 6 * 7 as answer, range as n\nfrom ran", delay=20)
    page.keyboard.type("ge(1234)", delay=20)
    expect(cells(page, "sql").locator(".keyword", has_text="select")).to_be_visible()
    page.keyboard.press("Control+Enter")
    first, second = cells(page, "sql").nth(0), cells(page, "sql").nth(1)
    expect(first.get_by_text("1,234 rows ·")).to_be_visible()
    add(empty, "sql")
    editor(page, "query_2").click()
    page.keyboard.type("select sum(answer) as total from que", delay=20)
    expect(second.locator("li", has_text="query_1")).to_be_visible()
    page.keyboard.press("Tab")
    expect(editor(page, "query_2")).to_have_value("select sum(answer) as total from query_1")
    page.keyboard.press("Control+Enter")
    expect(second.get_by_text("1 row ·")).to_be_visible()
    write(page, "query_1", "select nope")
    expect(first.get_by_test_id("stAlert")).to_contain_text("nope")
    expect(second.get_by_test_id("stAlert")).to_contain_text("query_1")
    write(page, "query_1", "from query_2")
    expect(first.get_by_test_id("stAlert")).to_contain_text("query_2")
    expect(second.get_by_test_id("stAlert")).to_contain_text("query_1")
    empty.reload()
    expect(first.get_by_test_id("stAlert")).to_contain_text("query_2")
    expect(editor(page, "query_1")).to_have_value("from query_2")


def test_two_tabs_show_the_same_and_lose_no_letter(empty: ChatPage, open_chat: OpenChat) -> None:
    """What is typed in one tab appears in the other, half written too, and typing goes on while cells change."""
    page = empty.page
    add(empty, "sql")
    add(empty, "sql")
    expect(editor(page, "query_2")).to_be_visible()
    other = open_chat()
    other.open(page.url.removeprefix(empty.url))
    write(page, "query_1", "select 1 as one")
    editor(page, "query_2").click()
    text = "select one + 1 as two from query_1 where one = 1 and one < 3"
    page.keyboard.type(text, delay=40)
    expect(editor(page, "query_2")).to_have_value(text)
    expect(editor(page, "query_2")).to_be_focused()
    expect(cells(page, "sql").first.get_by_text("1 row ·")).to_be_visible()
    expect(editor(other.page, "query_1")).to_have_value("select 1 as one")
    expect(editor(other.page, "query_2")).to_have_value(text)
    expect(cells(other.page, "sql").first.get_by_text("1 row ·")).to_be_visible()


def test_a_chart_follows_its_specification_and_a_result_is_taken_home(empty: ChatPage, tmp_path: Path) -> None:
    """The specification is edited as text, errors are said there, and a download has the whole result."""
    page = empty.page
    add(empty, "sql")
    write(page, "query_1", "select range as n, range * range as square from range(300)")
    table = cells(page, "sql").first
    expect(table.get_by_text("300 rows ·")).to_be_visible()
    add(empty, "chart")
    drawn = cells(page, "chart").first
    expect(drawn.locator(".vega-embed svg, .vega-embed canvas")).to_be_visible()
    drawn.get_by_text("Specification", exact=True).click()
    text = page.get_by_role("textbox", name="Vega-Lite specification")
    expect(text).to_have_value(re.compile('"mark"'))
    text.fill('{"mark": "image"}')
    text.press("Control+Enter")
    expect(drawn.get_by_test_id("stAlert")).to_contain_text("image")
    text.fill('{"title": "Squares", "mark": "point", "encoding": {"x": {"field": "n", "type": "quantitative"}}}')
    text.press("Control+Enter")
    expect(drawn.get_by_test_id("stAlert")).to_have_count(0)
    expect(drawn.locator(".vega-embed").get_by_text("Squares")).to_be_visible()
    empty.settle()
    with page.expect_download() as taken:
        table.get_by_role("button", name="CSV", exact=True).click()
    file = tmp_path / "taken.csv"
    taken.value.save_as(file)
    assert file.read_text().splitlines()[:2] == ["n,square", "0,0"]
    assert len(file.read_text().splitlines()) == 301


def test_cells_are_moved_deleted_and_put_back(empty: ChatPage) -> None:
    """The menu of a cell changes its place, adds another below it, and what was deleted comes back where it was."""
    page = empty.page
    add(empty, "sql")
    write(page, "query_1", "select 1 as one")
    expect(cells(page, "sql").first.get_by_text("1 row ·")).to_be_visible()
    add(empty, "input")
    choose(page, cells(page, "input").first, "Move up")
    both = page.locator("[class*='st-key-sql-cell-'], [class*='st-key-input-cell-']")
    expect(both.first).to_contain_text("$input_1")
    choose(page, cells(page, "sql").first, "Delete")
    expect(cells(page, "sql")).to_have_count(0)
    page.locator(".st-key-undo-cell button").click()
    expect(editor(page, "query_1")).to_have_value("select 1 as one")
    choose(page, cells(page, "input").first, "Add Text below")
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_be_visible()
    expect(both.last).to_contain_text("1 row ·")


def choose(page: Page, cell: Locator, deed: str) -> None:
    """Chooses from the menu of a cell."""
    cell.get_by_role("button", name="Move, add, delete").click()
    page.get_by_role("menuitem", name=deed).click()


def test_a_notebook_is_taken_out_and_brought_in_again(empty: ChatPage, tmp_path: Path) -> None:
    """The file that a notebook exports becomes another notebook with the same cells."""
    page = empty.page
    add(empty, "sql")
    write(page, "query_1", "select 42 as answer")
    expect(cells(page, "sql").first.get_by_text("1 row ·")).to_be_visible()
    empty.settle()
    page.get_by_role("button", name="Rename, copy, export, delete").click()
    expect(empty.button("Download")).to_be_visible()
    empty.settle()
    with page.expect_download() as taken:
        empty.button("Download").click()
    file = tmp_path / "taken.sql"
    taken.value.save_as(file)
    assert "select 42 as answer" in file.read_text()
    empty.open("/notebook")
    empty.click("Import")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(editor(page, "query_1")).to_have_value("select 42 as answer")
    empty.reload()
    expect(editor(page, "query_1")).to_have_value("select 42 as answer")


def test_a_click_beside_a_notebook_that_runs_is_alone(empty: ChatPage) -> None:
    """A look at what runs, sent with it, would bring back the page that it leaves; it comes some seconds later."""
    page, sent = empty.page, list[str]()
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(socket.url)))
    page.reload()
    add(empty, "sql")
    write(page, "query_1", "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7")
    expect(cells(page, "sql").first.get_by_role("button", name="Stop")).to_be_visible()
    looks = len(sent)
    wait_for(lambda: page.wait_for_timeout(100) or len(sent) > looks + 2, 20, "nobody looks")
    empty.sidebar.get_by_text("Conversations", exact=True).click()
    page.wait_for_timeout(700)  # What was sent already is answered.
    looks = len(sent)
    page.wait_for_timeout(1_500)
    assert len(sent) <= looks + 2  # The list of conversations is looked at too.
    wait_for(lambda: page.wait_for_timeout(100) or len(sent) > looks + 4, 20, "nobody looks any more")
    page.locator(".st-key-stop-all button").click()
    expect(cells(page, "sql").first.get_by_role("button", name="Run")).to_be_visible()
