"""The lexical index: BM25 over the words of passages, their titles and headings, with tantivy.

It is derived from the database and holds nothing of its own: what is missing, damaged or of another format is made
anew. Title with headings and text are two fields whose scores are added (k1 = 1.2, b = 0.75 each).
"""

from __future__ import annotations

import logging
import math
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import tantivy

from core.models import Passage
from core.retrieval.searching.terms import ANALYZER, question_terms, spread

_FORMAT = "lexical-1"  # Another number for another schema or other terms: what is there is then made anew.
_FIELDS = ("title", "text")
_HEAP = 32_000_000
_MOST_TERMS = 64
"""Of a longer question the rarest terms count: they tell the most, and each takes its time."""
_log = logging.getLogger(__name__)


class Damaged(Exception):
    """The index cannot be read or written, and is to be made anew."""


class Lexical:
    """The words of passages, in a folder, or in memory without one. One thread changes it; any number search."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder / _FORMAT if folder else None
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None

    def open(self) -> dict[str, int]:
        """Opens the index, or begins a new one; how many passages of which documents it holds."""
        if self._folder is not None and self._folder.parent.is_dir():
            for other in self._folder.parent.glob("lexical-*"):
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)
        try:
            with _sound():
                self._index = _opened(self._folder)
                return _held(self._index)
        except Damaged as error:
            _log.warning("the index of words cannot be read and is made anew: %s", error.__cause__)
            self.clear()
            return {}

    def clear(self) -> None:
        """Begins a new index in place of what is there.

        Raises:
            Damaged: the folder cannot be written.
        """
        self._index = self._writer = None  # Its lock goes with it.
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        with _sound():
            self._index = _opened(self._folder)

    def change(self, gone: Iterable[str], passages: Iterable[Sequence[Passage]]) -> None:
        """Lets go of the documents `gone` and takes up `passages`, then shows all of it at once.

        Raises:
            Damaged: it cannot be written.
        """
        with _sound():
            if self._index is None:
                self._index = _opened(self._folder)
            if self._writer is None:
                self._writer = self._index.writer(_HEAP, 1)
            for document_id in gone:
                self._writer.delete_documents_by_term("document", document_id)
            for some in passages:
                for passage in some:
                    self._writer.add_document(_entry(passage))
            self._writer.commit()
            self._index.reload()

    def search(self, query: str, n: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The ids of the `n` passages of the `allowed` documents with the greatest BM25 score, best first.

        Raises:
            Damaged: the index cannot be read.
        """
        index = self._index
        if index is None or n < 1:
            return []
        with _sound():
            searcher = index.searcher()
            query_of = _query(index.schema, _known(searcher, question_terms(query)), allowed)
            if query_of is None:
                return []
            hits = searcher.search(query_of, n, count=False).hits
            found = [(str(searcher.doc(address).get_first("id")), float(score)) for score, address in hits]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

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
            found = {word: max(searcher.doc_freq(field, word) for field in _FIELDS) for word in words}
        return {word: math.log1p(max(total - count + 0.5, 0) / (count + 0.5)) for word, count in found.items()}

    def close(self) -> None:
        """Lets go of the folder."""
        self._index = self._writer = None


@contextmanager
def _sound() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # A panic in Rust is no `Exception`.
        raise Damaged(str(error)) from error


def _opened(folder: Path | None) -> tantivy.Index:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    schema.add_text_field("document", tokenizer_name="raw", index_option="basic")
    for name in _FIELDS:
        schema.add_text_field(name, tokenizer_name="terms", index_option="freq")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(schema.build(), str(folder) if folder else None)
    index.register_tokenizer("terms", ANALYZER)
    index.config_reader("manual")
    index.reload()
    return index


def _held(index: tantivy.Index) -> dict[str, int]:
    everything = tantivy.Query.all_query()  # With a query only what was not deleted counts.
    return dict(index.searcher().terms_with_prefix("document", "", everything))


def _entry(passage: Passage) -> tantivy.Document:
    title = f"{passage.title} {passage.heading or ''}"
    return tantivy.Document(id=passage.id, document=passage.document_id, title=spread(title), text=spread(passage.text))


def _known(searcher: tantivy.Searcher, words: Iterable[str]) -> dict[tuple[str, str], int]:
    """In how many passages each field holds each of `words`; of those that stand nowhere, nothing."""
    counts = {(field, word): searcher.doc_freq(field, word) for word in words for field in _FIELDS}
    rarest = sorted((pair for pair in counts.items() if pair[1]), key=lambda pair: pair[1])
    return dict(rarest[: _MOST_TERMS * len(_FIELDS)])


def _query(
    schema: tantivy.Schema, known: Mapping[tuple[str, str], int], allowed: Collection[str] | None
) -> tantivy.Query | None:
    """Any of the terms, within `allowed`; built from terms, so that no text is ever a query language."""
    if not known:
        return None
    build, should, must = tantivy.Query, tantivy.Occur.Should, tantivy.Occur.Must
    words = build.boolean_query([(should, build.term_query(schema, *pair, index_option="freq")) for pair in known])
    if allowed is None:
        return words
    within = build.const_score_query(build.term_set_query(schema, "document", list(allowed)), 0.0)
    return build.boolean_query([(must, words), (must, within)])
