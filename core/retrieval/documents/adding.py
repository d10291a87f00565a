"""Adding: files are kept on disk, get their rows, and wait to be indexed; each has an error of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from core.errors import ThroughlineError, Unavailable
from core.models import Document
from core.retrieval.documents.indexing import Indexer
from core.retrieval.documents.intake import Added, NewFile, checked
from core.retrieval.documents.originals import Originals
from core.store.documents import Documents
from core.store.versions import NewDocument

_AT_ONCE = 200  # Rows of one transaction: some 20 ms.
_MOST_WAITING = 100_000


class Adder:
    """Takes files into the library."""

    def __init__(self, documents: Documents, originals: Originals, indexer: Indexer) -> None:
        self._documents = documents
        self._originals = originals
        self._indexer = indexer

    def add(self, files: Sequence[NewFile]) -> list[Added]:
        """What became of each file."""
        results: list[Added | None] = [None] * len(files)
        rows: dict[int, NewDocument] = {}
        for index, file in enumerate(files):
            try:
                rows[index] = checked(file, self._documents.now())
            except ThroughlineError as error:
                results[index] = Added(None, False, error)
        try:
            kept = self._keep(rows, files)
        except ThroughlineError as error:
            kept = {index: Added(None, False, error) for index in rows}
        return [kept[index] if result is None else result for index, result in enumerate(results)]

    def _keep(self, rows: dict[int, NewDocument], files: Sequence[NewFile]) -> dict[int, Added]:
        if len(self._indexer.queue) + len(rows) > _MOST_WAITING:
            raise Unavailable("Too many files are waiting to be indexed. Add this one again later.")
        answers: list[tuple[str, bool]] = []
        waiting = iter(rows.values())
        with self._originals.keeping({row.sha256: files[index].data for index, row in rows.items()}):
            while part := list(islice(waiting, _AT_ONCE)):
                added = self._documents.add_many(part)
                self._indexer.put([document_id for document_id, created in added if created])
                answers += added
        found = self._found([document_id for document_id, _ in answers])
        return {
            index: Added(found[document_id], created, None)
            for index, (document_id, created) in zip(rows, answers, strict=True)
        }

    def _found(self, document_ids: Sequence[str]) -> dict[str, Document]:
        """The documents by the ids that they were given, under which a newer version may be found by now."""
        found = {document.id: document for document in self._documents.several(document_ids)}
        return {one: found.get(one) or self._documents.get(one) for one in document_ids}
