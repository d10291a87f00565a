"""Imports of a large export while an answer streams: how fast, in how much memory, and what its commits feel of it."""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.analysis.views import definitions
from core.exchange.exchange import Exchange
from core.exchange.report import Report
from core.ids import new_id
from core.maintenance import Maintenance
from core.models import Kind, Trace
from core.store.conversations import Conversations
from core.store.database import Database
from core.store.snapshot import Snapshot
from core.store.streams import Chunk, Streams, append
from core.store.table_exports import TableExports
from core.streams.hub import Hub
from tests.bench._measure import report, rounded, spread
from tests.fakes.story import token

_EVERY = 0.05
_BEGAN = 1_700_000_000


def main() -> None:
    """One row a run: looked at, brought in, brought in again, taken out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="throughline-bench-") as folder:
        path = Path(folder) / "conversations.json"
        conversations = _write(path, arguments.megabytes * 1_000_000)
        with _exchange(Path(folder) / "data" / "throughline.duckdb") as (exchange, database):
            rows = [
                _run("look at it", path, database, lambda: exchange.inspect(path)),
                _run("bring it in", path, database, lambda: exchange.import_(path)),
                _run("the same again", path, database, lambda: exchange.import_(path)),
                _run("take it out as JSON", path, database, lambda: sum(map(len, exchange.export("json")))),
            ]
        size = path.stat().st_size
    report("imports", rows, megabytes=rounded(size / 1e6), conversations=conversations)


@contextmanager
def _exchange(path: Path) -> Iterator[tuple[Exchange, Database]]:
    database = Database(path)
    conversations, streams, hub = Conversations(database), Streams(database), Hub(database)
    maintenance = Maintenance(database, conversations, streams, hub)
    # While an answer is written nothing is tidied: the log grows as far as it may, and memory with it.
    hub.open(new_id(), new_id()).begin()
    numbers = [0]

    def reserve(count: int) -> int:
        numbers[0] += count
        return numbers[0] - count + 1

    snapshot = Snapshot(database, path.with_name("snapshot"))
    tables = TableExports(database, snapshot, definitions())
    try:
        yield Exchange(database, tables, reserve), database
    finally:
        snapshot.close()
        maintenance.close()
        hub.close()
        database.close()


def _run(what: str, path: Path, database: Database, work: Any) -> dict[str, Any]:
    with _commits(database) as waited, _peak() as peak:
        began = time.perf_counter()
        done = work()
        seconds = time.perf_counter() - began
    counts = {"new": done.new, "already_present": done.already_present} if isinstance(done, Report) else {}
    size = path.stat().st_size / 1e6
    commits = spread(waited, "commit_ms", 1000)
    row = {"what": what, **counts, "seconds": rounded(seconds), "mb_per_second": rounded(size / seconds)}
    return row | {"peak_mb": rounded(max(peak) / 1e6)} | commits


@contextmanager
def _commits(database: Database) -> Iterator[list[float]]:
    """How long a commit of a piece of an answer takes meanwhile, every 50 ms, in seconds."""
    waited, ended = list[float](), threading.Event()
    chunk = Chunk("bench", Kind.ANSWER, 0, "word ", Trace((5,), (0,)))

    def commit() -> None:
        while not ended.wait(_EVERY):
            began = time.perf_counter()
            database.write(lambda cursor: append(cursor, [chunk], []))
            waited.append(time.perf_counter() - began)

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        yield waited
    finally:
        ended.set()
        thread.join()


@contextmanager
def _peak() -> Iterator[list[int]]:
    """The memory of this process as it is looked at all the time, in bytes."""
    seen, ended = [_resident()], threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            seen[0] = max(seen[0], _resident())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _write(path: Path, size: int) -> int:
    """Writes conversations as ChatGPT exports them, of 2 to 100 messages; how many these are."""
    rng, number = random.Random(1), 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        while file.tell() < size:
            file.write(",\n" if number else "")
            number += 1
            json.dump(_conversation(rng, number), file)
        file.write("]")
    return number


def _conversation(rng: random.Random, number: int) -> dict[str, Any]:
    began, parent = _BEGAN + number, "root"
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": []}}
    for turn in range(int(2 * 50 ** rng.random())):
        at = f"{number:08x}-{turn:04x}-4000-8000-{rng.getrandbits(48):012x}"
        mapping[parent]["children"].append(at)
        mapping[at] = {"id": at, "message": _message(rng, at, turn, began + turn), "parent": parent, "children": []}
        # A question asked anew now and then.
        parent = at if rng.random() > 0.05 or turn % 2 else parent
    about = {
        "title": f"Conversation {number}",
        "create_time": began,
        "update_time": began + 1,
        "moderation_results": [],
    }
    rest = {"current_node": parent, "conversation_id": f"c-{number}", "id": f"c-{number}", "is_archived": False}
    return {**about, "mapping": mapping, **rest, "default_model_slug": "gpt-4o", "safe_urls": [], "voice": None}


def _message(rng: random.Random, at: str, turn: int, when: float) -> dict[str, Any]:
    asked = turn % 2 == 0
    first, tokens = rng.randrange(50_000), rng.randint(5, 60) if asked else rng.randint(80, 400)
    said = "".join(token(index) for index in range(first, first + tokens))
    about: dict[str, Any] = {"request_id": at, "timestamp_": "absolute", "message_type": None}
    if not asked:
        about |= {"model_slug": "gpt-4o", "finish_details": {"type": "stop", "stop_tokens": [200002]}, "citations": []}
    message: dict[str, Any] = {
        "id": at,
        "create_time": when,
        "update_time": None,
        "recipient": "all",
        "metadata": about,
    }
    message["author"] = {"role": "user" if asked else "assistant", "name": None, "metadata": {}}
    message["content"] = {"content_type": "text", "parts": [said]}
    return message | {"status": "finished_successfully", "end_turn": True, "weight": 1.0}


if __name__ == "__main__":
    main()
