"""The lexical index: BM25 over the words of passages, their titles and headings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import tantivy

from core.models import Passage
from core.retrieval.searching.bm25 import Bm25, Damaged, Hits
from core.retrieval.searching.terms import spread

__all__ = ["Damaged", "Lexical"]
_FIELDS = ("title", "text")


class Lexical:
    """The words of passages, in a folder, or in memory without one. One thread changes it; any number search."""

    def __init__(self, folder: Path | None = None) -> None:
        self._words = Bm25(folder, "lexical-1", _FIELDS, _describe)

    def open(self) -> dict[str, int]:
        """Opens the index, or begins a new one; how many passages of which documents it holds.

        Raises:
            Damaged: the folder cannot be written.
        """
        return self._words.open(_held) or {}

    def clear(self) -> None:
        """Begins a new index in place of what is there.

        Raises:
            Damaged: the folder cannot be written.
        """
        self._words.clear()

    def change(self, gone: Iterable[str], passages: Iterable[Sequence[Passage]]) -> None:
        """Lets go of the documents `gone` and takes up `passages`, then shows all of it at once.

        Raises:
            Damaged: it cannot be written.
        """
        self._words.change("document", gone, (_entry(passage) for some in passages for passage in some))

    def search(self, query: str, n: int, allowed: Collection[str] | None = None) -> list[tuple[str, float]]:
        """The ids of the `n` passages of the `allowed` documents with the greatest BM25 score, best first.

        Raises:
            Damaged: the index cannot be read.
        """

        def within(schema: tantivy.Schema) -> tantivy.Query:
            return tantivy.Query.term_set_query(schema, "document", list(allowed or ()))

        found = self._words.search(query, n, _named, None if allowed is None else within)
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

    def weights(self, query: str) -> dict[str, float]:
        """The terms of a question and how much each tells: its inverse document frequency, never below 0.

        Raises:
            Damaged: the index cannot be read.
        """
        return self._words.weights(query)

    def close(self) -> None:
        """Lets go of the folder."""
        self._words.close()


def _describe(schema: tantivy.SchemaBuilder) -> None:
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    schema.add_text_field("document", tokenizer_name="raw", index_option="basic")


def _held(searcher: tantivy.Searcher) -> dict[str, int]:
    everything = tantivy.Query.all_query()  # With a query only what was not deleted counts.
    return dict(searcher.terms_with_prefix("document", "", everything))


def _named(searcher: tantivy.Searcher, hits: Hits) -> list[tuple[str, float]]:
    return [(str(searcher.doc(address).get_first("id")), float(score)) for score, address in hits]


def _entry(passage: Passage) -> tantivy.Document:
    title = f"{passage.title} {passage.heading or ''}"
    return tantivy.Document(id=passage.id, document=passage.document_id, title=spread(title), text=spread(passage.text))
