"""kill -9 under those who read by a link: the link goes on, its views are kept, and no file holds what opens it."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import Server, wait_for

ENDLESS = "fake/stream?tokens=4000&rate=100"
VIEWS = 3


def test_a_share_survives_a_kill(tmp_path: Path) -> None:
    """What its reader had seen is there afterwards; the database, its log and the server's log hold no token."""
    with FakeOpenRouter() as upstream, Server(tmp_path / "data", upstream.base_url) as server:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            body = {"content": "Write.", "model": ENDLESS, "retrieve": False, "start": True}
            asked = client.post("/api/conversations", json=body).json()
            at = asked["conversation_id"]
            share = client.post(f"/api/conversations/{at}/shares", json={}).json()
            ended = client.post(f"/api/conversations/{at}/shares", json={}).json()
            client.delete(f"/api/shares/{ended['share_id']}")
            live = f"/api/shared/{share['token']}/streams/{asked['stream_id']}"
            seen = ""

            def read_on() -> bool:
                nonlocal seen
                seen += client.get(f"{live}?offset={len(seen):020d}&live=long-poll").text
                return len(seen) > 500

            for _ in range(VIEWS):
                assert client.get(f"/api/shared/{share['token']}").status_code == 200
            wait_for(read_on, 60, "the answer does not go on")
        server.kill()
        server.start()
        with httpx.Client(base_url=server.url, timeout=60) as client:
            answer = client.get(f"/api/shared/{share['token']}").json()["messages"][1]
            assert (answer["status"], answer["content"].startswith(seen)) == ("interrupted", True)
            assert client.get(f"/api/shared/{ended['token']}").status_code == 404
            listed = client.get(f"/api/conversations/{at}/shares").json()["shares"]
            assert [(each["token"], each["views"]) for each in listed] == [
                (ended["token"], 0), (share["token"], VIEWS + 1),
            ]  # fmt: skip
            page = client.get(f"/shared?token={share['token']}")
            assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
            client.post("/api/sql", json={"sql": "select 1"})  # Brings the analysts' snapshot up to date.
        _hold_no_token(server, share)


def _hold_no_token(server: Server, share: dict[str, str]) -> None:
    """Neither a token nor the part of it that the id does not tell."""
    server.terminate()
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    assert {"throughline.duckdb", "share.key"} <= {path.name for path in files}
    secret = share["token"].removeprefix(share["share_id"])
    assert len(secret) >= 26
    for path in (*files, server.log):
        assert secret.encode() not in path.read_bytes(), path
    snapshot = [path for path in files if path.suffix == ".parquet"]
    assert snapshot
    assert not [path for path in snapshot if share["share_id"].encode() in path.read_bytes()]
