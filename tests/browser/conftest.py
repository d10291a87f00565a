"""One server, one model's side and one browser serve all these tests; each test has its own tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, expect, sync_playwright

from tests.browser.chat_page import PATIENCE, ChatPage, launch
from tests.browser.models import STREAMS, offer
from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import Server, wait_for

expect.set_options(timeout=PATIENCE)
OpenChat = Callable[..., ChatPage]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Lets a fixture know whether its test failed."""
    report: Any = yield
    setattr(item, f"report_{report.when}", report)
    return report


@pytest.fixture(scope="package")
def upstream() -> Iterator[FakeOpenRouter]:
    """The model's side."""
    with FakeOpenRouter() as fake:
        offer(fake)
        yield fake


@pytest.fixture(scope="package")
def site(upstream: FakeOpenRouter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with its sample documents indexed."""
    with Server(tmp_path_factory.mktemp("site") / "data", upstream.base_url) as server:
        await_samples(server)
        httpx.get(f"{server.url}/api/models", timeout=60)
        yield server


@pytest.fixture(scope="module")
def mortal(upstream: FakeOpenRouter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests may kill and start again; they leave it running."""
    env = {"THROUGHLINE_MODEL": STREAMS}
    with Server(tmp_path_factory.mktemp("mortal") / "data", upstream.base_url, env=env) as server:
        httpx.get(f"{server.url}/api/models", timeout=60)
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def open_chat(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenChat]:
    """Opens a tab, each in a fresh browser context; when the test fails, every tab is photographed."""
    contexts: list[BrowserContext] = []

    def open_one(server: Server | None = None, **options: Any) -> ChatPage:
        url = (server or request.getfixturevalue("site")).url
        contexts.append(
            browser.new_context(viewport=options.pop("viewport", {"width": 1280, "height": 900}), **options)
        )
        return ChatPage(contexts[-1].new_page(), url)

    yield open_one
    report = getattr(request.node, "report_call", None)
    if report is not None and report.failed:
        _photograph(contexts, tmp_path)
    for context in contexts:
        context.close()


@pytest.fixture
def chat(site: Server, open_chat: OpenChat) -> ChatPage:
    """A tab on the shared server."""
    return open_chat(site)


def await_samples(server: Server, patience: float = 150.0) -> None:
    """Waits until the sample documents are indexed."""

    def indexed() -> bool:
        documents = httpx.get(f"{server.url}/api/documents", timeout=60).json()["documents"]
        return bool(documents) and all(document["status"] == "ready" for document in documents)

    wait_for(indexed, patience, "the samples are not indexed")


def _photograph(contexts: list[BrowserContext], folder: Path) -> None:
    for number, page in enumerate(page for context in contexts for page in context.pages):
        picture = folder / f"tab-{number}.png"
        try:
            page.screenshot(path=picture, timeout=10_000)
        except Error as error:
            print(f"no picture of {page.url}: {error}")
        else:
            print(f"{page.url} looks like {picture}")
