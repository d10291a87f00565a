"""What a person does: look at an export, bring it in, take conversations out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core.errors import Conflict, InvalidValue, NotFound
from core.exchange.exports import WRITERS
from core.exchange.exports.tables import TABLES, table_file
from core.exchange.importing import Reading
from core.exchange.report import Report
from core.exchange.run import Run
from core.exchange.saving import Reserve, Saving
from core.exchange.source import Source, opened
from core.exchange.tickets import Tickets
from core.store.database import Database
from core.store.exports import Exports
from core.store.imports import Imports
from core.store.saved import SavedConversation
from core.store.table_exports import TableExports

FORMATS = (*WRITERS, *TABLES)
"""The formats that conversations are taken out in."""
_ENDINGS = (".json", ".jsonl", ".ndjson", ".zip")
_BUSY = "Another import is at work. Wait until it is done, then import this one."


class Exchange:
    """Imports and exports of one database; every method may be called from any thread.

    `tables` writes tables for analysts, `reserve` gives order numbers, `model` is the one of conversations that name
    none.
    """

    def __init__(self, database: Database, tables: TableExports, reserve: Reserve, model: str | None = None) -> None:
        self._database = database
        self._reserve = reserve
        self._model = model
        self._imports, self._exports = Imports(database), Exports(database)
        self._tables = tables
        self._importing = threading.Lock()
        self.folder = database.path.parent / "imports"
        self.tickets = Tickets()
        self.running: Run | None = None
        """The import that was begun last, for whoever wants to watch it."""

    def inspect(self, source: Source, report: Report | None = None) -> Report:
        """What an import would do, also while it is looked into; nothing is written.

        Raises:
            Unsupported: it is of no known format, or a damaged ZIP.
            TooLarge: a ZIP unpacks to more than any export.
        """
        return self._run(source, report or Report(), dry_run=True)

    def import_(self, source: Source, report: Report | None = None) -> Report:
        """Brings in what is new, counted in `report` as it goes on; what is here already stays as it is.

        Raises:
            Unsupported, TooLarge: as `inspect`.
            Conflict: another import is at work.
            StorageError: it cannot be written; what was saved by then stays.
        """
        if not self._importing.acquire(blocking=False):
            raise Conflict(_BUSY)
        try:
            return self._run(source, report or Report(), dry_run=False)
        finally:
            self._importing.release()

    def look(self, source: Source, name: str) -> Run:
        """Begins to look what an import would do; back at once."""
        return Run(self.inspect, source, name)

    def begin(self, source: Source, name: str) -> Run:
        """Begins an import; back at once.

        Raises:
            Conflict: another one is at work.
        """
        if self._importing.locked():
            raise Conflict(_BUSY)
        self.running = Run(self.import_, source, name)
        return self.running

    def waiting(self) -> list[Path]:
        """The files that were put into the folder `imports` beside the database, the newest first."""
        found = list[tuple[float, Path]]()
        with suppress(OSError):  # The disk is full, or a file is gone again.
            self.folder.mkdir(exist_ok=True)
            for path in self.folder.iterdir():
                if path.suffix.lower() in _ENDINGS and path.is_file():
                    found.append((path.stat().st_mtime, path))
        return [path for _, path in sorted(found, reverse=True)]

    def _run(self, source: Source, report: Report, *, dry_run: bool) -> Report:
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
