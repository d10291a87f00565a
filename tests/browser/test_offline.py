"""The file that replays a conversation, opened from disk: the browser's clock is in the test's hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.exchange.exports.html import write as exported
from core.ids import new_id
from core.models import Citation, Outcome, Role, Status, Trace
from core.sharing.offline import page as written
from core.store.saved import SavedConversation, SavedMessage, SavedStream

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
QUESTION, PAUSE = 1_200, 800
"""How long a question and the end of an answer are left to be read, in ms."""
NASTY = (
    "</script><script>alert(1)</script> <img src=https://evil.example/x.png onerror=alert(1)> "
    "![p](https://evil.example/p.png) [j](javascript:alert(1)) \u202eesrever\u2028 [1]"
)
FIRST = "**The** moon [1], says the *book*."
SECOND = "| sun | moon |\n|:--|--:|\n| 1 | 2 |\n\n- far\n- near\n\n```\ncode\n```\n\nAnd 🌊 it ends."

Open = Callable[[SavedConversation], Page]


def question(parent: str | None, text: str) -> SavedMessage:
    return SavedMessage(new_id(), parent, Role.USER, AT, text)


def answer(parent: str, text: str, reasoning: str = "") -> SavedMessage:
    """An answer that came character by character, 100 ms apart, after a second of thought if there was any."""
    thought = 1_000 if reasoning else 0
    stream = SavedStream(
        new_id(), "fake/model", AT, Outcome(Status.DONE), text, reasoning, AT, AT,
        trace=Trace((1,) * len(text), tuple(thought + 100 * number for number in range(1, len(text) + 1))),
        reasoning_trace=Trace((len(reasoning),), (thought // 2,)) if reasoning else Trace(),
        sources=(Citation(1, "p", "d", "The Sea", 3, f"The moon pulls. {NASTY}", 0.9, 1),),
    )  # fmt: skip
    return SavedMessage(new_id(), parent, Role.ASSISTANT, AT, "", (stream,))


def conversation(*messages: SavedMessage, title: str = "Tides") -> SavedConversation:
    return SavedConversation(new_id(), title, "fake/model", AT, messages)


@pytest.fixture
def tides() -> SavedConversation:
    """Two questions and their answers."""
    asked = question(None, "Why are there tides?")
    first = answer(asked.id, FIRST)
    more = question(first.id, "More?")
    return conversation(asked, first, more, answer(more.id, SECOND, "Let me think."))


@pytest.fixture
def complaints() -> list[str]:
    """What the browser refused, failed at or asked the network for."""
    return []


@pytest.fixture
def open_file(browser: Browser, tmp_path: Path, complaints: list[str]) -> Iterator[Open]:
    """Opens the file of a conversation, with the clock stopped."""
    contexts: list[BrowserContext] = []

    def open_one(shown: SavedConversation) -> Page:
        path = tmp_path / "replay.html"
        path.write_bytes(written(shown, AT))
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.clock.install(time=AT)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith("file:") else None)
        page.goto(path.as_uri())
        page.clock.pause_at(datetime(2026, 3, 4, 13, tzinfo=UTC))
        return page

    yield open_one
    for context in contexts:
        context.close()


def test_the_file_opens_with_everything_in_it(tides: SavedConversation, open_file: Open, complaints: list[str]) -> None:
    """To be read, with quotes; a mark leads to its quote, and nothing is asked of any network."""
    page = open_file(tides)
    for words in ("Why are there tides?", "The moon [1], says the book.", "The moon pulls.", "And 🌊 it ends."):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_text("Let me think.")).to_be_hidden()
    page.get_by_text("Reasoning").click()
    expect(page.get_by_text("Let me think.")).to_be_visible()
    page.get_by_role("link", name="[1]").first.click()
    expect(page.locator("li:target")).to_contain_text("The moon pulls.")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert complaints == []


def test_an_answer_is_replayed_at_its_pace(tides: SavedConversation, open_file: Open, complaints: list[str]) -> None:
    """The question first, then the words as they came; what came later is not there yet, in the end all is."""
    page = open_file(tides)
    said = page.locator(".answer .said")
    page.get_by_role("button", name="Play", exact=True).click()
    page.clock.run_for(QUESTION // 2)
    expect(page.get_by_text("Why are there tides?")).to_be_visible()
    expect(said.first).to_be_hidden()
    page.clock.run_for(QUESTION // 2 + 1_050)
    expect(said.first).to_have_text("The mo")
    assert said.first.locator("strong").inner_text() == "The"
    expect(page.locator(".sources").first).to_be_hidden()
    expect(page.get_by_text("More?")).to_be_hidden()
    page.clock.run_for(len(FIRST) * 100)
    expect(said.first).to_have_text("The moon [1], says the book.")
    expect(page.locator(".sources").first).to_be_visible()
    expect(page.get_by_text("More?")).to_be_visible()
    page.clock.run_for(QUESTION + 1_000 + len(SECOND) * 100 + 2 * PAUSE)
    expect(page.locator("html")).to_have_attribute("data-replay", "whole")
    expect(page.get_by_text("And 🌊 it ends.")).to_be_visible()
    assert complaints == []


def test_thoughts_are_seen_while_they_are_thought(tides: SavedConversation, open_file: Open) -> None:
    """Open while nothing is said yet, then folded."""
    page = open_file(tides)
    page.get_by_role("button", name="Replay from here").nth(1).click()
    page.clock.run_for(700)
    expect(page.locator(".thought")).to_have_text("Let me think.")
    expect(page.locator(".thought")).to_be_visible()
    page.clock.run_for(800)
    expect(page.locator(".thought")).to_be_hidden()
    expect(page.locator(".answer .said").nth(1)).to_be_visible()


def test_a_replay_is_held_moved_and_hurried(tides: SavedConversation, open_file: Open) -> None:
    """Pause stops it where it is, the slider goes anywhere and back, and the speed counts."""
    page = open_file(tides)
    said, place = page.locator(".answer .said"), page.get_by_label("Position")
    page.get_by_role("button", name="Play", exact=True).click()
    page.clock.run_for(QUESTION + 1_050)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.clock.run_for(5_000)
    expect(said.first).to_have_text("The mo")
    page.get_by_label("Speed").select_option("4")
    page.get_by_role("button", name="Play", exact=True).click()
    before = int(place.input_value())
    page.clock.run_for(1_000)
    page.get_by_role("button", name="Pause", exact=True).click()
    frame = 4 * 17
    assert 4_000 - 2 * frame < int(place.input_value()) - before < 4_000 + 2 * frame
    for at, words in ((QUESTION + 550, "The"), (QUESTION + 10_000, "The moon [1], says the book."), (QUESTION, "")):
        place.evaluate("(node, at) => { node.value = at; node.dispatchEvent(new Event('input')); }", at)
        expect(said.first).to_have_text(words)
    place.evaluate("node => { node.value = node.max; node.dispatchEvent(new Event('input')); }")
    expect(page.get_by_text("And 🌊 it ends.")).to_be_visible()


def test_nothing_shows_before_its_words(tides: SavedConversation, open_file: Open) -> None:
    """No bullet, table or block of code stands there empty, and each is there with its first letter."""
    page = open_file(tides)
    page.get_by_role("button", name="Replay from here").nth(1).click()
    second = page.locator(".answer .said").nth(1)
    page.clock.run_for(1_000 + 100 * (SECOND.index("far") + 1) + 50)
    expect(second.locator("table")).to_be_visible()
    expect(second.locator("li").first).to_be_visible()
    expect(second.locator("li").nth(1)).to_be_hidden()
    expect(second.locator("pre")).to_be_hidden()


def test_the_pace_counts_as_the_browser_counts(tides: SavedConversation, open_file: Open) -> None:
    """The steps add up to the text of each answer in UTF-16 units, whatever Markdown it has."""
    page = open_file(tides)
    sums = page.evaluate(
        "() => [...document.querySelectorAll('[data-answer]')].map(each => [each.querySelector('.said').textContent"
        ".length, JSON.parse(each.dataset.answer).filter((_, i) => i % 2).reduce((a, b) => a + b)])"
    )
    assert len(sums) == 2
    assert all(length == steps > 20 for length, steps in sums)


def test_hostile_words_stay_words(open_file: Open, complaints: list[str]) -> None:
    """Shown and replayed, they run nothing, fetch nothing and turn nothing around but themselves."""
    asked = question(None, NASTY)
    page = open_file(conversation(asked, answer(asked.id, NASTY, NASTY), title=NASTY))
    page.get_by_role("button", name="Play", exact=True).click()
    page.clock.run_for(QUESTION + 2_000 + 100 * len(NASTY) + PAUSE)
    expect(page.locator(".answer .said")).to_contain_text("<script>alert(1)</script>")
    assert page.locator("img").count() == 0
    assert page.locator("a[href^=javascript]").count() == 0
    assert complaints == []


def test_it_is_light_or_dark_as_the_system_is(tides: SavedConversation, open_file: Open) -> None:
    """The page follows, and so do its words."""
    page = open_file(tides)
    looks = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        style = "getComputedStyle(document.body)"
        looks.append(page.evaluate(f"() => [{style}.backgroundColor, {style}.color]"))
    assert looks == [["rgb(255, 255, 255)", "rgb(28, 40, 38)"], ["rgb(16, 23, 22)", "rgb(228, 236, 234)"]]


@pytest.mark.parametrize("kind", ["replay", "export"])
def test_on_paper_nothing_is_cut(browser: Browser, tmp_path: Path, kind: str) -> None:
    """A long line of code goes on in the next, and a question has an edge; on the screen the line is scrolled."""
    asked = question(None, "Why?")
    shown = conversation(asked, answer(asked.id, f"```\n{'very long ' * 99}\n```"))
    path = tmp_path / "page.html"
    path.write_bytes(written(shown, AT) if kind == "replay" else b"".join(exported(iter([shown]), AT)))
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    cut = []
    for medium in ("screen", "print"):
        page.emulate_media(media=medium)  # type: ignore[arg-type]
        cut.append(page.locator("pre").evaluate("pre => pre.scrollWidth > pre.clientWidth"))
    assert cut == [True, False]
    assert page.locator(".user .said").evaluate("said => getComputedStyle(said).borderTopWidth") == "1px"
    context.close()


def test_without_scripts_it_is_a_page_to_read(browser: Browser, tides: SavedConversation, tmp_path: Path) -> None:
    """Everything is shown, and no button does nothing."""
    path = tmp_path / "replay.html"
    path.write_bytes(written(tides, AT))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.get_by_text("And 🌊 it ends.")).to_be_visible()
    expect(page.get_by_text("Play", exact=True)).to_be_hidden()
    context.close()
