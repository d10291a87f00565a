"""Marks for answers of models that write none: a sentence gets the mark of the passage whose words it repeats.

This compares words, not meaning: it finds where a sentence was taken from, not whether it is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.models import Citation
from core.retrieval.answering.sentences import MARKS, Splitter, Step
from core.retrieval.answering.words import content_words

_SHARE = 0.6
"""The share of a sentence's content words that one passage must hold; all of its numbers besides."""
_FEWEST = 2
_LONGEST = 4_000
"""Characters from which on it is no sentence."""
_HEAD = 40  # Characters of a line that tell a heading or a table.
_MARKED = re.compile(r"\[\d{1,3}\]")


class Attributor:
    """Passes an answer on as it streams in and adds ` [n]` before the full stop of a sentence that a passage supports.

    Headings, tables, questions, code and sentences that carry a mark are left alone; the outcome is the same however
    the text is cut into chunks. `prefix` is the answer's text so far, when it is continued.
    """

    def __init__(self, passages: Sequence[Citation], prefix: str = "") -> None:
        self._passages = [(passage.mark, content_words(f"{passage.title} {passage.quote}")) for passage in passages]
        self._splitter = Splitter()
        self._sentence = ""
        self._line = ""
        self._take(self._splitter.resume(prefix))

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        return self._take(self._splitter.feed(text))

    def finish(self, *, complete: bool = True) -> str:
        """What was held back; the last words count as a sentence if the answer is `complete`."""
        shown = self._take(self._splitter.finish())
        return shown + (self._mark() if complete else "") if self._sentence.strip() else shown

    def _take(self, steps: list[Step]) -> str:
        shown = []
        for step in steps:
            marks = step.ends and not step.marked and "?" not in step.text
            shown.append((self._mark() if marks else "") + self._pass(step.text))
            if step.ends or step.fence:
                self._sentence = ""
        return "".join(shown)

    def _pass(self, text: str) -> str:
        if len(self._sentence) < _LONGEST:
            self._sentence += text
        _, newline, line = text.rpartition("\n")
        self._line = line[:_HEAD] if newline else (self._line + text[:_HEAD])[:_HEAD]
        return text

    def _mark(self) -> str:
        sentence, self._sentence = self._sentence, ""
        if len(sentence) >= _LONGEST:
            return ""
        sentence = MARKS.sub("", sentence)
        if _MARKED.search(sentence) or re.match(r"\s*(?:#|\|)", self._line) or sentence.rstrip().endswith(":"):
            return ""
        words = content_words(sentence)
        if len(words) < _FEWEST:
            return ""
        numbers = {word for word in words if word[0].isdigit()}
        shares = [(len(words & held) / len(words), -mark) for mark, held in self._passages if numbers <= held]
        share, mark = max(shares, default=(0.0, 0))
        return f" [{-mark}]" if share >= _SHARE else ""
