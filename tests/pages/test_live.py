"""An answer in frames: what `st.write_stream` is given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pages._chat.live import _Frames
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
