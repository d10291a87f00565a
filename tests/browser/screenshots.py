"""Takes pictures of the pages: `python -m tests.browser.screenshots OUTDIR`.

Each is taken wide and narrow, light and dark: empty, streaming, finished with sources, failing, a source in its
surroundings and on its page, searching, documents, the history, a replay.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chat_page import PATIENCE, ChatPage, launch
from tests.browser.conftest import await_samples
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import Act, Step, answer, text
from tests.support.server import Server

WIDTHS = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}
QUESTION = "When is the bakery closed, and what does the ferry cost for a child?"
ANSWER = (
    "The **Tide and Crumb** bakery is closed on Mondays [{bakery}]. On the other days it opens early, so come "
    "before the first boat.\n\n"
    "For the ferry *Grey Heron* the fares are [{ferry}]:\n\n"
    "| Passenger | Single ticket |\n|---|---|\n| Adult | 12 crowns |\n| Child under 14 | 5 crowns |\n\n"
    "Tickets are sold on board, so there is no need to book."
)
MODELS = {"finished": "demo/answers", "streaming": "demo/writes", "failing": "demo/breaks"}


def main() -> None:
    """Takes every picture."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with FakeOpenRouter() as fake, tempfile.TemporaryDirectory() as data:
        offer(fake)
        env = {"THROUGHLINE_MODEL": MODELS["finished"]}
        with Server(Path(data) / "data", fake.base_url, env=env, embeddings=True) as server, sync_playwright() as tools:
            await_samples(server, 120)
            script(fake, ANSWER.format(bakery=mark(server, "closed on Mondays"), ferry=mark(server, "child")))
            browser = launch(tools)
            for scheme, width in product(("light", "dark"), WIDTHS):
                take(browser, server, folder, scheme, width)


def offer(fake: FakeOpenRouter) -> None:
    """Has the model's side offer one model for each kind of answer."""
    sample = fake.catalogue[0]
    fake.catalogue = [{**sample, "id": model, "name": model} for model in MODELS.values()]


def mark(server: Server, words: str) -> int:
    """The mark of the best passage that holds these words."""
    found = httpx.get(f"{server.url}/api/search", params={"q": QUESTION, "k": 6}, timeout=120).json()["passages"]
    return next(number for number, passage in enumerate(found, 1) if words in passage["text"])


def script(fake: FakeOpenRouter, whole: str) -> None:
    """Has one model give the whole answer, one pause in it, and one break off."""
    words = [word + " " for word in whole.split(" ")]
    written: list[Step] = [*map(text, words[:55]), Act.HOLD]
    fake.script(MODELS["finished"], answer(*words))
    fake.script(MODELS["streaming"], written)
    fake.script(MODELS["failing"], [*map(text, words[:30]), Act.CUT])


def take(browser: Browser, server: Server, folder: Path, scheme: str, width: str) -> None:
    """Takes the pictures of one size and one colour scheme."""
    context = browser.new_context(viewport=WIDTHS[width], color_scheme=scheme)  # type: ignore[arg-type]
    chat = ChatPage(context.new_page(), server.url)

    def picture(name: str) -> None:
        chat.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", animations="disabled")

    chat.open()
    chat.settle()
    chat.input.wait_for()
    picture("empty")
    chat.open("/documents")
    expect(chat.page.get_by_text("lighthouse.pdf")).to_be_visible()
    chat.settle()
    picture("documents")
    chat.open("/search?q=lighthouse keepers")
    expect(chat.page.locator("mark").first).to_be_visible()
    chat.settle()
    picture("search")
    page = chat.open_beside(chat.page.locator(".place a", has_text="lighthouse").first)
    expect(page.get_by_test_id("stImage").locator("img")).to_be_visible()
    page.screenshot(path=folder / f"page-{width}-{scheme}.png", animations="disabled")
    for name, model in MODELS.items():
        asked = begin(server, model)
        chat.open(f"/?c={asked['conversation_id']}")
        if name == "streaming":
            chat.wait_for_answer()
            chat.button("Stop").wait_for()
            chat.button("New conversation").wait_for(state="attached")
            expect(chat.page.get_by_test_id("stSkeleton")).to_have_count(0)
            picture(name)
            chat.stop()
        chat.wait_until_finished()
        if name != "streaming":
            picture(name)
        if name == "finished":
            chat.messages.last.get_by_role("button", name="bakery").click()
            expect(chat.page.get_by_test_id("stPopoverBody")).to_be_visible()
            picture("source")
            source = chat.open_beside(chat.page.get_by_role("link", name="Open in the document"))
            expect(source.locator(".quote")).to_be_visible()
            source.screenshot(path=folder / f"surroundings-{width}-{scheme}.png", animations="disabled")
            chat.open(f"/history?replay={asked['conversation_id']}")
            chat.page.get_by_role("button", name="The next message").click(click_count=2)
            picture("replay")
            chat.open("/history?q=ferry fares")
            expect(chat.page.locator("mark").first).to_be_visible()
            chat.settle()
            picture("history")
    context.close()


def begin(server: Server, model: str) -> dict[str, str]:
    """Asks the question."""
    body = {"content": QUESTION, "model": model, "start": True}
    response = httpx.post(f"{server.url}/api/conversations", json=body, timeout=60)
    response.raise_for_status()
    asked: dict[str, str] = response.json()
    return asked


if __name__ == "__main__":
    main()
