"""Marks for answers of models that write none: a sentence gets the mark of the passage whose words it repeats.

This compares words, not meaning: it finds where a sentence was taken from, not whether it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.models import Citation
from core.retrieval.code import CodeLexer

_SHARE = 0.6
"""The share of a sentence's content words that one passage must hold; all of its numbers besides."""
_FEWEST = 2
_END = re.compile(r"(?P<stop>[.!?…]+[\"'”’)\]*_]*)(?P<gap>\s+|\Z)|(?P<line>[ \t]*\n)|(?P<blank>[ \t]+\Z)")
_MARKED = re.compile(r"\[\d{1,3}\]")
_LEADING = re.compile(r"\A(?:\s*\[\d{1,3}\])+")  # After a full stop, these belong to the sentence before.
_ABBREVIATION = re.compile(r"(?:^|[\s(\"“])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St|No|Prof|vs|etc|e\.g|i\.e|approx|ca)\Z")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about after all also an and any are as at be because been before but by can could did do does "
        "during each for from had has have he her his how i if in into is it its may more most not of on one "
        "only or other our over she should so some such than that the their them then there these they this "
        "to up was we were what when where which while who will with would you your according source sources "
        "based provided passage",
    )
)


class Attributor:
    """Passes an answer on as it streams in and adds ` [n]` before the full stop of a sentence that a passage supports.

    Headings, tables, questions, code and sentences that carry a mark are left alone; the outcome is the same however
    the text is cut into chunks. `prefix` is the answer's text so far, when it is continued.
    """

    def __init__(self, passages: Sequence[Citation], prefix: str = "") -> None:
        self._passages = [(passage.mark, _words(f"{passage.title} {passage.quote}")) for passage in passages]
        self._lexer = CodeLexer()
        self._buffer = ""
        self._sentence = ""
        self._line = ""
        if prefix:
            self.feed(prefix)
            self._buffer = ""

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        return self._advance(text, final=False)

    def finish(self, *, complete: bool = True) -> str:
        """What was held back; the last words count as a sentence if the answer is `complete`."""
        shown = self._advance("", final=True)
        return shown + (self._mark() if complete else "") if self._sentence.strip() else shown

    def _advance(self, text: str, *, final: bool) -> str:
        shown = []
        for code, piece, fence in self._lexer.feed(text, final=final):
            if code:
                shown.append(self._drain(final=True) + piece)
                self._pass(piece)
                self._sentence = "" if fence else self._sentence
            else:
                self._buffer += piece
                shown.append(self._drain(final=False))
        if final:
            shown.append(self._drain(final=True))
        return "".join(shown)

    def _drain(self, *, final: bool) -> str:
        shown = []
        while self._buffer:
            end = _END.search(self._buffer)
            if end is None:
                shown.append(self._pass(self._buffer))
                self._buffer = ""
                break
            shown.append(self._pass(self._buffer[: end.start()]))
            self._buffer = self._buffer[end.start() :]
            step = self._end(end, final)
            if step is None:
                break
            shown.append(step)
        return "".join(shown)

    def _end(self, end: re.Match[str], final: bool) -> str | None:
        """What comes of the end of a sentence or line at the head of the buffer; None to wait for more."""
        length = end.end() - end.start()
        following = self._buffer[length : length + 1]
        if end.group("stop") is None:
            if not following and not final and end.group("line") is None:
                return None
            return self._leave(length, ends=end.group("line") is not None)
        if not following and not final and "\n" not in end.group("gap"):
            return None
        here = self._buffer[:length]
        if "\n" in end.group("gap"):
            length = self._buffer.index("\n") + 1
            return self._leave(length, ends=True)
        shortened = here[0] == "." and _ABBREVIATION.search(self._line)
        return self._leave(length, ends=not following.islower() and not shortened, marked=following == "[")

    def _leave(self, length: int, *, ends: bool, marked: bool = False) -> str:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        mark = self._mark() if ends and not marked and "?" not in text else ""
        self._pass(text)
        if ends:
            self._sentence = ""
        return mark + text

    def _pass(self, text: str) -> str:
        self._sentence += text
        self._line = (self._line + text).rpartition("\n")[2]
        return text

    def _mark(self) -> str:
        sentence, self._sentence = self._sentence, ""
        sentence = _LEADING.sub("", sentence)
        if _MARKED.search(sentence) or re.match(r"\s*(?:#|\|)", self._line) or sentence.rstrip().endswith(":"):
            return ""
        words = _words(sentence)
        if len(words) < _FEWEST:
            return ""
        numbers = {word for word in words if word[0].isdigit()}
        shares = [(len(words & held) / len(words), -mark) for mark, held in self._passages if numbers <= held]
        share, mark = max(shares, default=(0.0, 0))
        return f" [{-mark}]" if share >= _SHARE else ""


def _words(text: str) -> frozenset[str]:
    """The content words of `text`, without endings; numbers without their thousands separators."""
    found = re.findall(r"\d+(?:[.,:]\d+)*|[^\W\d_]+", text.lower())
    return frozenset(_stem(word) for word in found if word not in _STOP_WORDS and (len(word) > 1 or word.isdigit()))


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    for ending in ("ies", "ing", "ied", "ed", "es", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
