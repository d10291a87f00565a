"""Where sentences end in Markdown: at full stops, at the ends of lines, around code; also while it streams in."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from core.retrieval.answering.code import CodeLexer, Segment

_END = re.compile(r"(?P<stop>[.!?…]+[\"'”’)\]*_]*)(?P<gap>\s+|\Z)|(?P<line>[ \t]*\n)|(?P<blank>[ \t]+\Z)")
# These need no blank behind them.
_WIDE_END = re.compile(r"[。！？]+[”’」』）\]*_]*\s*")
_ABBREVIATION = re.compile(r"(?:^|[\s(\"“])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St|No|Prof|vs|etc|e\.g|i\.e|approx|ca)\Z")
_ROW = re.compile(r"\s*\|")
_SEEN = 80  # Characters of a line that are looked at, from its beginning and its end.
MARKS = re.compile(r"\A(?:\s*\[\d{1,3}\])+")
"""Marks at the head of a sentence: behind a full stop they belong to the sentence before."""


class Step(NamedTuple):
    """Some text. When it `ends` a sentence it is the stop and the blanks behind; `marked` if a bracket follows."""

    text: str
    ends: bool = False
    marked: bool = False
    fence: bool = False


class Span(NamedTuple):
    """A sentence, as the place of its first character and the one behind its last."""

    start: int
    end: int


class Splitter:
    """Finds the ends of sentences as a text streams in, identically however it is cut into chunks.

    The steps joined are the text. A table's row is one sentence.
    """

    def __init__(self) -> None:
        self._lexer = CodeLexer()
        self._buffer = ""
        self._head = ""  # Of the line, whose length is whatever a model writes.
        self._tail = ""

    def resume(self, text: str) -> list[Step]:
        """The steps of text that is out already; no character of it comes again."""
        steps = self._take(self._lexer.resume(text))
        self._buffer = ""
        return steps

    def feed(self, text: str) -> list[Step]:
        """The steps that are decided with `text` added."""
        return self._take(self._lexer.feed(text))

    def finish(self) -> list[Step]:
        """The steps of what was held back."""
        return self._take(self._lexer.feed("", final=True)) + self._drain(final=True)

    def _take(self, segments: list[Segment]) -> list[Step]:
        steps: list[Step] = []
        for code, piece, fence in segments:
            if code:
                steps += [*self._drain(final=True), self._step(piece, fence=fence)]
            else:
                self._buffer += piece
                steps += self._drain(final=False)
        return steps

    def _drain(self, *, final: bool) -> list[Step]:
        steps: list[Step] = []
        while self._buffer:
            end = _END.search(self._buffer)
            if end is None:
                steps.append(self._leave(len(self._buffer)))
                break
            if end.start():
                steps.append(self._leave(end.start()))
            step = self._end(end, final)
            if step is None:
                break
            steps.append(step)
        return steps

    def _end(self, end: re.Match[str], final: bool) -> Step | None:
        """What comes of the end of a sentence or line at the head of the buffer; None to wait for more."""
        length = end.end() - end.start()
        following = self._buffer[length : length + 1]
        if end.group("stop") is None:
            if not following and not final and end.group("line") is None:
                return None
            return self._leave(length, ends=end.group("line") is not None)
        if not following and not final and "\n" not in end.group("gap"):
            return None
        here = self._buffer[:length]
        if "\n" in end.group("gap"):
            return self._leave(self._buffer.index("\n") + 1, ends=True)
        shortened = here[0] == "." and _ABBREVIATION.search(self._tail)
        ends = not following.islower() and not shortened and not _ROW.match(self._head)
        return self._leave(length, ends=ends, marked=following == "[")

    def _leave(self, length: int, *, ends: bool = False, marked: bool = False) -> Step:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        return self._step(text, ends=ends, marked=marked)

    def _step(self, text: str, *, ends: bool = False, marked: bool = False, fence: bool = False) -> Step:
        _, newline, line = text.rpartition("\n")
        self._head = (line if newline else self._head + text[:_SEEN])[:_SEEN]
        self._tail = (line if newline else self._tail + text)[-_SEEN:]
        return Step(text, ends, marked, fence)


def sentences(text: str) -> list[Span]:
    """The sentences of `text` in order, without the code between them; marks behind a full stop belong to it."""
    splitter = Splitter()
    spans, start, at = list[Span](), 0, 0
    for step in [*splitter.feed(text), *splitter.finish(), Step("", ends=True)]:
        if step.fence:
            spans += _trimmed(text, start, at)
            start = at + len(step.text)
        at += len(step.text)
        if step.ends:
            spans += _trimmed(text, start, at)
            start = at
    return _with_marks(text, spans)


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    """The span without blanks around it, cut where a full-width stop ends a sentence in it."""
    edges = [start, *(m.end() for m in _WIDE_END.finditer(text, start, end) if not _ROW.match(text[start:end])), end]
    found = []
    for a, b in pairwise(edges):
        words = text[a:b].strip()
        if words:
            first = a + text[a:b].index(words[0])
            found.append(Span(first, first + len(words)))
    return found


def _with_marks(text: str, spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        marks = MARKS.match(text[span.start : span.end])
        alone = marks and marks.end() == span.end - span.start
        between = text[found[-1].end : span.start] if found else "x"
        if marks and not between.strip() and (alone or "\n" not in between):
            end = span.start + marks.end()
            found[-1] = Span(found[-1].start, end)
            found += [] if alone else _trimmed(text, end, span.end)
        else:
            found.append(span)
    return found
