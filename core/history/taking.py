"""Taking up words: texts that are new or changed go into the index of words, and what it holds is kept beside it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.history.columns import Columns, Mask
from core.history.journal import Journal, Records
from core.history.phrases import Phrase
from core.history.words import MessageWords, Scored
from core.retrieval.answering.marks import marks_in
from core.retrieval.searching.bm25 import Damaged
from core.store.history_texts import HistoryTexts, Text

_KIND = np.dtype([("seq", "i8"), ("version", "u8"), ("document", "S40")])  # One for each document that a text cites.
_SLICE = 1_000  # Messages of one commit: others wait no longer than that.
_READ = 250  # Messages whose texts are in memory at a time.
_BREATH = 25
_FRAMES = 1_000
_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class _Unread(Exception):
    """The database could not be read, for which the index of words is not to blame."""


class Taking:
    """Keeps the words of messages in step with the columns. One thread takes up; any number search.

    While `gentle` says so, it rests as long as it works: answers are being written.
    """

    def __init__(self, folder: Path, columns: Columns, texts: HistoryTexts, gentle: Callable[[], bool]) -> None:
        self._columns = columns
        self._texts = texts
        self._gentle = gentle
        self._words = MessageWords(folder)
        self._journal = Journal(folder / "texts-1", _KIND)
        self.damaged = False
        """Whether all words have to be taken up anew."""
        self._failed = False

    def load(self) -> None:
        """Opens what is kept; call it once, when the columns are loaded.

        Raises:
            Damaged: the folder cannot be written.
        """
        for records in self._journal.read():
            self._know(records)
        self._open()
        if not self.damaged and self._journal.frames > _FRAMES:
            self._journal.rewrite([self._gathered()])

    @property
    def behind(self) -> int:
        """How many texts are not yet taken up."""
        return len(self._columns.behind("worded"))

    def step(self) -> None:
        """Takes up some of what is behind, the newest first.

        Raises:
            Damaged: the index cannot be written.
        """
        if self.damaged:
            self._words.clear()
            self._journal.rewrite([])
            self._columns.drop_words()
            self.damaged = self._failed = False
        elif self._failed:
            self._open()
        seqs = self._columns.behind("worded")[-_SLICE:][::-1].tolist()
        taken: list[Text] = []
        try:
            self._words.change(seqs, ((text.seq, text.text) for text in self._read(seqs, taken)))
        except Damaged as error:
            self._failed = True
            if isinstance(error.__cause__, _Unread):
                raise error.__cause__.__cause__ or error from None
            raise
        self._record(seqs, taken)

    def search(self, query: str, n: int, wanted: Mask) -> list[Scored]:
        """The `n` messages whose numbers are `wanted` that fit best by their words, with their BM25 scores."""
        return self._found(lambda: self._words.search(query, n, wanted), [])

    def saying(self, phrases: Sequence[Phrase], numbers: int) -> Mask:
        """By number, below `numbers`, which messages say all of `phrases`, word after word."""
        return self._found(lambda: self._words.saying(phrases, numbers), np.zeros(numbers, np.bool_))

    def close(self) -> None:
        """Lets go of the folder."""
        self._words.close()

    def _found(self, look: Callable[[], Result], nothing: Result) -> Result:
        """What a look into the index gives; `nothing` where that is damaged, which it remembers."""
        try:
            return look()
        except Damaged as error:
            _log.warning("the index of words is damaged and is made anew: %s", error.__cause__)
            self.damaged = True
            return nothing

    def _open(self) -> None:
        """Opens the index of words as it was committed last, which has to hold what it is said to."""
        if self._words.open() < np.count_nonzero(self._columns.held("worded")):
            _log.warning("the index of words lacks messages and is made anew")
            self.damaged = True
        self._failed = False

    def _read(self, seqs: Sequence[int], taken: list[Text]) -> Iterator[Text]:
        for start in range(0, len(seqs), _READ):
            began = time.monotonic()
            try:
                texts = self._texts.texts(seqs[start : start + _READ])
            except Exception as error:
                raise _Unread from error
            for number, text in enumerate(texts):
                yield text
                taken.append(Text(text.seq, text.version, "", _cited(text)))
                if number % _BREATH == 0 and self._gentle():
                    time.sleep(min(0.1, time.monotonic() - began))
                    began = time.monotonic()

    def _record(self, seqs: Sequence[int], taken: Sequence[Text]) -> None:
        """Keeps what the index of words holds now; of those whose text is gone, that it holds nothing."""
        gone = sorted(set(seqs) - {text.seq for text in taken})
        rows = [(seq, 0, b"") for seq in gone]
        for text in taken:
            documents = {document.encode()[:40] for _, document in text.sources} or {b""}
            rows += [(text.seq, text.version, document) for document in sorted(documents)]
        records = np.array(rows, _KIND)
        self._journal.append(records)
        self._know(records)

    def _know(self, records: Records) -> None:
        self._columns.hold("worded", records["seq"], records["version"])
        cited = records[records["document"] != b""]
        names = [name.decode("utf-8", "replace") for name in cited["document"].tolist()]
        self._columns.cite(cited["seq"].copy(), cited["version"].copy(), names)

    def _gathered(self) -> Records:
        """What the file holds that still counts, in one part."""
        held = self._columns.held("worded")
        parts = [records[held[records["seq"]] == records["version"]] for records in self._journal.read()]
        whole: Records = np.concatenate(parts)
        living: Records = whole[whole["version"] != 0]
        return living


def _cited(text: Text) -> tuple[tuple[int, str], ...]:
    if not text.sources:
        return ()
    marks = set(marks_in(text.text))
    return tuple(source for source in text.sources if source[0] in marks)
