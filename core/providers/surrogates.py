"""Joins the halves of a character that arrive in separate deltas, so that all text can be saved as UTF-8."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


class Joiner:
    """Takes the deltas of one text; what it gives out never holds a surrogate."""

    def __init__(self) -> None:
        self._high = ""

    def feed(self, text: str) -> str:
        """The text that is sure so far; a high half waits for its low half."""
        if not text or (not self._high and (text.isascii() or not _SURROGATE.search(text))):
            return text
        text = self._high + text
        self._high = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        return mended(text.removesuffix(self._high))

    def end(self) -> str:
        """What stands for a half that stayed alone."""
        rest, self._high = self._high, ""
        return mended(rest)


def mended(text: str) -> str:
    """The text with halves joined, and U+FFFD for those that stay alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
