"""Notebooks over a long history: its snapshot, the ready-made ones, and what that costs while answers stream."""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from duckdb import DuckDBPyConnection

from core.analysis.sandbox import Sandbox
from core.notebook.notebooks import Notebooks
from core.notebook.ready import ready_made
from core.notebook.values import CellKind, NewNotebook
from core.store.database import Database
from core.store.snapshot import Snapshot
from tests.bench import streams
from tests.bench._measure import report, rounded, spread, timed, upstream
from tests.bench._turns import add_turns
from tests.support.server import Server
from tests.support.wire import call

_SLICE = 50_000
_LOOK = 0.002


def main() -> None:
    """One row a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5, help="how often each query is timed")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=600)
    parser.add_argument("--rate", type=float, default=30)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="throughline-bench-") as folder:
        data_dir = Path(folder) / "data"
        began = time.monotonic()
        database = Database(data_dir / "throughline.duckdb")
        for first in range(0, arguments.messages // 2, _SLICE):
            turns = min(_SLICE, arguments.messages // 2 - first)
            database.write(lambda cursor, first=first, turns=turns: add_turns(cursor, first, turns))
        database.checkpoint()
        built = time.monotonic() - began
        try:
            rows = _queries(database, data_dir / "snapshot", arguments.times)
        finally:
            database.close()
        rows += _while_answers_stream(data_dir, arguments)
    report("notebook", rows, messages=arguments.messages, build_seconds=rounded(built))


def _queries(database: Database, folder: Path, times: int) -> list[dict[str, Any]]:
    snapshot = Snapshot(database, folder)
    sandbox = Sandbox(snapshot)
    notebooks = Notebooks(database, sandbox, folder.with_name("notebooks"))
    try:
        began = time.perf_counter()
        with snapshot.open(patience=3600) as files:
            first = time.perf_counter() - began
            size = sum((folder / name).stat().st_size for names in files.tables.values() for name in names)
            parts = sum(len(names) for names in files.tables.values())
        rows = [
            {"what": f"the first snapshot: {rounded(size / 1e6)} MB, {parts} files", "ms_p50": rounded(first * 1e3)}
        ]
        rows.append({"what": "select 1", **timed(lambda: sandbox.run("select 1"), times)})
        rows += [_whole(notebooks, ready, times) for ready in ready_made()]

        def fresh() -> None:
            database.write(_add_one)
            assert sandbox.run("select count(*) from answers", max_age=0).rows

        rows.append({"what": "one more answer, and a query that counts it", **timed(fresh, times * 4)})
        return rows
    finally:
        notebooks.close()
        sandbox.close()
        snapshot.close()


def _whole(notebooks: Notebooks, ready: NewNotebook, times: int) -> dict[str, Any]:
    """A notebook as the app runs it: every query, two at once, each with its result in a file."""
    notebook = notebooks.create(ready.title, ready.cells)
    seconds = Counter[str]()

    def run() -> None:
        notebooks.run(notebook.id)
        while any((states := notebooks.states(notebook.id))[cell.id].status.moving for cell in notebook.cells):
            time.sleep(_LOOK)
        assert not any(state.error for state in states.values()), states
        for cell in notebook.cells:
            seconds[cell.name] = max(seconds[cell.name], int(states[cell.id].milliseconds or 0))

    row = {
        "what": f"{ready.title}, {sum(cell.kind is CellKind.SQL for cell in ready.cells)} queries",
        **timed(run, times),
    }
    slowest, most = seconds.most_common(1)[0]
    return row | {"slowest": slowest, "slowest_ms": most}


def _add_one(cursor: DuckDBPyConnection) -> None:
    number = cursor.execute("select count(*) from outcomes").fetchall()[0][0]
    add_turns(cursor, number, 1)


def _while_answers_stream(data_dir: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The lag of the same answers with nobody who queries, then with one who does each second, of all there is."""
    rows = []
    for what, sql in (
        ("", ""),
        ("a small query each second", "select count(*) from turns where asked_at > now() - interval 1 hour"),
        ("all ready-made notebooks over and over", ""),
    ):
        asked_for = [{"sql": sql}] if sql else _every_query() if what else []
        with upstream() as base_url, Server(data_dir, base_url) as server:
            with _asking(server, asked_for) as asked:
                row = asyncio.run(streams._measure(server, base_url, arguments))
            kept = ("exact", "lag_ms_p50", "lag_ms_p95", "lag_ms_max", "end_to_model_ratio", "server_cpu_share")
            name = f"{arguments.streams} answers stream, {what or 'no query'}"
            rows.append(
                {"what": name, **(spread(asked, "ms", 1000) if asked else {}), **{key: row[key] for key in kept}}
            )
    return rows


def _every_query() -> list[dict[str, Any]]:
    """Every query of the ready-made notebooks, with what their inputs hold."""
    queries = list[dict[str, Any]]()
    for notebook in ready_made():
        params = {cell.name: cell.settings["value"] for cell in notebook.cells if cell.kind is CellKind.INPUT}
        queries += [{"sql": cell.text, "params": params} for cell in notebook.cells if cell.kind is CellKind.SQL]
    return queries


@contextmanager
def _asking(server: Server, queries: list[dict[str, Any]]) -> Iterator[list[float]]:
    """Somebody who asks these again and again, once a second; the seconds that each took, in the server's eyes."""
    ended, seconds = threading.Event(), list[float]()

    def ask() -> None:
        number = 0
        while queries and not ended.wait(1.0 if len(queries) == 1 else 0.01):
            began = time.perf_counter()
            asyncio.run(call(server.port, "POST", "/api/sql", queries[number % len(queries)]))
            seconds.append(time.perf_counter() - began)
            number += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seconds
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    main()
