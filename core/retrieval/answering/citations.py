"""The marks `[n]` in an answer: only those that name a passage are ever shown, all written alike."""

from __future__ import annotations

import re
from collections.abc import Collection

from core.retrieval.answering.code import CodeLexer, Segment
from core.retrieval.answering.marks import (
    LIMIT,
    Mark,
    is_mark,
    is_target,
    leading_mark,
    may_become_mark,
    may_become_target,
    trailing_mark,
)

_BEGINS = ("[", "【", "\\[", "\\【")


class MarkFilter:
    """Passes an answer on as it streams in, with its marks put right, identically however it is cut into chunks.

    Marks become `[1][2]`; those not in `allowed` are dropped with the blanks before them; code and links stay as they
    are. Held back is only what may still become a mark. `prefix` is the answer's text so far, when it is continued.
    What is dropped may make a new mark of what stood around it: a `MarkGuard` has to come behind.
    """

    def __init__(self, allowed: Collection[int], prefix: str = "") -> None:
        self._allowed = frozenset(allowed)
        self._lexer = CodeLexer()
        self._buffer = ""
        self._group: set[int] | None = None  # Marks shown since the last text that was not a mark.
        self._take(self._lexer.resume(prefix))
        self._buffer = ""

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        return self._take(self._lexer.feed(text))

    def finish(self) -> str:
        """What was held back; a mark that is cut off is dropped."""
        return self._take(self._lexer.feed("", final=True)) + self._drain(final=True, cut=True)

    def _take(self, segments: list[Segment]) -> str:
        shown = []
        for code, piece, _ in segments:
            if code:
                shown.append(self._drain(final=True, cut=False) + piece)
                self._group = None
            else:
                self._buffer += piece
                shown.append(self._drain(final=False, cut=False))
        return "".join(shown)

    def _drain(self, *, final: bool, cut: bool) -> str:
        """All that is decided; at the end (`final`) everything is, and a mark that is `cut` off is left out."""
        shown: list[str] = []
        while self._buffer:
            blanks = len(self._buffer) - len(self._buffer.lstrip(" \t"))
            rest = self._buffer[blanks:]
            if not final and rest in ("", "\\"):
                break
            if not rest.startswith(_BEGINS):
                shown.append(self._pass(blanks + _plain_length(rest, final)))
                continue
            mark = leading_mark(rest)
            following = rest[mark.length :] if mark else ""
            if mark and not final and may_become_target(following):
                break
            if mark and not (mark.nested and (is_target(following) or not is_mark(mark.numbers, self._allowed))):
                shown.append(self._mark(mark, self._buffer[:blanks], rest))
                self._buffer = following
            elif not final and may_become_mark(rest):
                break
            elif cut and may_become_mark(rest):
                self._buffer = ""
            else:
                shown.append(self._pass(blanks + 1 + rest.startswith("\\")))
        return "".join(shown)

    def _pass(self, length: int) -> str:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        self._group = None
        return text

    def _mark(self, mark: Mark, blanks: str, text: str) -> str:
        following = text[mark.length : mark.length + 1]
        if is_target(text[mark.length :]) or not is_mark(mark.numbers, self._allowed):
            self._group = None
            return blanks + text[: mark.length]
        before = self._group
        known = self._group = set() if before is None else before
        new = [n for n in dict.fromkeys(mark.numbers) if n in self._allowed and n not in known]
        if not new:
            self._group = before
            return blanks if following == "(" else ""
        first = not known
        known.update(new)
        apart = " " if following == "(" else ""  # Markdown would make a link of it.
        return (blanks if first else "") + "".join(f"[{n}]" for n in new) + apart


class MarkGuard:
    """Passes on what is to be shown; a false mark in it is broken up, wherever it came from.

    What it lets through has no mark outside code that is not in `allowed`: it reads its text as it will be read, and
    puts one character in place of one, so that nothing else changes. `prefix` is the text before.
    """

    def __init__(self, allowed: Collection[int], prefix: str = "") -> None:
        self._allowed = frozenset(allowed)
        self._lexer = CodeLexer()
        self._before = ""
        self._buffer = ""
        self._out = 0
        self._out = len(prefix) - len(self.feed(prefix))  # What is held back of it was shown nevertheless.

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        return self._advance(text, final=False)

    def finish(self) -> str:
        """What was held back."""
        return self._advance("", final=True)

    def _advance(self, text: str, *, final: bool) -> str:
        shown = []
        for code, piece, _ in self._lexer.feed(text, final=final):
            if code:
                shown.append(self._drain(final=True) + piece)
                self._before = ""
            else:
                self._buffer += piece
                shown.append(self._drain(final=False))
        text = "".join(shown) + (self._drain(final=True) if final else "")
        out, self._out = min(self._out, len(text)), max(0, self._out - len(text))
        return text[out:]

    def _drain(self, *, final: bool) -> str:
        shown = ""
        while closing := re.search(r"[\]】]", self._buffer):
            shown += self._pass(closing.start())
            following = self._buffer[1:]
            if self._is_false(self._before + closing.group()) and not is_target(following):
                if not final and may_become_target(following):
                    return shown
                self._buffer = ")" + following
            shown += self._pass(1)
        return shown + self._pass(len(self._buffer))

    def _pass(self, length: int) -> str:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        self._before = (self._before + text)[1 - LIMIT :]
        return text

    def _is_false(self, text: str) -> bool:
        mark = trailing_mark(text)
        return mark is not None and is_mark(mark.numbers, self._allowed) and not self._allowed.issuperset(mark.numbers)


def without_marks(text: str) -> str:
    """`text` with no marks: those of an earlier answer name passages that a later one is not given."""
    marks = MarkFilter(())
    return marks.feed(text) + marks.finish()


def _plain_length(text: str, final: bool) -> int:
    """How far `text` goes before blanks or a bracket that may begin a mark."""
    match = re.search(r"[ \t]*\\?[\[【]" if final else r"[ \t]*\\?[\[【]|[ \t]+\\?\Z|\\\Z", text)
    return match.start() if match else len(text)
