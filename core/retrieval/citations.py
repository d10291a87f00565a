"""The marks `[n]` in an answer: only those that name a passage are ever shown, all written alike."""

from __future__ import annotations

import re
from collections.abc import Collection

from core.retrieval.code import CodeLexer

# A mark as models write it: [3] [1, 2] [1-3] [^1] [#2] [source 1] 【1】 【1†L3】. Four digits are a year.
_WORDS = ("sources", "passages", "references", "documents", "refs", "docs")
_NUMBER = r"#?\d{1,3}"
_MARK = re.compile(
    r"[\[【][ ]?\^?(?:(?:" + "|".join(f"{word}?" for word in _WORDS) + r")[.:]?[ ]?)?"
    rf"(?P<numbers>{_NUMBER}(?:[ ]?(?:[,;&–—‐-]|and)[ ]?{_NUMBER})*)[ ]?(?:†[^\]】\n]{{0,16}})?[\]】]",
    re.IGNORECASE,
)
_LIMIT = 40
_SHOWN = re.compile(r"\[(\d{1,3})\](?!\()")


class MarkFilter:
    """Passes an answer on as it streams in, with its marks put right, identically however it is cut into chunks.

    Marks become `[1][2]`; those not in `allowed` are dropped with the blanks before them; code and links stay as they
    are. Held back is only what may still become a mark. `prefix` is the answer's text so far, when it is continued.
    """

    def __init__(self, allowed: Collection[int], prefix: str = "") -> None:
        self._allowed = frozenset(allowed)
        self._lexer = CodeLexer()
        self._buffer = ""
        self._group: set[int] | None = None  # Marks shown since the last text that was not a mark.
        if prefix:
            self.feed(prefix)
            self._buffer = ""

    def feed(self, text: str) -> str:
        """What can be shown with `text` added."""
        return self._advance(text, final=False)

    def finish(self) -> str:
        """What was held back; a mark that is cut off is dropped."""
        return self._advance("", final=True)

    def _advance(self, text: str, *, final: bool) -> str:
        shown = []
        for code, piece, _ in self._lexer.feed(text, final=final):
            if code:
                shown.append(self._drain(final=True, cut=False) + piece)
                self._group = None
            else:
                self._buffer += piece
                shown.append(self._drain(final=False, cut=False))
        if final:
            shown.append(self._drain(final=True, cut=True))
        return "".join(shown)

    def _drain(self, *, final: bool, cut: bool) -> str:
        """All that is decided; at the end (`final`) everything is, and a mark that is `cut` off is left out."""
        shown: list[str] = []
        while self._buffer:
            blanks = len(self._buffer) - len(self._buffer.lstrip(" \t"))
            rest = self._buffer[blanks:]
            if not rest and not final:
                break
            if not rest.startswith(("[", "【")):
                length = blanks + _plain_length(rest)
                shown.append(self._buffer[:length])
                self._buffer = self._buffer[length:]
                self._group = None
                continue
            mark = _MARK.match(rest)
            if mark and mark.end() <= _LIMIT:
                if mark.end() == len(rest) and not final:
                    break  # A link, if "(" follows.
                shown.append(self._mark(mark, self._buffer[:blanks]))
                self._buffer = rest[mark.end() :]
            elif not final and _may_become_mark(rest):
                break
            elif cut and _may_become_mark(rest):
                self._buffer = ""
            else:
                shown.append(self._buffer[: blanks + 1])
                self._buffer = rest[1:]
                self._group = None
        return "".join(shown)

    def _mark(self, mark: re.Match[str], blanks: str) -> str:
        numbers = _numbers(mark.group("numbers"))
        if mark.string[mark.end() : mark.end() + 1] == "(" or not self._is_mark(numbers):
            self._group = None
            return blanks + mark.group()
        before = self._group
        known = self._group = set() if before is None else before
        new = [n for n in dict.fromkeys(numbers) if n in self._allowed and n not in known]
        if not new:
            self._group = before
            return ""
        first = not known
        known.update(new)
        return (blanks if first else "") + "".join(f"[{n}]" for n in new)

    def _is_mark(self, numbers: list[int]) -> bool:
        """Whether several numbers are marks: an interval [0, 1] is none, nor is a list where there are no sources."""
        return len(numbers) == 1 or (0 not in numbers and bool(self._allowed))


def marks_in(text: str) -> list[int]:
    """The marks that `text` shows outside code, in order of first appearance."""
    segments = CodeLexer().feed(text, final=True)
    prose = "".join("\n" if code else piece for code, piece, _ in segments)
    return list(dict.fromkeys(int(match.group(1)) for match in _SHOWN.finditer(prose)))


def without_marks(text: str) -> str:
    """`text` with no marks: those of an earlier answer name passages that a later one is not given."""
    marks = MarkFilter(())
    return marks.feed(text) + marks.finish()


def _plain_length(text: str) -> int:
    """How far `text` goes before blanks or a bracket that may begin a mark."""
    match = re.search(r"[ \t]*[\[【]|[ \t]+\Z", text)
    return match.start() if match else len(text)


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for low, high in re.findall(r"(\d+)(?: ?[–—‐-] ?#?(\d+))?", text):
        last = int(high) if high else int(low)
        numbers.extend(range(int(low), last + 1) if int(low) <= last <= int(low) + 30 else (int(low), last))
    return numbers


def _may_become_mark(text: str) -> bool:
    if len(text) >= _LIMIT or text[-1] in "]】\n":
        return False
    inner = re.fullmatch(r"[\[【] ?\^?([a-z]*)([.:]? ?)(.*)", text, re.IGNORECASE | re.DOTALL)
    if inner is None:
        return False
    word, gap, numbers = inner.groups()
    if not gap and not numbers:
        return not word or any(known.startswith(word.lower()) for known in _WORDS)
    if word and word.lower() not in _WORDS and word.lower() + "s" not in _WORDS:
        return False
    return re.fullmatch(r"[#\d,;&–—‐\- and]*(?:†[^\]】\n]{0,16})?", numbers, re.IGNORECASE) is not None
