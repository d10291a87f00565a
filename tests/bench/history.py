"""A long history: opening a conversation, listing the newest, and what a byte of text takes on disk."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from duckdb import DuckDBPyConnection

from core.branches import path_to
from core.ids import new_id
from core.service import Service
from core.settings import Settings
from core.store.database import Database
from core.store.streams import Streams
from tests.bench._measure import report, rounded, spread, timed, upstream
from tests.fakes.story import token
from tests.support.server import LIGHT, Server
from tests.support.wire import call

NEWEST = 20
LISTED = 50
_TOKENS = 50_000
_CHUNK = 8
_TABLES = ("conversations", "messages", "streams", "starts", "generations", "outcomes")

Row = tuple[Any, ...]


def main() -> None:
    """One row a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--longest", type=int, default=1_000, help="messages of the longest conversations")
    parser.add_argument("--times", type=int, default=50, help="how often each thing is timed")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="throughline-bench-") as folder, upstream() as base_url:
        data_dir = Path(folder) / "data"
        began = time.monotonic()
        sizes, longest = _build(data_dir / "throughline.duckdb", arguments.messages, arguments.longest)
        built = time.monotonic() - began
        rows = [
            *_in_process(Settings("sk-test", base_url, "fake/stream", data_dir=data_dir), longest, arguments.times),
            *_over_http(data_dir, base_url, longest, arguments.times),
        ]
    report("history", rows, messages=arguments.messages, build_seconds=rounded(built), **sizes)


def _build(path: Path, messages: int, longest: int) -> tuple[dict[str, float], str]:
    """Fills a new database; the bytes it takes, and the id of one of its longest conversations."""
    history = _History(random.Random(1), messages, longest)
    database = Database(path)
    try:
        rows = history.rows()
        while batch := list(islice(rows, 5_000)):
            database.write(lambda cursor, batch=batch: _insert(cursor, batch))
        database.checkpoint()
        text = history.bytes
        tidied = path.stat().st_size
        database.write(_add_chunks)
        database.checkpoint()
        untidied = path.stat().st_size
        Streams(database).tidy()
        database.checkpoint()
        sizes = {"text_mb": text / 1e6, "file_mb_without_chunks": tidied / 1e6, "file_mb_with_chunks": untidied / 1e6}
        sizes |= {"bytes_per_byte_without_chunks": tidied / text, "bytes_per_byte_with_chunks": untidied / text}
        sizes["file_mb_after_tidying"] = path.stat().st_size / 1e6
    finally:
        database.close()
    sizes["file_mb_after_closing"] = path.stat().st_size / 1e6
    return {name: rounded(size) for name, size in sizes.items()}, history.longest


@dataclass
class _History:
    """Conversations of 10 to `most` messages, shorter ones more often; answers of some 200 tokens at 50 a second."""

    rng: random.Random
    messages: int
    most: int
    bytes: int = 0
    longest: str = ""

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Every row, with its table."""
        left, seq, at = self.messages, 0, datetime(2024, 1, 1, tzinfo=UTC)
        sizes = [self.most]
        while left > 0:
            size = min(left, sizes.pop() if sizes else int(10 * (self.most / 10) ** self.rng.random()))
            conversation = new_id()
            self.longest = self.longest or conversation
            yield "conversations", (conversation, self._text(6)[0], "fake/stream", None, False, False, at, None)
            parent = None
            for _ in range(size // 2 or 1):
                seq, at = seq + 2, at + timedelta(seconds=self.rng.uniform(10, 200))
                parent = yield from self._turn(conversation, parent, seq, at)
            left -= max(2, size)

    def _turn(self, conversation: str, parent: str | None, seq: int, at: datetime) -> Iterator[tuple[str, Row]]:
        question, answer, stream = new_id(), new_id(), new_id()
        asked, (text, lengths) = self._text(self.rng.randint(5, 40))[0], self._text(self.rng.randint(100, 300))
        self.bytes += len(asked.encode()) + len(text.encode())
        times, end = [300 + 20 * i for i in range(len(lengths))], at + timedelta(milliseconds=300 + 20 * len(lengths))
        yield "messages", (question, conversation, parent, seq - 1, "user", asked, None, at)
        yield "messages", (answer, conversation, question, seq, "assistant", "", None, at)
        yield "streams", (stream, answer, conversation, seq, "fake/stream", False, None, at)
        yield "starts", (stream, at)
        yield "generations", (stream, f"gen-{stream}")
        usage = (400, len(lengths), None, None, 0.0001)
        traces = (lengths, times, [], [])
        named = ("stop", None, "fake/stream", "Fake")
        yield "outcomes", (stream, "done", text, "", *traces, *named, *usage, times[-1], end)
        return answer

    def _text(self, tokens: int) -> tuple[str, list[int]]:
        first = self.rng.randrange(_TOKENS)
        pieces = [token(index) for index in range(first, first + tokens)]
        return "".join(pieces), [len(piece) for piece in pieces]


def _insert(cursor: DuckDBPyConnection, rows: list[tuple[str, Row]]) -> None:
    for table in _TABLES:
        appender = cursor.appender(table)
        appender.append_rows([row for of, row in rows if of == table])
        appender.flush()


def _add_chunks(cursor: DuckDBPyConnection) -> None:
    """The chunks as they are before the database is tidied: one for each two tokens."""
    cursor.execute(
        f"insert into chunks select stream_id, 'answer', {_CHUNK} * i, substr(text, {_CHUNK} * i + 1, {_CHUNK}), "
        "[4, 4], [40 * i, 40 * i + 20] "
        f"from outcomes, lateral (select unnest(range((length(text) + {_CHUNK - 1}) // {_CHUNK})) as i)"
    ).fetchall()


def _in_process(settings: Settings, longest: str, times: int) -> list[dict[str, Any]]:
    os.environ["PYTHONPATH"] = str(LIGHT)
    began = time.perf_counter()
    service = Service(settings)
    opened = time.perf_counter() - began
    try:
        chat = service.chat

        def open_conversation() -> None:
            path = path_to(chat.tree(longest), None)
            assert len(chat.messages(longest, [node.id for node in path[-NEWEST:]])) == min(NEWEST, len(path))

        return [
            {"what": "open the database", **spread([opened], "ms", 1000)},
            {"what": f"open a conversation, newest {NEWEST}", **timed(open_conversation, times, 2)},
            {"what": "a conversation, every message", **timed(lambda: chat.messages(longest), times, 2)},
            {"what": f"list the newest {LISTED}", **timed(lambda: chat.conversations(LISTED), times, 2)},
        ]
    finally:
        service.close()


def _over_http(data_dir: Path, base_url: str, longest: str, times: int) -> list[dict[str, Any]]:
    with Server(data_dir, base_url) as server:

        def get(path: str) -> Callable[[], object]:
            return lambda: asyncio.run(call(server.port, "GET", path))

        return [
            {"what": "HTTP: every message", **timed(get(f"/api/conversations/{longest}/messages"), times, 2)},
            {"what": f"HTTP: the newest {LISTED}", **timed(get(f"/api/conversations?limit={LISTED}"), times, 2)},
        ]


if __name__ == "__main__":
    main()
