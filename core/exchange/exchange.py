"""What a person does: look at an export, bring it in, take conversations out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from core.errors import Conflict, InvalidValue, NotFound
from core.exchange.exports import WRITERS
from core.exchange.exports.tables import TABLES, table_file
from core.exchange.importing import Reading
from core.exchange.report import Report
from core.exchange.saving import Reserve, Saving
from core.exchange.source import Source, opened
from core.store.database import Database
from core.store.exports import Exports
from core.store.imports import Imports
from core.store.saved import SavedConversation
from core.store.table_exports import TableExports

FORMATS = (*WRITERS, *TABLES)
"""The formats that conversations are taken out in."""


class Exchange:
    """Imports and exports of one database; every method may be called from any thread.

    `reserve` gives order numbers, `model` is the one of conversations that name none.
    """

    def __init__(self, database: Database, reserve: Reserve, model: str | None = None) -> None:
        self._database = database
        self._reserve = reserve
        self._model = model
        self._imports, self._exports = Imports(database), Exports(database)
        self._tables = TableExports(database)
        self._importing = threading.Lock()

    def inspect(self, source: Source) -> Report:
        """What an import would do; nothing is written.

        Raises:
            Unsupported: it is of no known format, or a damaged ZIP.
            TooLarge: a ZIP unpacks to more than any export.
        """
        return self._run(source, dry_run=True)

    def import_(self, source: Source) -> Report:
        """Brings in what is new; what is here already stays as it is.

        Raises:
            Unsupported, TooLarge: as `inspect`.
            Conflict: another import is at work.
            StorageError: it cannot be written; what was saved by then stays.
        """
        if not self._importing.acquire(blocking=False):
            raise Conflict("Another import is at work. Wait until it is done, then import this one.")
        try:
            return self._run(source, dry_run=False)
        finally:
            self._importing.release()

    def _run(self, source: Source, *, dry_run: bool) -> Report:
        report = Report()
        with opened(source) as file:
            reading = Reading(file, report, self._database.clock.now(), self._model)
            Saving(self._imports, self._reserve, report, dry_run=dry_run).take(reading.conversations())
        return report

    def export(self, format_: str, conversation_ids: Sequence[str] | None = None) -> Iterator[bytes]:
        """Conversations as a file of one of `FORMATS`, piece by piece: all, or some, oldest first.

        Raises:
            InvalidValue: there is no such format.
            NotFound: there is no such conversation.
        """
        if format_ not in FORMATS:
            raise InvalidValue(f"“format” must be one of {', '.join(FORMATS)}.")
        if conversation_ids is not None:
            self._check(conversation_ids)
        if format_ in TABLES:
            return table_file(self._tables, format_, self._database.path.parent, conversation_ids)
        return WRITERS[format_](self._conversations(conversation_ids), self._now())

    def title(self, conversation_id: str) -> str:
        """A conversation's title, for the name of its file.

        Raises:
            NotFound: there is no such conversation.
        """
        self._check([conversation_id])
        return self._exports.titles([conversation_id])[conversation_id]

    def _check(self, conversation_ids: Sequence[str]) -> None:
        there = self._exports.titles(conversation_ids)
        for conversation_id in conversation_ids:
            if conversation_id not in there:
                raise NotFound("conversation", conversation_id)

    def _conversations(self, conversation_ids: Sequence[str] | None) -> Iterator[SavedConversation]:
        for batch in self._exports.batches(conversation_ids):
            yield from self._exports.read(batch)

    def _now(self) -> datetime:
        return self._database.clock.now()
