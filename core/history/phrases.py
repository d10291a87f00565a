"""Phrases: what a query has in quotation marks is looked for as it stands there, word after word."""

from __future__ import annotations

import re

from core.retrieval.searching.terms import in_order

_QUOTED = re.compile(r'(?<!\w)["“„«](?=\S)([^"“”„«»]+)["“”»](?!\w)')

Phrase = list[str]
"""Terms, one after the other."""


def phrases(query: str) -> list[Phrase]:
    """What a message must say to fit: the phrases of `query`; none while a mark is not closed."""
    return [phrase for quoted in _QUOTED.findall(query) for phrase in in_order(quoted)]
