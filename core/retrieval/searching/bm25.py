"""An index of words on disk: BM25 (k1 = 1.2, b = 0.75 a field, the fields' scores added), with tantivy.

It is derived from the database and holds nothing of its own: what is missing, damaged or of another format is made
anew.
"""

from __future__ import annotations

import logging
import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from core.retrieval.searching.terms import ANALYZER, question_terms

_HEAP = 32_000_000
_MOST_TERMS = 64
"""Of a longer question the rarest terms count: they tell the most, and each takes its time."""
_log = logging.getLogger(__name__)

Hits = Sequence[tuple[Any, tantivy.DocAddress]]
"""Scores and places, best first."""
Seen = TypeVar("Seen")


class Damaged(Exception):
    """The index cannot be read or written, and is to be made anew."""


class Bm25:
    """The words of texts, in a folder, or in memory without one. One thread changes it; any number search.

    `name` is the kind of index and the number of its format: another number for another schema or other terms, and
    what is there is made anew. `fields` hold words, as `spread` gives them, with `positions` also where each stands, so
    that phrases are found; `describe` adds the other fields.
    """

    def __init__(
        self,
        folder: Path | None,
        name: str,
        fields: Sequence[str],
        describe: Callable[[tantivy.SchemaBuilder], None],
        positions: bool = False,
    ) -> None:
        self._folder = folder / name if folder else None
        self._kind = name.rpartition("-")[0]
        self._fields = fields
        self._describe = describe
        self._option = "position" if positions else "freq"
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None

    def open(self, look: Callable[[tantivy.Searcher], Seen]) -> Seen | None:
        """Opens the index, or begins a new one; what `look` sees in it, None if it could not be read.

        Raises:
            Damaged: the folder cannot be written.
        """
        if self._folder is not None and self._folder.parent.is_dir():
            for other in self._folder.parent.glob(f"{self._kind}-*"):
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)
        self._index = self._writer = None  # What was not committed goes.
        try:
            with _sound():
                self._index = self._opened()
                return look(self._index.searcher())
        except Damaged as error:
            _log.warning("the index of words cannot be read and is made anew: %s", error.__cause__)
            self.clear()
            return None

    def clear(self) -> None:
        """Begins a new index in place of what is there.

        Raises:
            Damaged: the folder cannot be written.
        """
        self._index = self._writer = None  # Its lock goes with it.
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        with _sound():
            self._index = self._opened()

    def change(self, key: str, gone: Iterable[Any], added: Iterable[tantivy.Document]) -> None:
        """Lets go of what has one of the values `gone` in the field `key`, takes up more, then shows all at once.

        Raises:
            Damaged: it cannot be written.
        """
        with _sound():
            if self._index is None:
                self._index = self._opened()
            if self._writer is None:
                self._writer = self._index.writer(_HEAP, 1)
            for value in gone:
                self._writer.delete_documents_by_term(key, value)
            for document in added:
                self._writer.add_document(document)
            self._writer.commit()
            self._index.reload()

    def search(
        self,
        query: str,
        n: int,
        read: Callable[[tantivy.Searcher, Hits], list[Seen]],
        within: Callable[[tantivy.Schema], tantivy.Query] | None = None,
    ) -> list[Seen]:
        """What `read` makes of the `n` texts `within` a filter that have the greatest BM25 score.

        Raises:
            Damaged: the index cannot be read.
        """
        index = self._index
        if index is None or n < 1:
            return []
        with _sound():
            searcher = index.searcher()
            known = self._known(searcher, question_terms(query))
            if not known:
                return []
            wanted = _query(index.schema, known, within)
            return read(searcher, searcher.search(wanted, n, count=False).hits)

    def saying(
        self, phrases: Iterable[Sequence[str]], n: int, read: Callable[[tantivy.Searcher, Hits], list[Seen]]
    ) -> list[Seen]:
        """What `read` makes of the `n` texts, in their one field, that say all of `phrases` most: terms in order.

        Raises:
            Damaged: the index cannot be read.
        """
        index = self._index
        if index is None:
            return []
        with _sound():
            searcher = index.searcher()
            said = [(tantivy.Occur.Must, _phrase(index.schema, self._fields[0], phrase)) for phrase in phrases]
            return read(searcher, searcher.search(tantivy.Query.boolean_query(said), n, count=False).hits)

    def weights(self, query: str) -> dict[str, float]:
        """The terms of a question and how much each tells: its inverse document frequency, never below 0.

        Raises:
            Damaged: the index cannot be read.
        """
        words = question_terms(query)
        index = self._index
        if index is None:
            return dict.fromkeys(words, 1.0)
        with _sound():
            searcher = index.searcher()
            total = searcher.num_docs
            found = {word: max(searcher.doc_freq(field, word) for field in self._fields) for word in words}
        return {word: math.log1p(max(total - count + 0.5, 0) / (count + 0.5)) for word, count in found.items()}

    def close(self) -> None:
        """Lets go of the folder."""
        self._index = self._writer = None

    def _opened(self) -> tantivy.Index:
        schema = tantivy.SchemaBuilder()
        self._describe(schema)
        for name in self._fields:
            schema.add_text_field(name, tokenizer_name="terms", index_option=self._option)
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(schema.build(), str(self._folder) if self._folder else None)
        index.register_tokenizer("terms", ANALYZER)
        index.config_reader("manual")
        index.reload()
        return index

    def _known(self, searcher: tantivy.Searcher, words: Iterable[str]) -> dict[tuple[str, str], int]:
        """In how many texts each field holds each of `words`; of those that stand nowhere, nothing."""
        counts = {(field, word): searcher.doc_freq(field, word) for word in words for field in self._fields}
        rarest = sorted((pair for pair in counts.items() if pair[1]), key=lambda pair: pair[1])
        return dict(rarest[: _MOST_TERMS * len(self._fields)])


@contextmanager
def _sound() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # A panic in Rust is no `Exception`.
        raise Damaged(str(error)) from error


def _query(
    schema: tantivy.Schema,
    known: Mapping[tuple[str, str], int],
    within: Callable[[tantivy.Schema], tantivy.Query] | None,
) -> tantivy.Query:
    """Any of the terms, within a filter; built from terms, so that no text is ever a query language."""
    build, should, must = tantivy.Query, tantivy.Occur.Should, tantivy.Occur.Must
    words = build.boolean_query([(should, build.term_query(schema, *pair, index_option="freq")) for pair in known])
    if within is None:
        return words
    return build.boolean_query([(must, words), (must, build.const_score_query(within(schema), 0.0))])


def _phrase(schema: tantivy.Schema, field: str, terms: Sequence[str]) -> tantivy.Query:
    if len(terms) == 1:
        return tantivy.Query.term_query(schema, field, terms[0], index_option="freq")
    return tantivy.Query.phrase_query(schema, field, list(terms))
