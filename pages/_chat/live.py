"""An answer in progress: `st.write_stream` over the durable stream, which lives on whatever happens to this page."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.models import Message, Status
from core.streams.follow import Update
from pages._chat.marks import MarkLinks
from pages._common import session
from pages._common.text import Guard, finished_blocks

_FRAME = 0.1
_FRAME_PER_STREAM = 0.002
_LONGEST_FRAME = 0.5
_TICK = 0.3
_SETTLING = 10.0  # Seconds: a page that was just opened still has to show its buttons.
_SMALL_TAIL, _LARGE_TAIL = 800, 4_000  # Characters.
NOT_STARTED = "This was asked by a program that has not started the answer. Choose Start to have it written."

Piece = str | Callable[[], None]


class Follows(Protocol):
    """Something that follows streams, as `core.streams.follow.Follower` does."""

    def follow(self, stream_id: str, *, tick: float | None = None) -> Iterator[Update]:
        """The text of a stream from its beginning, and what is added until it is closed."""


def show_live(follower: Follows, message: Message, streams: int, marks: Callable[[], Collection[int]]) -> None:
    """Writes a message as its text is saved, from its first character; back when its stream is closed.

    The more `streams` are written at once, the fewer frames each gets, so that all keep up. `marks` says which marks
    name a source; it is asked when the answer begins, as they are not known before.

    Raises:
        StorageError: what comes now cannot be saved, so it is not shown.
    """
    assert message.stream_id is not None
    earlier = message.content[: message.continued_from]
    frame = min(_FRAME + streams * _FRAME_PER_STREAM, _LONGEST_FRAME)
    live = _Live(follower.follow(message.stream_id, tick=_TICK), earlier, st.empty(), frame)
    frames = _Frames(frame, lambda: MarkLinks(message.id, marks()), session.opened())
    with st.container():  # One element, which the finished answer takes the place of at once (`show_message`).
        if live.reasons():
            with st.expander("Reasoning", icon=":material/neurology:", expanded=False):
                st.write_stream(live.reasoning())
        st.write_stream(live.answer(frames))


class _Live:
    """Two readers of one follower: first the reasoning, for as long as only that comes, then the answer."""

    def __init__(self, updates: Iterator[Update], earlier: str, note: DeltaGenerator, frame: float) -> None:
        self._updates = updates
        self._earlier = earlier
        self._note = note
        self._frame = frame
        self._update = next(updates)

    def reasons(self) -> bool:
        """Waits for the first token, and says whether it is one of reasoning."""
        while not (self._update.text or self._update.reasoning or self._earlier or self._update.status.closed):
            self._tell(_note(self._update))
            if not self._advance():
                break
        return bool(self._update.reasoning)

    def reasoning(self) -> Iterator[Piece]:
        """The reasoning until the answer begins."""
        frames = _Frames(self._frame, opened=session.opened())
        while True:
            yield from frames.feed(self._update.reasoning)
            if self._update.text or self._update.status.closed:
                break
            self._tell("Reasoning…")
            frames.pause()
            if not self._advance():
                break
        yield from frames.end()

    def answer(self, frames: _Frames) -> Iterator[Piece]:
        """The answer, in frames."""
        text = self._earlier + self._update.text
        while True:
            yield from frames.feed(text)
            if self._update.status.closed:
                break
            if text:
                self._tell(None)
            frames.pause()
            if not self._advance():
                break
            text = self._update.text
        yield from frames.end()

    def _advance(self) -> bool:
        update = next(self._updates, None)
        if update is None:
            return False
        self._update = update
        if not (update.text or update.reasoning):
            # Streamlit looks for clicks only when something is written: while no token comes, this is it.
            self._tell(_note(update))
        return True

    def _tell(self, note: str | None) -> None:
        if note:
            self._note.caption(f":material/hourglass_top: {note}")
        else:
            self._note.empty()


def _note(update: Update) -> str | None:
    """Why there is no text yet."""
    return NOT_STARTED if update.status is Status.PENDING else update.note


def interval(frame: float, tail: int, age: float) -> float:
    """Seconds from one frame to the next of a block of `tail` characters, on a page opened `age` seconds ago.

    A browser makes the whole block anew for each frame, so a long one is sent less often. It shows what it has to load,
    such as a page's first buttons, only between frames, and a slow one only in a long pause: Stop must not wait.
    """
    spaced = frame * max(1.0, min(tail, _LARGE_TAIL) / _SMALL_TAIL)
    return max(spaced, _LONGEST_FRAME) if age < _SETTLING else spaced


class _Frames:
    """Turns text into what `st.write_stream` takes: few pieces, and finished blocks frozen.

    `st.write_stream` sends the whole element again for every piece. A callable between two pieces ends the element,
    so each block is sent whole only while it grows.
    """

    def __init__(
        self, frame: float = _FRAME, links: Callable[[], MarkLinks] | None = None, opened: float = 0.0
    ) -> None:
        self._frame = frame
        self._opened = opened
        self._make_links = links
        self._links: MarkLinks | None = None
        self._guard = Guard()
        self._tail = ""
        self._due = 0.0

    def feed(self, text: str, *, end: bool = False) -> Iterator[Piece]:
        """The pieces for more text."""
        if text and self._make_links and not self._links:
            self._links = self._make_links()
        piece = self._guard.feed(self._links.feed(text, end=end) if self._links else text, end=end)
        if not piece:
            return
        grown = self._tail + piece
        finished = finished_blocks(grown)
        if finished >= max(1, len(self._tail)):  # Else a line that is only now seen to begin a block was sent already.
            if finished > len(self._tail):
                yield grown[len(self._tail) : finished]
            yield _freeze
            piece, self._tail = grown[finished:], ""
        self._tail += piece
        if piece:
            yield piece

    def end(self) -> Iterator[Piece]:
        """What was held back."""
        return self.feed("", end=True)

    def pause(self) -> None:
        """Waits until the next frame is due."""
        now = time.monotonic()
        frame = interval(self._frame, len(self._tail), now - self._opened)
        time.sleep(max(0.0, min(frame, self._due - now)))
        self._due = max(now, self._due) + frame


def _freeze() -> None:
    """Does nothing: that it is called ends the element."""
