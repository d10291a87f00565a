"""Windows: the stretches of a message that are embedded, each as long as the model reads.

A message is as near to a question as the nearest of its windows (MaxP in Dai, Callan: Deeper Text Understanding for IR
with Contextual Neural Language Modeling, 2019). Of a long one the first `MOST` count: they say what it is about, and
its words are all found anyhow.
"""

from __future__ import annotations

import re
from itertools import islice

MOST = 4
_TOKENS = 230  # Of 254 that the model reads, as the pieces below are about its tokens.
_PIECE = re.compile(r"[A-Za-z]{1,8}|\d{1,3}|[^\sA-Za-z\d]")
_LITTLE = 20  # Characters that are not worth a window of their own.
_SPACE = re.compile(r"\s+")
_CUTS = ("\n\n", "\n", ". ", "? ", "! ", "。", " ")


def windows(text: str) -> list[str]:
    """The windows of a text in order, cut where a paragraph, a sentence or at least a word ends."""
    found: list[str] = []
    text = text.strip()
    while text and len(found) < MOST:
        window = _fitting(text)
        if len(window) < len(text):
            window = _cut(window)
        found.append(_SPACE.sub(" ", window).strip())
        text = text[len(window) :].lstrip()
    return found


def _fitting(text: str) -> str:
    """As much of the beginning as the model reads."""
    end = 0
    for piece in islice(_PIECE.finditer(text), _TOKENS):
        end = piece.end()
    return text if len(text) - end < _LITTLE else text[:end]


def _cut(window: str) -> str:
    """The window up to the best end in its second half."""
    for cut in _CUTS:
        at = window.rfind(cut, len(window) // 2)
        if at > 0:
            return window[: at + len(cut)]
    return window
