"""An answer in frames: what `st.write_stream` is given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.models import Status
from core.streams.follow import Update
from pages._chat.live import _Frames, _Live, interval
from pages._chat.marks import MarkLinks, linked
from pages._common.text import escaped
from tests.pages.test_text import cut, documents, markdown


def elements(chunks: list[str]) -> list[str]:
    """The elements that `st.write_stream` would make of the frames."""
    frames, made = _Frames(), [""]
    for piece in [piece for chunk in chunks for piece in frames.feed(chunk)] + list(frames.end()):
        if isinstance(piece, str):
            assert piece, "an empty piece costs a message and shows nothing"
            made[-1] += piece
        else:
            piece()
            made.append("")
    return made


class Note:
    """Remembers what is shown where an answer has no text yet."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def caption(self, text: str) -> None:
        self.shown.append(text)

    def empty(self) -> None:
        self.shown.append("")


def test_a_browser_has_time_between_frames() -> None:
    """Frames are quick, but for long blocks, and at first, when the page's buttons are still to be shown."""
    assert [interval(0.1, tail, 60.0) for tail in (0, 800, 2_000, 100_000)] == [0.1, 0.1, 0.25, 0.5]
    assert [interval(0.1, 0, age) for age in (0.0, 9.9, 10.0)] == [0.5, 0.5, 0.1]
    assert interval(0.5, 100_000, 0.0) == 2.5


def test_an_answer_that_nobody_started_says_so() -> None:
    """Who opens a question that a program has only asked learns why nothing comes, until it is started."""
    pending, started = Update("", "", 0, 0, Status.PENDING), Update("", "", 0, 0, Status.STREAMING, "Searching…")
    note = Note()
    live = _Live(iter([pending, started, Update("Hi", "", 2, 0, Status.STREAMING)]), "", note, 0.0)  # type: ignore[arg-type]
    assert not live.reasons()
    assert "Choose Start" in note.shown[0]
    assert "Searching…" in note.shown[-1]


@given(documents, st.data())
def test_frames_join_to_the_whole_text(text: str, data: st.DataObject) -> None:
    """However the text comes, the elements hold all of it, escaped, in order."""
    assert "".join(elements(cut(data, text))) == escaped(text)


@given(documents, st.data())
def test_frames_look_as_the_whole_text_does(text: str, data: st.DataObject) -> None:
    """The elements below each other look as the one element that stays in the end."""
    shown = "".join(markdown.render(element) for element in elements(cut(data, text)))
    assert shown == markdown.render(escaped(text))


@given(documents, st.data())
def test_marks_are_linked_as_in_the_whole_text(text: str, data: st.DataObject) -> None:
    """While it streams, an answer has the links that it has in the end."""
    text = text.replace("word", "word [1]")
    frames = _Frames(links=lambda: MarkLinks("m", {1}))
    pieces = [piece for chunk in cut(data, text) for piece in frames.feed(chunk)] + list(frames.end())
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == escaped(linked(text, "m", {1}))


def test_finished_blocks_become_elements_of_their_own() -> None:
    """A paragraph is frozen when the next begins; a fence is not, however long it is."""
    chunks = ["First par", "agraph.\n\nSec", "ond.\n\n```\na\n\n", "b\n\nc\n```\n\n", "Third."]
    assert elements(chunks) == ["First paragraph.\n\n", "Second.\n\n", "```\na\n\nb\n\nc\n```\n\n", "Third."]
