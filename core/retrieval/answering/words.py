"""The words of a text that carry what it is about."""

from __future__ import annotations

import re

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about after all also an and any are as at be because been before but by can could did do does "
        "during each for from had has have he her his how i if in into is it its may more most not of on one "
        "only or other our over she should so some such than that the their them then there these they this "
        "to up was we were what when where which while who will with would you your according source sources "
        "based provided passage",
    )
)
"""English words that say little; "in", "was" and their like mean something else elsewhere, which does little harm."""


def content_words(text: str) -> frozenset[str]:
    """The content words of `text`, without endings; numbers without their thousands separators."""
    found = re.findall(r"\d+(?:[.,:]\d+)*|[^\W\d_]+", text.lower())
    return frozenset(_stem(word) for word in found if word not in STOP_WORDS and (len(word) > 1 or word.isdigit()))


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    for ending in ("ies", "ing", "ied", "ed", "es", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
