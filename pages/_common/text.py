"""Answers as Markdown that Streamlit shows as they are meant, block by block; pure."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt

# Where blocks begin and end is all that is asked of it, so the text inside them is left alone.
_parser = MarkdownIt("commonmark").enable("table").disable("inline")
_SPECIAL = re.compile(r"\\+|`+|~+|[$!:\n]")
# A line that is only begun: "2" may become the next item of the list above, "*" the first letter of "**more**".
_UNDECIDED = re.compile(r"(?:\A|\n)[ >]*(?:\d{1,9}[.)]?|[-+*#_=~`|]+)\Z")
_MEANS_MORE = {
    "$": str.isdigit,
    "!": lambda following: following == "[",
    ":": str.isalpha,
}


class Guard:
    """Escapes what Streamlit would show as something else than the model wrote, whatever the text is split into.

    Outside code, a `$` before a digit is money and not a formula, `:name[` is no colour and `:name:` no icon, and an
    image is not loaded: its address, which a document may have slipped into the answer, would be told to a stranger.
    """

    def __init__(self) -> None:
        self._blank = 0  # Characters of this line while it holds white space alone, else -1.
        self._fence = ""
        self._ticks = 0
        self._escaped = False  # Whether the next character has a backslash before it already.
        self._held = ""

    def feed(self, text: str, *, end: bool = False) -> str:
        """The escaped text; a last character that needs its successor is held back until it comes, or `end`."""
        text, self._held = self._held + text, ""
        out: list[str] = []
        at = 0
        for found in _SPECIAL.finditer(text):
            if not end and found.end() == len(text) and found.group() != "\n":
                self._held, text = found.group(), text[: found.start()]
                break
            out.append(self._plain(text[at : found.start()]))
            out.append(self._special(found.group(), text[found.end() : found.end() + 1]))
            at = found.end()
        out.append(self._plain(text[at:]))
        return "".join(out)

    def _plain(self, text: str) -> str:
        if text:
            self._escaped = False
        if text and self._blank >= 0:
            self._blank = -1 if text.strip() else self._blank + len(text)
        return text

    def _special(self, run: str, following: str) -> str:
        opens_line = 0 <= self._blank < 4
        escaped, self._escaped = self._escaped, False
        blank, self._blank = self._blank, -1
        if run == "\n":
            self._blank = 0
            if blank >= 0:
                self._ticks = 0  # A code span does not reach over an empty line.
        elif run[0] == "\\":
            self._escaped = len(run) % 2 == 1
        elif escaped and not self._fence and not self._ticks:
            if run[1:]:
                self._count(run[1:], opens_line=False)
        elif run[0] in "`~":
            self._count(run, opens_line)
        elif not self._fence and not self._ticks and _MEANS_MORE[run](following):
            return "\\" + run
        return run

    def _count(self, run: str, opens_line: bool) -> None:
        """Enters or leaves a fence or a code span at a run of backticks or tildes."""
        if self._fence:
            if opens_line and run.startswith(self._fence):
                self._fence = ""
        elif opens_line and len(run) >= 3:
            self._fence, self._ticks = run, 0
        elif run[0] == "`":
            self._ticks = 0 if self._ticks == len(run) else self._ticks or len(run)


def escaped(text: str) -> str:
    """A whole text, escaped."""
    return Guard().feed(text, end=True)


def finished_blocks(text: str) -> int:
    """How many characters of a growing Markdown text are finished top-level blocks, which later text cannot change."""
    tokens = [token for token in _parser.parse(text) if token.level == 0 and token.map]
    if len(tokens) < 2 or tokens[-1].map is None or _UNDECIDED.search(text):
        return 0
    lines = text.split("\n")[: tokens[-1].map[0]]
    return sum(len(line) + 1 for line in lines) if "\r" not in text else 0


def short_path(path: Path) -> str:
    """A path as short as it can be named from where the app was started, to stand between backticks."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).replace("`", "")


def plain(text: str) -> str:
    """A line of text in which no Markdown means anything."""
    return "".join("\\" + char if char in "\\`*_[]$:~#<>!|-+" else char for char in text)
