"""A piece of a file's text that moves on over records, and how the end of a record is found in it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

LONGEST = 192 << 20
"""In characters: the largest record that is read."""
_BLOCK = 256 << 10
"""Python's reader lets no other thread run while it is at work: what it is given at once is small."""
BETWEEN = re.compile(r"[\s,]*")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|"', re.DOTALL)
_STRING_REST = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
_DEEPER = {"{": 1, "[": 1, "}": -1, "]": -1}


def depth_of(head: str) -> int:
    """How many objects and lists are open at the end of some JSON."""
    opened = 0
    for token in _TOKEN.finditer(head):
        opened += _DEEPER.get(token[0], 0)
    return opened


class Window:
    """A piece of a file's text that moves on; `at` is the place in `text` where the next record begins."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.at = 0
        self.ended = False

    def fill(self) -> None:
        """Reads on: as much as is there behind `at`, a block at least, so that a long record is not read too often."""
        rest = self.text[self.at :]
        read = self._file.read(max(_BLOCK, len(rest)))
        self.ended = not read
        self.text, self.at = rest + self._decoder.decode(read, final=not read), 0

    def match_end(self, pattern: re.Pattern[str]) -> int:
        """Where what the pattern matches from here on ends; reads on when it goes to the window's end."""
        while True:
            found = pattern.match(self.text, self.at)
            end = found.end() if found else self.at
            if end < len(self.text) or self.ended:
                return end
            if pattern is BETWEEN or end - self.at > _BLOCK:
                self.at = end
            self.fill()

    def find(self, character: str) -> int:
        """Where a character comes next, or the end of what is there or of what may be read."""
        looked = self.at
        while (end := self.text.find(character, looked)) < 0:
            if self.ended or len(self.text) - self.at > LONGEST:
                return len(self.text)
            looked = len(self.text) - self.at
            self.fill()
        return end

    def skip_line(self) -> None:
        """Moves behind the line that begins here, keeping nothing."""
        while (end := self.text.find("\n", self.at)) < 0 and not self.ended:
            self.at = len(self.text)
            self.fill()
        self.at = len(self.text) if end < 0 else end + 1

    def end_of_value(self) -> int | None:
        """Where the value that begins here ends; None when it is too long or the file ends before."""
        scan = _Scan(self.at)
        while (end := scan.end(self.text)) is None:
            if self.ended or len(self.text) - self.at > LONGEST:
                return None
            scan.at -= self.at
            self.fill()
        return end

    def skip_value(self) -> None:
        """Moves behind the value that begins here, keeping nothing."""
        scan = _Scan(self.at)
        while (end := scan.end(self.text)) is None and not self.ended:
            self.at, scan.at = scan.at, 0
            self.fill()
        self.at = len(self.text) if end is None else end


@dataclass(slots=True)
class _Scan:
    """Looks for the end of a value over several windows: `at` is how far it came."""

    at: int
    depth: int = 0
    within: bool = False
    """Whether `at` is in a string."""

    def end(self, window: str) -> int | None:
        """The end, when it is in this window."""
        if self.within and not self._string_ends(window, self.at):
            return None
        for token in _TOKEN.finditer(window, self.at):
            self.at = token.end()
            first = window[token.start()]
            if first == '"' and self.at - token.start() == 1 and not self._string_ends(window, self.at):
                return None
            self.depth += _DEEPER.get(first, 0)
            if self.depth <= 0:
                return self.at
        self.at = len(window)
        return None

    def _string_ends(self, window: str, at: int) -> bool:
        found = _STRING_REST.match(window, at)
        assert found is not None  # It matches nothing, too.
        self.at, self.within = found.end(), not found[1]
        return not self.within
