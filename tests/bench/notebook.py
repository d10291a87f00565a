"""Queries of a long history: its snapshot, what analysts ask of it, and what that costs while answers stream."""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from duckdb import DuckDBPyConnection

from core.analysis.sandbox import Sandbox
from core.store.database import Database
from core.store.snapshot import Snapshot
from tests.bench import streams
from tests.bench._measure import report, rounded, spread, upstream
from tests.bench._turns import add_turns
from tests.support.server import Server
from tests.support.wire import call

_SLICE = 50_000
# What ready-made notebooks ask, a cell a line.
_CELLS = {
    "usage by model": "select model, count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost) from answers "
    "group by all order by all",
    "cost by day and model": "from tokens_by_day order by day, model",
    "first token, speed": "select model, quantile_cont(first_token_ms, [0.5, 0.95]), "
    "quantile_cont(tokens_per_second, [0.05, 0.5]) from answers where status = 'done' group by all",
    "errors by day": "select created_at::date as day, status, count(*) from answers where status <> 'done' "
    "group by all order by all",
    "newest errors": "select asked_at, question, error from turns where status = 'error' "
    "order by asked_at desc limit 50",
    "most cited passages": "select title, passage_id, count(*) as n from citations where cited group by all "
    "order by n desc limit 20",
    "weak support": "select message_id, title, quote, support from citations where support < 0.3 "
    "order by support limit 50",
    "unsupported": "select asked_at, question from turns where unsupported order by asked_at desc limit 50",
    "feedback by model": "select model, count(*) filter (rating = 1), count(*) filter (rating = -1) from answers "
    "where rating is not null group by all",
    "words of questions": "select count(*) from turns where question ilike '%word 7%'",
}


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
    try:
        began = time.perf_counter()
        with snapshot.open(patience=3600) as files:
            first = time.perf_counter() - began
            size = sum((folder / name).stat().st_size for names in files.tables.values() for name in names)
            parts = sum(len(names) for names in files.tables.values())
        rows = [
            {"what": f"the first snapshot: {rounded(size / 1e6)} MB, {parts} files", "ms_p50": rounded(first * 1e3)}
        ]
        rows.append({"what": "select 1", **_timed(lambda: sandbox.run("select 1"), times)})
        for name, sql in _CELLS.items():
            rows.append({"what": name, **_timed(lambda sql=sql: sandbox.run(sql), times)})

        def fresh() -> None:
            database.write(_add_one)
            assert sandbox.run("select count(*) from answers", max_age=0).rows

        rows.append({"what": "one more answer, and a query that counts it", **_timed(fresh, times * 4)})
        return rows
    finally:
        sandbox.close()
        snapshot.close()


def _add_one(cursor: DuckDBPyConnection) -> None:
    number = cursor.execute("select count(*) from outcomes").fetchall()[0][0]
    add_turns(cursor, number, 1)


def _while_answers_stream(data_dir: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The lag of the same answers with nobody who queries, then with one who does each second, of all there is."""
    rows = []
    for what, sql in (
        ("", ""),
        ("a small query each second", "select count(*) from turns where asked_at > now() - interval 1 hour"),
        ("a whole notebook over and over", ""),
    ):
        with upstream() as base_url, Server(data_dir, base_url) as server:
            with _asking(server, [sql] if sql else list(_CELLS.values()) if what else []) as asked:
                row = asyncio.run(streams._measure(server, base_url, arguments))
            kept = ("exact", "lag_ms_p50", "lag_ms_p95", "lag_ms_max", "end_to_model_ratio", "server_cpu_share")
            name = f"{arguments.streams} answers stream, {what or 'no query'}"
            rows.append(
                {"what": name, **(spread(asked, "ms", 1000) if asked else {}), **{key: row[key] for key in kept}}
            )
    return rows


@contextmanager
def _asking(server: Server, queries: list[str]) -> Iterator[list[float]]:
    """Somebody who asks these again and again, once a second; the seconds that each took, in the server's eyes."""
    ended, seconds = threading.Event(), list[float]()

    def ask() -> None:
        number = 0
        while queries and not ended.wait(1.0 if len(queries) == 1 else 0.01):
            began = time.perf_counter()
            asyncio.run(call(server.port, "POST", "/api/sql", {"sql": queries[number % len(queries)]}))
            seconds.append(time.perf_counter() - began)
            number += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seconds
    finally:
        ended.set()
        thread.join()


def _timed(work: Callable[[], object], times: int) -> dict[str, float]:
    seconds = []
    for number in range(-1, times):
        began = time.perf_counter()
        work()
        if number >= 0:
            seconds.append(time.perf_counter() - began)
    return spread(seconds, "ms", 1000)


if __name__ == "__main__":
    main()
