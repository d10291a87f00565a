"""The catalogue: the documents of the library and what stands in them, as people look at them."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import NotFound
from core.models import Document, Passage
from core.retrieval.documents.intake import tidy_tags
from core.retrieval.documents.originals import Originals
from core.store.documents import Counts, Documents


class Catalogue:
    """Lists, names and opens documents; every method may be called from any thread."""

    def __init__(self, documents: Documents, originals: Originals) -> None:
        self._documents = documents
        self._originals = originals

    def tags(self) -> tuple[str, ...]:
        """All tags in use, in alphabetical order."""
        return self._documents.tags()

    def tagged(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The ids of the documents that have any of these tags, newest first."""
        return self._documents.tagged(tags)

    def list(self, limit: int | None = None, offset: int = 0, query: str = "") -> tuple[Document, ...]:
        """The documents whose title or origin holds `query`, whatever its case, newest first."""
        return self._documents.list(limit, offset, query)

    def titles(self) -> dict[str, str]:
        """The titles of the documents that can be searched, by id, newest first."""
        return self._documents.titles()

    def count(self) -> Counts:
        """How many documents there are, by status."""
        return self._documents.count()

    def get(self, document_id: str) -> Document:
        """One document; the id of an older version gives the newest.

        Raises:
            NotFound: there is none.
        """
        return self._documents.get(document_id)

    def original(self, document_id: str) -> bytes:
        """The file of a document, as it was added.

        Raises:
            NotFound: it is not kept; the document may have been removed or replaced.
        """
        try:
            return next(self._originals.read(one.sha256) for one in self._documents.several([document_id]))
        except (StopIteration, FileNotFoundError) as error:
            raise NotFound("file of the document", document_id) from error

    def passage(self, passage_id: str) -> Passage:
        """One passage.

        Raises:
            NotFound: there is none; its document may have been removed.
        """
        return self._documents.passages.get(passage_id)

    def surroundings(self, passage_id: str, reach: int = 1) -> tuple[Passage, ...]:
        """A passage with up to `reach` before and after it, in reading order.

        Raises:
            NotFound: there is none; its document may have been removed.
        """
        return self._documents.passages.surroundings(passage_id, reach)

    def set_tags(self, document_id: str, tags: Sequence[str]) -> None:
        """Gives a document these tags in place of those that it has.

        Raises:
            NotFound: there is none.
            InvalidValue: a tag cannot be taken.
        """
        self._documents.set_tags(self.get(document_id).id, tidy_tags(tags))
