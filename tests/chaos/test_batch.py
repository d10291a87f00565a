"""kill -9 in the middle of a batch: every file that was taken is indexed in the end, and once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import Server, wait_for
from tests.support.wire import call

SEED = 20261123
FILES = 60
PARTS = 8


def _text(number: int) -> str:
    return "\n\n".join(f"## Part {part} of {number}\n\n{f'word{number}x{part} ' * 40}" for part in range(PARTS))


def _listed(server: Server) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = asyncio.run(call(server.port, "GET", "/api/documents?q=batch/"))["documents"]
    return documents


def _ready(server: Server) -> int:
    return sum(document["status"] == "ready" for document in _listed(server))


def _add(server: Server, numbers: range) -> None:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for number in numbers:
            file = {"file": (f"batch/{number}.md", _text(number).encode())}
            assert client.post("/api/documents?wait=false", files=file).status_code == 201


@pytest.mark.timeout(600)
def test_a_batch_survives_kills(tmp_path: Path) -> None:
    """Half of it through the API, half through the inbox; every file ends ready once, with the right passages."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    with FakeOpenRouter() as upstream, Server(tmp_path / "data", upstream.base_url) as server:
        _add(server, range(FILES // 2))
        for number in range(FILES // 2, FILES):
            place = server.data_dir / "inbox" / "batch" / f"{number}.md"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(_text(number))
        interrupted = 0
        for share in (0.1, 0.4, 0.7):
            wait_for(lambda share=share: _ready(server) >= FILES * share, 120, "indexing does not go on")  # type: ignore[misc]
            server.kill()
            interrupted += _unfinished(server.data_dir)
            if rng.random() < 0.5:  # Another kill while it is taking up the work.
                server.launch()
                wait_for(lambda: (server.data_dir / "throughline.duckdb.wal").exists(), 60, "it does not start")
                server.kill()
            server.start()
        wait_for(lambda: _ready(server) == FILES, 120, "not all are ready")
        assert interrupted, "the kills came too late to interrupt anything"
        assert len({document["origin"] for document in _listed(server)}) == len(_listed(server)) == FILES
        server.terminate()
        _check(server.data_dir)


def _unfinished(data_dir: Path) -> int:
    with duckdb.connect(str(data_dir / "throughline.duckdb")) as connection:
        row = connection.execute("select count(*) from documents where status = 'indexing'").fetchone()
    assert row is not None
    return int(row[0])


def _check(data_dir: Path) -> None:
    """Each document has each of its passages once, in order, and its file."""
    with duckdb.connect(str(data_dir / "throughline.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select d.sha256, d.origin, list(p.text order by p.ordinal), list(p.ordinal order by p.ordinal) "
            "from documents d join passages p on p.document_id = d.id where d.status = 'ready' group by all"
        ).fetchall()
    found = {origin: (texts, ordinals) for _, origin, texts, ordinals in rows if "batch/" in origin}
    assert len(found) == FILES
    for origin, (texts, ordinals) in found.items():
        number = int(Path(origin).stem)
        assert ordinals == list(range(len(texts))), origin
        words = " ".join(texts).split()
        for part in range(PARTS):
            assert words.count(f"word{number}x{part}") == 40, origin
    assert {path.name for path in (data_dir / "uploads").iterdir()} == {sha256 for sha256, *_ in rows}
