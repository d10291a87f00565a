"""Marks `[n]` as links to the source they name, also while an answer streams; pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlencode

from core.retrieval.answering.code import CodeLexer

_STEP = re.compile(r"\\.|\[(?P<mark>\d{1,3})\](?P<link>\()?", re.DOTALL)
_UNDECIDED = re.compile(r"(?:\\|\[(?:\d{1,3}\]?)?)\Z")


def source_address(message_id: str, mark: int) -> str:
    """Where a mark's source is shown, from the address of the chat."""
    return "source?" + urlencode({"message": message_id, "mark": mark})


class MarkLinks:
    """Turns the marks of one answer into links, identically however its text is cut.

    Numbers that are no mark of the answer, code, escaped brackets and links that are there already stay as they are.
    """

    def __init__(self, message_id: str, marks: Collection[int]) -> None:
        self._message_id = message_id
        self._marks = frozenset(marks)
        self._lexer = CodeLexer()
        self._buffer = ""

    def feed(self, text: str, *, end: bool = False) -> str:
        """What can be shown with `text` added; what may still become a mark is held back until `end`."""
        if not self._marks:
            return text
        shown = []
        for code, piece, _ in self._lexer.feed(text, final=end):
            if code:
                shown.append(self._drain(final=True) + piece)
            else:
                self._buffer += piece
                shown.append(self._drain(final=False))
        return "".join(shown) + (self._drain(final=True) if end else "")

    def _drain(self, *, final: bool) -> str:
        shown, at = [], 0
        for step in _STEP.finditer(self._buffer):
            if step.end() == len(self._buffer) and step["mark"] and not step["link"] and not final:
                break  # A link, if "(" follows.
            shown.append(self._buffer[at : step.start()] + self._linked(step))
            at = step.end()
        rest = self._buffer[at:]
        held = None if final else _UNDECIDED.search(rest)
        cut = held.start() if held else len(rest)
        self._buffer = rest[cut:]
        return "".join(shown) + rest[:cut]

    def _linked(self, step: re.Match[str]) -> str:
        if not step["mark"] or step["link"] or int(step["mark"]) not in self._marks:
            return step.group()
        return f"[\\[{step['mark']}\\]]({source_address(self._message_id, int(step['mark']))})"


def linked(text: str, message_id: str, marks: Collection[int]) -> str:
    """A whole answer with its marks linked."""
    return MarkLinks(message_id, marks).feed(text, end=True)
