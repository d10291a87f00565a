"""The words of a text that carry what it is about."""

from __future__ import annotations

import re

from core.retrieval.stop_words import STOP_WORDS

_OF_SOURCES = ("also", "may", "one", "according", "based", "passage", "provided", "source", "sources")
FILLERS = frozenset((*STOP_WORDS, *_OF_SOURCES))
"""Stop words, and what answers say of their sources."""


def content_words(text: str) -> frozenset[str]:
    """The content words of `text`, without endings; numbers without their thousands separators."""
    found = re.findall(r"\d+(?:[.,:]\d+)*|[^\W\d_]+", text.lower())
    return frozenset(_stem(word) for word in found if word not in FILLERS and (len(word) > 1 or word.isdigit()))


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    for ending in ("ies", "ing", "ied", "ed", "es", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
