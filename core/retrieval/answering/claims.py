"""How well an answer's sentences are supported: each mark's sentence is compared with the passage that it names."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.models import Citation, Support
from core.retrieval.answering.marks import places
from core.retrieval.answering.sentences import Span, sentences
from core.retrieval.reading.split import LIMIT, Count

MOST_CLAIMS = 500
"""Sentences of one answer that are compared: a longer answer has its first ones compared."""
_MARK = re.compile(r"\[\d{1,3}\](?!\()")
_MARKUP = re.compile(
    r"\A[ \t]*(?:(?:#{1,6}|>|[-*+]|\d{1,3}[.)])[ \t]+)*"
    r"|(?<=[^\s\\])\*+|\*+(?=\S)|[`|]+|~~|\]\([^)\s]*\)|(?<!\w)[\[_]+|_+(?!\w)|\\(?=[^\w\s])"
)
_STOP = re.compile(r"\s+([.,;:!?…])")

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to an (n, d) array of unit vectors."""


class Claim(NamedTuple):
    """A sentence that cites: its place in the answer, its plain words, the marks in it."""

    span: Span
    text: str
    marks: tuple[int, ...]


def supports(text: str, citations: Sequence[Citation], embed: Embed, count: Count) -> tuple[Support, ...]:
    """For each mark of each sentence of `text` the cosine of the sentence and the passage, in reading order.

    A passage longer than the model reads counts with the part of it that is nearest; `count` tells tokens.
    """
    by_mark = {citation.mark: citation for citation in citations}
    claimed = claims(text, by_mark.keys())
    if not claimed:
        return ()
    parts = {mark: windows(by_mark[mark].quote, count) for mark in {mark for claim in claimed for mark in claim.marks}}
    vectors = embed([claim.text for claim in claimed] + [part for window in parts.values() for part in window])
    passages, start = dict[int, NDArray[np.float32]](), len(claimed)
    for mark, window in parts.items():
        passages[mark] = vectors[start : start + len(window)]
        start += len(window)
    return tuple(
        Support(mark, *claim.span, float(np.max(passages[mark] @ vectors[place])))
        for place, claim in enumerate(claimed)
        for mark in claim.marks
    )


def claims(text: str, allowed: Collection[int]) -> list[Claim]:
    """The sentences of `text` that carry marks in `allowed`; code is no sentence."""
    spans = sentences(text)
    starts = [span.start for span in spans]
    marks: dict[int, list[int]] = {}
    for place in places(text):
        at = bisect_right(starts, place.start) - 1
        if place.mark in allowed and at >= 0 and place.end <= spans[at].end:
            marks.setdefault(at, []).append(place.mark)
    found = [Claim(spans[at], plain(text[slice(*spans[at])]), tuple(dict.fromkeys(of))) for at, of in marks.items()]
    return [claim for claim in found if claim.text][:MOST_CLAIMS]


def plain(sentence: str) -> str:
    """The words of a sentence without marks and markup, as they are embedded."""
    return readable(sentence).strip(" .…")


def readable(sentence: str) -> str:
    """A sentence without marks and markup, as it is read where Markdown is not shown."""
    words = " ".join(_MARKUP.sub(" ", _MARK.sub("", sentence)).split())
    return _STOP.sub(r"\1", words)


def windows(quote: str, count: Count) -> list[str]:
    """A passage in as many parts as the model needs to read all of it.

    Its title and headings are left out: with them any sentence on the matter would seem to be supported.
    """
    edges: list[tuple[int, int]] = []
    start = size = 0
    for end in _ends(quote, count):
        tokens = count(quote[start:end])
        if edges and size + tokens <= LIMIT:
            edges[-1], size = (edges[-1][0], end), size + tokens
        else:
            edges.append((start, end))
            size = tokens
        start = end
    return [part for a, b in edges if (part := quote[a:b].strip())] or [quote]


def _ends(quote: str, count: Count) -> list[int]:
    """Where a passage may be cut, in order, so that no part is longer than the model reads."""
    ends: list[int] = []
    for end in [*(span.start for span in sentences(quote)[1:]), len(quote)]:
        start = ends[-1] if ends else 0
        parts = -(-count(quote[start:end]) // LIMIT)
        ends += (start + (end - start) * part // parts for part in range(1, parts))
        ends.append(end)
    return ends
