"""One SQL cell is run: with the tables and inputs that it reads, its result goes into a file, or its error is kept."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import replace
from hashlib import sha256
from threading import Lock
from typing import Any

from core.analysis.reader import Names, Reader
from core.analysis.sandbox import Kept, Sandbox
from core.analysis.tables import Table
from core.errors import ThroughlineError, TooMany
from core.ids import new_id
from core.notebook.graph import Graph
from core.notebook.inputs import parameter
from core.notebook.results import ResultFiles
from core.notebook.running import Job
from core.notebook.states import States
from core.notebook.values import Cell, CellResult, Notebook
from core.store.notebooks import StoredNotebooks

_MOST = 4_000_000_000
_AGAIN = 0.5
_REMEMBERED = 10_000
_FRESH = 1.0
_log = logging.getLogger(__name__)


class Known:
    """What queries name, looked up once for each text."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = Lock()
        self._names = OrderedDict[bytes, Names]()

    def names(self, sql: str) -> Names:
        """The names in a query.

        Raises:
            TooMany, Unavailable: it cannot be looked at now.
        """
        key = sha256(sql.encode()).digest()
        with self._lock:
            found = self._names.get(key)
        if found is None:
            found = self._reader.names(sql)
            with self._lock:
                self._names[key] = found
                if len(self._names) > _REMEMBERED:
                    self._names.popitem(last=False)
        return found

    def graph(self, notebook: Notebook) -> Graph:
        """What stands on what in a notebook.

        Raises:
            TooMany, Unavailable: as `names` does.
        """
        return Graph(notebook, self.names)


class Worker:
    """Runs cells; what comes of them goes into the store and into `files`."""

    def __init__(self, store: StoredNotebooks, sandbox: Sandbox, files: ResultFiles, known: Known) -> None:
        self._store, self._sandbox, self._files, self._known = store, sandbox, files, known

    def run(self, job: Job) -> None:
        """Runs the cell of a job as it is now, unless it waits for another one.

        Raises:
            ThroughlineError: nothing could be kept.
        """
        notebook = self._store.get(job.notebook_id)
        cell = notebook.cell(job.cell_id) if notebook else None
        if notebook is None or cell is None:
            return
        graph, results = self._known.graph(notebook), self._store.results(notebook.id)
        states = States(graph, results)
        if states.circle(cell) or states.waits_for(cell):
            return
        tables = {name: results[need.id] for name, need in graph.needs(cell.id).tables.items()}
        inputs = [f"${name}" for name in graph.needs(cell.id).inputs]
        made = CellResult(cell.id, new_id(), states.made_of(cell), self._store.now(), (*tables, *inputs))
        result = self._result(job, cell, graph, tables, made)
        self._files.remove(self._store.save_result(notebook.id, result, _MOST, lambda: not job.stop.is_set()))

    def _result(
        self, job: Job, cell: Cell, graph: Graph, tables: dict[str, CellResult], made: CellResult
    ) -> CellResult:
        """What comes of a cell: a file, or an error."""
        if missing := graph.needs(cell.id).missing_inputs:
            return replace(made, error=f"There is no input “{missing[0]}”. Add one of that name, or write a value.")
        file = (job.notebook_id, cell.id, made.run_id)
        params = {name: parameter(need) for name, need in graph.needs(cell.id).inputs.items()}
        read = {name: self._files.table(job.notebook_id, result) for name, result in tables.items()}
        try:
            with self._files.written(file) as opened:
                kept = self._kept(job, cell.text, params, read, opened)
                size = opened.tell()
        except ThroughlineError as error:
            return replace(made, error=error.message)
        except OSError as error:  # Also of a notebook that was removed: its folder is gone.
            if not job.stop.is_set():
                _log.error("the result of a cell was not kept: %s", error)
            return replace(made, error="The result could not be kept: the disk is full, or cannot be written.")
        return _with(made, kept, size, tables)

    def _kept(self, job: Job, sql: str, params: dict[str, Any], tables: dict[str, Table], file: Any) -> Kept:
        """Waits for a turn as long as it takes; the cells of a run see one history, unless others ask for a newer."""
        while True:
            age = _FRESH + time.monotonic() - job.asked
            try:
                return self._sandbox.keep(sql, params, file, tables=tables, stop=job.stop, max_age=age)
            except TooMany:
                if job.stop.wait(_AGAIN):
                    raise


def _with(made: CellResult, kept: Kept, size: int, tables: dict[str, CellResult]) -> CellResult:
    columns = tuple((column.name, column.type, column.made) for column in kept.columns)
    cut = next((name for name, result in tables.items() if result.truncated), None)
    note = f"“{cut}” was cut, so this stands on its first rows alone." if cut else None
    if kept.truncated:
        note = f"Only the first {kept.rows:,} rows are kept, as the whole is too large. Group or filter to see all."
    return replace(
        made,
        columns=columns,
        rows=kept.rows,
        bytes=size,
        truncated=kept.truncated or cut is not None,
        note=note,
        milliseconds=kept.milliseconds,
    )
