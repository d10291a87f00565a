"""What a mark `[n]` is: how models write it, where it stands, and what is a link instead."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from core.retrieval.answering.code import CodeLexer

LIMIT = 80
"""The longest mark, in characters: what goes on is text."""
_WORDS = ("sources", "passages", "references", "documents", "refs", "docs")
_NUMBER = r"#?\d{1,3}"
# As models write it: [3] [1, 2] [1-3] [^1] [#2] [source 1] \[1\] 【1】 【1†L3】. Four digits are a year.
_MARK = re.compile(
    r"\\?[\[【][ ]?\^?(?:(?:" + "|".join(f"{word}?" for word in _WORDS) + r")[.:]?[ ]?)?"
    rf"(?P<numbers>{_NUMBER}(?:[ ]?(?:[,;&–—‐-]|and)[ ]?{_NUMBER})*)[ ]?(?:†[^\]】\n]{{0,16}})?\\?[\]】]",
    re.IGNORECASE,
)
# Brackets in brackets, such as [[1], [2]] and [2 [3]].
_NEST = re.compile(r"\\?[\[【][\[\]【】\d#^,;& –—‐-]*")
_SHOWN = re.compile(r"\[(\d{1,3})\](?!\()")
_TARGETS = ("(http://", "(https://", "(mailto:", "(/", "(#")


class Mark(NamedTuple):
    """A mark at the start of a text: its length, and the numbers it names."""

    length: int
    numbers: list[int]
    nested: bool = False


class Place(NamedTuple):
    """A mark that is shown, as the span of its characters."""

    start: int
    end: int
    mark: int


def marks_in(text: str) -> list[int]:
    """The marks that `text` shows outside code, in order of first appearance."""
    return list(dict.fromkeys(place.mark for place in places(text)))


def places(text: str) -> list[Place]:
    """Where `text` shows marks outside code, in order."""
    found, start, prose = list[Place](), 0, ""
    for code, piece, _ in [*CodeLexer().feed(text, final=True), (True, "", False)]:
        if code:
            found += (Place(start + m.start(), start + m.end(), int(m[1])) for m in _SHOWN.finditer(prose))
            start, prose = start + len(prose) + len(piece), ""
        else:
            prose += piece
    return found


def unsettled(text: str) -> bool:
    """Whether `text` ends in code that what follows could turn into prose, with numbers in brackets in it."""
    lexer = CodeLexer()
    lexer.feed(text)
    return any(code and _SHOWN.search(piece) for code, piece, _ in lexer.feed("", final=True))


def leading_mark(text: str) -> Mark | None:
    """The mark that `text` begins with."""
    found = _MARK.match(text)
    if found:
        return Mark(found.end(), _numbers(found["numbers"])) if found.end() <= LIMIT else None
    length = _balanced(text)
    numbers = re.findall(r"\d+", text[:length])
    if not numbers or max(map(len, numbers)) > 3:
        return None
    return Mark(length, _numbers(text[:length]), nested=True)


def trailing_mark(text: str) -> Mark | None:
    """The mark that `text` ends with."""
    start = max(text.rfind("["), text.rfind("【"))
    found = _MARK.fullmatch(text, start) if start >= 0 else None
    return Mark(len(text) - start, _numbers(found["numbers"])) if found else None


def may_become_mark(text: str) -> bool:
    """Whether `text`, with more to come, may begin with a mark."""
    if len(text) >= LIMIT or "\n" in text:
        return False
    if text == "\\" or (_NEST.fullmatch(text) and not _balanced(text)):
        return True
    inner = re.fullmatch(r"\\?[\[【] ?\^?([a-z]*)([.:]? ?)(.*)", text, re.IGNORECASE | re.DOTALL)
    if inner is None or text[-1] in "]】":
        return False
    word, gap, numbers = inner.groups()
    if not gap and not numbers:
        return not word or any(known.startswith(word.lower()) for known in _WORDS)
    if word and word.lower() not in _WORDS and word.lower() + "s" not in _WORDS:
        return False
    return re.fullmatch(r"[#\d,;&–—‐\- and]*(?:†[^\]】\n]{0,16})?\\?", numbers, re.IGNORECASE) is not None


def is_mark(numbers: Collection[int], allowed: Collection[int]) -> bool:
    """Whether several numbers are marks: an interval [0, 1] is none, nor is a list where there are no sources."""
    return len(numbers) == 1 or (0 not in numbers and bool(allowed))


def is_target(text: str) -> bool:
    """Whether `text`, behind a mark, makes it the text of a link."""
    return text.startswith(_TARGETS)


def may_become_target(text: str) -> bool:
    """Whether that may still turn out, with more to come."""
    return any(target.startswith(text) for target in _TARGETS)


def _balanced(text: str) -> int:
    """How long the brackets are that `text` begins with, if they hold others, numbers and nothing else; else 0."""
    nest = _NEST.match(text[:LIMIT])
    depth = deepest = 0
    for at, character in enumerate(nest.group() if nest else ""):
        if character in "[【":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]】":
            depth -= 1
            if depth == 0:
                return at + 1 if deepest > 1 else 0
    return 0


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for low, high in re.findall(r"(\d+)(?: ?[–—‐-] ?#?(\d+))?", text):
        last = int(high) if high else int(low)
        numbers.extend(range(int(low), last + 1) if int(low) <= last <= int(low) + 30 else (int(low), last))
    return numbers
