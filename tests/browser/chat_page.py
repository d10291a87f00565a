"""The app as a person uses it in a browser: small verbs over Playwright."""

from __future__ import annotations

import re
import shutil
from typing import Any

import httpx
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.support.server import wait_for

PATIENCE = 90_000
"""Milliseconds; the machine may be busy with other things."""

_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# What an earlier run of the page showed stands there, marked as stale, until the present run replaces it.
_ANSWERS = """() => [...document.querySelectorAll('[data-testid=stChatMessage]')].map(message =>
    [...message.querySelectorAll('.stMarkdown')].filter(text =>
        !text.closest('[data-testid=stExpander], [data-stale=true]') &&
        !text.querySelector('[data-testid=stCaptionContainer]')
    ).map(text => text.innerText).join('\\n'))"""


class ChatPage:
    """One tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.messages = page.get_by_test_id("stChatMessage")
        self.input = page.get_by_test_id("stChatInput").locator("textarea")
        self.sidebar = page.get_by_test_id("stSidebar")
        self.alerts = page.get_by_test_id("stAlert")
        page.set_default_timeout(PATIENCE)

    # Going somewhere

    def open(self, path: str = "/") -> ChatPage:
        """Goes to an address of the app, as by a link."""
        self.page.goto(self.url + path)
        return self

    def reload(self) -> None:
        """Reloads the tab."""
        self.page.reload()

    def settle(self) -> None:
        """Waits until the page's run has ended."""
        self.page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()

    @property
    def conversation_id(self) -> str:
        """The conversation that the address names."""
        found = re.search(r"[?&]c=(\w+)", self.page.url)
        assert found, self.page.url
        return found.group(1)

    # Doing something

    def choose_model(self, model: str) -> None:
        """Chooses what answers, from the list below the input."""
        self.settle()
        picker = self.page.get_by_test_id("stSelectbox").locator("input")
        picker.click()
        picker.fill(model)
        self.page.get_by_role("option", name=model).first.click()
        expect(picker).to_have_value(re.compile(re.escape(model)))
        self.settle()

    def ask(self, question: str) -> None:
        """Types a question and sends it; back when it is shown."""
        expect(self.input).to_be_enabled()
        shown = self.messages.count()
        self.input.fill(question)
        self.input.press("Enter")
        expect(self.messages).to_have_count(shown + 2)

    def begin(self, question: str, model: str) -> None:
        """Asks a model the first question of a new conversation."""
        self.open()
        self.choose_model(model)
        self.ask(question)

    def click(self, name: str) -> None:
        """Clicks the last button of that name."""
        self.button(name).last.click()

    def stop(self) -> None:
        """Clicks Stop."""
        self.click("Stop")

    def open_beside(self, link: Locator) -> Page:
        """Clicks a link that opens in a tab of its own, and gives that."""
        with self.page.context.expect_page() as opened:
            link.click()
        return opened.value

    def open_menu(self) -> None:
        """Opens what can be done with the conversation."""
        self.page.get_by_test_id("stPopover").filter(has_text="more_horiz").locator("button").filter(
            visible=True
        ).click()

    def go_to_conversation(self, title: str) -> None:
        """Clicks a conversation in the list."""
        self.page.mouse.move(0, 0)  # What the pointer rests on has a tooltip, which lies over its neighbours.
        expect(self.page.get_by_role("tooltip")).to_have_count(0)
        self.sidebar.get_by_role("button", name=title).click()

    def button(self, name: str, within: Locator | None = None) -> Locator:
        """Buttons by what they say."""
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def icon(self, key: str) -> Locator:
        """Buttons that show an icon alone, by the beginning of their key."""
        return self.page.locator(f"[class*='st-key-{key}'] button").filter(visible=True)

    # Seeing something

    def texts(self) -> list[str]:
        """Each message's own text, as it is visible now."""
        found: list[str] = self.page.evaluate(_ANSWERS)
        return found

    def visible_answer(self) -> str:
        """The last message's own text, as it is visible now."""
        texts = self.texts()
        return texts[-1] if texts else ""

    def wait_for_answer(self, characters: int = 150) -> str:
        """Waits until that much of the last message is visible, and gives it."""
        long_enough = f"() => [({_ANSWERS})().at(-1)].find(text => text?.length >= {characters})"
        return str(self.page.wait_for_function(long_enough, timeout=PATIENCE).json_value())

    def wait_until_finished(self, patience: float = PATIENCE) -> str:
        """Waits until the last message is complete, and gives its text."""
        # While one run's elements take the place of another's, both may be there.
        expect(self.button("Regenerate", self.messages.last)).to_have_count(1, timeout=patience)
        expect(self.button("Stop")).to_have_count(0)
        self.settle()
        return self.visible_answer()

    def expect_said(self, sentence: str) -> None:
        """Waits until a box says so."""
        expect(self.alerts.filter(has_text=sentence).last).to_be_visible(timeout=PATIENCE)

    def expect_nothing_leaked(self) -> None:
        """No traceback, no key."""
        shown = self.page.locator("body").inner_text()
        assert "Traceback" not in shown
        assert "sk-test" not in shown

    # What the server has

    def saved(self) -> dict[str, Any]:
        """The newest message of the conversation, as the API has it."""
        messages = httpx.get(f"{self.url}/api/conversations/{self.conversation_id}/messages", timeout=60).json()
        newest: dict[str, Any] = messages["messages"][-1]
        return newest

    def wait_until_saved(self) -> None:
        """Waits until the newest message is closed, whatever the page shows."""
        wait_for(lambda: self.saved()["status"] not in ("pending", "streaming"), PATIENCE / 1000, "it is not closed")

    def saved_text(self, stream_id: str) -> str:
        """What is saved of a stream."""
        return str(httpx.get(f"{self.url}/api/streams/{stream_id}", timeout=60).json()["text"])


def launch(playwright: Playwright) -> Browser:
    """The browser of this machine."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ARGUMENTS)


def letters(text: str) -> str:
    """A text without blanks and without what Markdown turns into looks, so that it compares with what is visible."""
    return re.sub(r"[\s#*-]+", "", text)
