"""Terms: what of a text can be searched for by its words, in any script, identifiers too.

Words are folded (case, accents, width) and stemmed. `ZX-9000`, `foo_bar` and `it's` also stand as one term without
their marks, `getUserName` also as its parts. Scripts that put no blanks between words stand as pairs of neighbouring
characters and as single ones, as in Lucene's CJKBigramFilter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import normalize

import tantivy

from core.retrieval.stop_words import STOP_WORDS

_LONGEST = 80
_UNSPACED = (  # Thai and Lao, Myanmar, Khmer, kana and Han, Hangul, compatibility and rarer Han.
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Signs that belong to the letter before them are no word characters to `re`: accents, Hebrew, Arabic, India's scripts.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0981-\u0df4"
_JOINTS = r"[-_./:@+'’‑]+"
_JOINT = re.compile(_JOINTS)
_RARE = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_RUN = re.compile(rf"[{_UNSPACED}]+")
_SIGNED = re.compile(r"\b[A-Za-z]{1,12}(?:\+\+|#)(?!\w)")  # C++, F#
_HUMPED = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _patterns(letter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # A compound is only looked for where a word begins, and no letter is given back: that takes a third of the time.
    compound = f"(?<!{letter}){letter}++(?:{_JOINTS}{letter}++)+"
    return re.compile(f"[{_UNSPACED}]+|{letter}+"), re.compile(compound)


_WORD, _COMPOUND = _patterns(rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])")
_TOGETHER = re.compile(f"{_SIGNED.pattern}|{_COMPOUND.pattern}|{_WORD.pattern}")
_PLAIN_WORD, _PLAIN_COMPOUND = _patterns(r"[^\W_]")  # Three times as fast, for a text without rare letters.
_PLAIN_TOGETHER = re.compile(f"{_SIGNED.pattern}|{_PLAIN_COMPOUND.pattern}|{_PLAIN_WORD.pattern}")


def _analyzer(stop_words: tuple[str, ...] = ()) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.remove_long(_LONGEST))
    builder = builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold())
    if stop_words:
        builder = builder.filter(tantivy.Filter.custom_stopword(list(stop_words)))
    for language in ("English", "Russian", "Greek", "Arabic"):  # One a script: none touches the letters of another.
        builder = builder.filter(tantivy.Filter.stemmer(language))
    return builder.build()


ANALYZER = _analyzer()
"""Folds and stems words that are parted by blanks."""
_FOR_QUESTIONS = _analyzer(STOP_WORDS)


def spread(text: str) -> str:
    """Everything in `text` that can be searched for, parted by blanks: what `ANALYZER` takes."""
    text = normalize("NFKC", text)
    rare = not text.isascii() and _RARE.search(text) is not None
    words = (_WORD if rare else _PLAIN_WORD).findall(text)
    if rare:
        words = [part for word in words for part in (_grams(word) if _RUN.match(word) else (word,))]
    words += [_JOINT.sub("", compound) for compound in (_COMPOUND if rare else _PLAIN_COMPOUND).findall(text)]
    if "++" in text or "#" in text:
        words += _SIGNED.findall(text)
    if _HUMPED.search(text):
        words += [part for word in words if _HUMPED.search(word) for part in _HUMP.findall(word)]
    return " ".join(words)


def terms(text: str) -> frozenset[str]:
    """The terms of a text, as the index holds them."""
    return frozenset(map(_term, spread(text).split())) - {""}


@lru_cache(50_000)  # Most words come again and again, and this is ten times as fast.
def _term(word: str) -> str:
    return " ".join(ANALYZER.analyze(word))


@lru_cache(50_000)
def _terms_of_word(word: str) -> frozenset[str]:
    return terms(word)


@lru_cache(256)  # The snippets of one page all ask for the same.
def question_terms(query: str) -> tuple[str, ...]:
    """The terms to search for, each once: without stop words, unless there is nothing else."""
    text = spread(query)
    return tuple(dict.fromkeys(_FOR_QUESTIONS.analyze(text) or ANALYZER.analyze(text)))


def in_order(text: str) -> list[list[str]]:
    """The terms of a text as the index holds them one after the other, anew where unspaced scripts begin and end."""
    stretches = re.split(f"([{_UNSPACED}]+)", normalize("NFKC", text))
    runs = [[*stretch] if _RUN.match(stretch) else _WORD.findall(stretch) for stretch in stretches]
    found = [[term for term in map(_term, run) if term] for run in runs]
    return [some for some in found if some]


def words(text: str) -> Iterator[tuple[int, int, frozenset[str]]]:
    """The words of a text in order, each with where it starts and ends and its terms.

    What is written together, such as `ZX-9000`, is one; unspaced scripts come by single characters.
    """
    for match in (_TOGETHER if _RARE.search(text) else _PLAIN_TOGETHER).finditer(text):
        word = match[0]
        if not word.isascii() and _RUN.match(word):
            for at in range(match.start(), match.end()):
                yield at, at + 1, frozenset((text[at],))
        else:
            yield match.start(), match.end(), _terms_of_word(word) if len(word) <= _LONGEST else terms(word)


def _grams(run: str) -> list[str]:
    return [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
