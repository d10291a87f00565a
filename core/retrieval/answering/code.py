"""Tells code from prose in Markdown as it streams in, however it is cut into chunks."""

from __future__ import annotations

import re
from typing import NamedTuple

_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)*")
_SPAN_LIMIT = 160  # How much is held back to see whether a backtick opens a span of code.
_LINE_LIMIT = 200
_SLICE = 2_000  # Much text is taken in parts: what is decided is cut from the buffer's head time and again.


class Segment(NamedTuple):
    """Some text, whether it is code, and whether that stands in a fence."""

    code: bool
    text: str
    fence: bool = False


class CodeLexer:
    """Splits streaming Markdown into prose and code (fences and spans); the segments joined are the text."""

    def __init__(self) -> None:
        self._buffer = ""
        self._line = ""  # What of the current line went out already.
        self._fence = ""
        self._out = 0  # Characters at the head of the buffer that are out already.

    def resume(self, text: str) -> list[Segment]:
        """The segments of text that is out already; no character of it comes again, decided or not."""
        segments = self.feed(text)
        self._out = len(self._buffer)
        return segments

    def feed(self, text: str, *, final: bool = False) -> list[Segment]:
        """The segments that are decided with `text` added; with `final` all of them."""
        segments: list[Segment] = []
        for start in range(0, len(text), _SLICE):
            self._buffer += text[start : start + _SLICE]
            segments += self._decided(final=False)
        return segments + self._decided(final=True) if final else segments

    def _decided(self, *, final: bool) -> list[Segment]:
        segments: list[Segment] = []
        while self._buffer:
            inside = bool(self._fence)
            step = self._in_fence(final) if inside else self._in_prose(final)
            if step is None:
                break
            code, length = step
            out, self._out = min(self._out, length), max(0, self._out - length)
            segments.append(Segment(code, self._take(length)[out:], inside or bool(self._fence)))
        return segments

    def _take(self, length: int) -> str:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        self._line = (self._line + text).rpartition("\n")[2][:_LINE_LIMIT]
        return text

    def _in_fence(self, final: bool) -> tuple[bool, int] | None:
        line, newline, _ = self._buffer.partition("\n")
        if self._line:
            return True, len(line) + len(newline)
        if not newline and not final and len(line) < _LINE_LIMIT and not line.strip(" \t>" + self._fence[0]).strip():
            return None  # It may still become the closing fence.
        mark = line.strip(" \t>\r")
        closes = len(line) < _LINE_LIMIT and (newline or final)
        if closes and len(mark) >= len(self._fence) and not mark.strip(self._fence[0]):
            self._fence = ""
        return True, len(line) + len(newline)

    def _in_prose(self, final: bool) -> tuple[bool, int] | None:
        mark = re.search(r"`+|~+", self._buffer)
        if mark is None:
            return False, len(self._buffer)
        if mark.start():
            return False, mark.start()
        if mark.end() == len(self._buffer) and not final:
            return None  # The run may go on.
        run = mark.group()
        opens = len(run) >= 3 and _PREFIX.fullmatch(self._line)
        if opens and (run[0] == "~" or "`" not in self._rest_of_line(len(run))[:_LINE_LIMIT]):
            return self._opening(run, final)
        if run[0] == "~" or self._line.endswith("\\"):
            return False, len(run)
        return self._span(run, final)

    def _opening(self, run: str, final: bool) -> tuple[bool, int] | None:
        rest = self._rest_of_line(len(run))
        whole = len(run) + len(rest) < len(self._buffer)
        if not whole and not final and len(rest) < _LINE_LIMIT:
            return None
        self._fence = run
        return True, len(run) + len(rest) + whole

    def _span(self, run: str, final: bool) -> tuple[bool, int] | None:
        rest = self._rest_of_line(len(run))
        ended = final or len(run) + len(rest) < len(self._buffer) or len(rest) > _SPAN_LIMIT
        for match in re.finditer(r"`+", rest[:_SPAN_LIMIT]):
            if match.end() == len(rest) and not ended:
                return None
            if len(match.group()) == len(run):
                return True, len(run) + match.end()
        return (False, len(run)) if ended else None

    def _rest_of_line(self, start: int) -> str:
        return self._buffer[start:].partition("\n")[0]
