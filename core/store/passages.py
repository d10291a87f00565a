"""Passages and their vectors as rows: stored, and read by id, by document or in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import NotFound
from core.models import Passage
from core.store.database import Database

DIMENSIONS = 384
_BATCH = 8192  # Rows read at a time: 12 MB of vectors.
_COLUMNS = "p.id, p.document_id, d.title, p.ordinal, p.text, p.heading, p.page, p.start_char, p.end_char"
_READY = "passages p join documents d on d.id = p.document_id and d.status = 'ready'"
_SHOWN = "passages p join documents d on d.id = p.document_id and d.status in ('ready', 'replaced')"


class Found(NamedTuple):
    """A passage and its vector (384, of unit length)."""

    passage: Passage
    vector: NDArray[np.float32]


class Batch(NamedTuple):
    """Passages by their ids, those of their documents, and their vectors (n, 384)."""

    ids: list[str]
    document_ids: list[str]
    vectors: NDArray[np.float32]


class Passages:
    """The passages of documents that are ready, and by their ids those of older versions: an answer may cite them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, passage_id: str) -> Passage:
        """One passage.

        Raises:
            NotFound: there is none; its document may have been removed.
        """
        found = self._select(_SHOWN, "where p.id = ?", [passage_id])
        if not found:
            raise NotFound("passage", passage_id)
        return found[0]

    def of(self, document_ids: Sequence[str]) -> tuple[Passage, ...]:
        """All passages of documents, each in reading order."""
        rest = "where p.document_id in (select unnest(?::varchar[])) order by p.document_id, p.ordinal"
        return self._select(_READY, rest, [list(document_ids)])

    def surroundings(self, passage_id: str, reach: int = 1) -> tuple[Passage, ...]:
        """A passage with up to `reach` passages before and after it, in reading order.

        Raises:
            NotFound: there is none; its document may have been removed.
        """
        middle = self.get(passage_id)
        return self._select(
            _SHOWN,
            "where p.document_id = ? and p.ordinal between ? and ? order by p.ordinal",
            [middle.document_id, middle.ordinal - reach, middle.ordinal + reach],
        )

    def named(self, passage_ids: Sequence[str]) -> dict[str, Found]:
        """Those of these passages that can be searched, by id."""
        if not passage_ids:
            return {}
        # Spelled out and without a join, as only so the index on the ids is used: 7 ms in place of 50 at 100,000.
        listed = ", ".join("?" * len(passage_ids))
        sql = (
            "select id, document_id, ordinal, text, heading, page, start_char, end_char, embedding "
            f"from passages where id in ({listed})"
        )
        rows = self._database.fetch(sql, list(passage_ids))
        titles = self._titles({row[1] for row in rows})
        found: dict[str, Found] = {}
        for passage_id, document_id, *place, vector in rows:
            if document_id in titles:
                passage = Passage(passage_id, document_id, titles[document_id], *place)
                found[passage_id] = Found(passage, np.array(vector, np.float32))
        return found

    def counts(self) -> dict[str, int]:
        """How many passages each document that can be searched has."""
        return dict(self._database.fetch(f"select p.document_id, count(*) from {_READY} group by 1"))

    def batches(self, document_ids: Collection[str] | None = None) -> Iterator[Batch]:
        """The vectors of all passages, or of those of some documents, bit by bit."""
        chosen = None if document_ids is None else list(document_ids)
        sql = f"select p.id, p.document_id, p.embedding from {_READY}"
        if chosen is not None:
            sql += " where p.document_id in (select unnest(?::varchar[]))"
        with self._database.read() as cursor:
            reader = cursor.sql(sql, params=[] if chosen is None else [chosen]).to_arrow_reader(_BATCH)
            for part in reader:
                table = pa.Table.from_batches([part])
                yield Batch(table["id"].to_pylist(), table["document_id"].to_pylist(), _vectors(table))

    def _titles(self, document_ids: Collection[str]) -> dict[str, str]:
        sql = "select id, title from documents where status = 'ready' and id in (select unnest(?::varchar[]))"
        return dict(self._database.fetch(sql, [list(document_ids)]))

    def _select(self, source: str, rest: str, parameters: list[Any]) -> tuple[Passage, ...]:
        rows = self._database.fetch(f"select {_COLUMNS} from {source} {rest}", parameters)
        return tuple(Passage(*row) for row in rows)


def _vectors(table: pa.Table) -> NDArray[np.float32]:
    if not len(table):
        return np.empty((0, DIMENSIONS), np.float32)
    flat: NDArray[np.float32] = table.column("embedding").combine_chunks().flatten().to_numpy()
    return flat.reshape(-1, DIMENSIONS)
