"""Imports and exports over HTTP."""

from __future__ import annotations

import json

import httpx
import pytest
from starlette.testclient import TestClient

from core.api import exchange as routes
from core.questions import Question
from core.service import Service
from tests.core.api.support import api, client_of, finished
from tests.core.exchange import samples


def _upload(value: object, name: str = "conversations.json") -> dict[str, tuple[str, bytes, str]]:
    return {"file": (name, value if isinstance(value, bytes) else json.dumps(value).encode(), "application/json")}


def _listed(client: TestClient) -> list[dict[str, str]]:
    """Every conversation that there is by now, whichever tests were run before."""
    found, cursor = list[dict[str, str]](), ""
    while cursor is not None:
        page = client.get("/api/conversations", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        found, cursor = found + page["conversations"], page["next_cursor"]
    return found


def _own(title: str) -> dict[str, object]:
    """A conversation that no other test has."""
    return samples.chatgpt() | {"id": title, "conversation_id": title, "title": title}


def test_an_export_is_looked_at_then_brought_in(client: TestClient) -> None:
    """The report has the contract's fields; a dry run changes nothing."""
    file = _upload([_own("Over HTTP"), {"title": "Broken"}])
    looked = client.post("/api/import?dry_run=true", files=file)
    assert looked.status_code == 200
    assert looked.json() == {
        "format": "chatgpt", "conversations": 1, "messages": 5, "new": 5, "already_present": 0,
        "skipped": [{"where": "conversation 2 “Broken”", "why": "it has no “mapping” of messages"}],
    }  # fmt: skip
    assert "Over HTTP" not in [each["title"] for each in _listed(client)]
    assert client.post("/api/import?dry_run=false", files=file).json() == looked.json()
    again = client.post("/api/import", files=file).json()
    assert (again["new"], again["already_present"]) == (0, 5)
    found = next(each for each in _listed(client) if each["title"] == "Over HTTP")
    messages = client.get(f"/api/conversations/{found['id']}/messages").json()["messages"]
    assert [message["status"] for message in messages] == ["done"] * 5
    assert found["created_at"] == "2025-08-24T01:46:40.250000Z"


def test_an_imported_conversation_goes_on(service: Service, client: TestClient, http: httpx.Client) -> None:
    """A question behind what was brought in is answered there, and a newer export still finds its place."""
    client.post("/api/import", files=_upload([_own("Goes on")]))
    at = next(each["id"] for each in _listed(client) if each["title"] == "Goes on")
    asked = client.post(
        f"/api/conversations/{at}/messages",
        json={"content": "More?", "model": "fake/echo", "retrieve": False, "start": True},
    )
    assert asked.status_code == 201
    assert finished(service, asked.json())
    begun = service.chat.begin(Question("Beside it.", retrieve=False))
    grown = _own("Goes on")
    grown["mapping"]["q9"] = samples.node("q9", "a3", "user", "Later.", 1756000900.0)  # type: ignore[index]
    assert client.post("/api/import", files=_upload([grown])).json()["new"] == 1
    messages = client.get(f"/api/conversations/{at}/messages").json()["messages"]
    assert [message["content"] for message in messages][-1] == "Later."
    assert [message["content"] for message in messages][-3] == "More?"
    everything = [node.seq for each in (at, begun.conversation_id) for node in service.chat.tree(each)]
    assert len(everything) == len(set(everything))


@pytest.mark.parametrize(
    ("query", "files", "status"),
    [
        ("", _upload(b"hello"), 415), ("", _upload(b"[]"), 415), ("", _upload(b"PK\x03\x04 no zip"), 415),
        ("?dry_run=perhaps", _upload([samples.chatgpt()]), 422), ("", {"other": ("a", b"x", "text/plain")}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_refused(
    client: TestClient, query: str, files: dict[str, tuple[str, bytes, str]], status: int
) -> None:
    """The answer says what is wrong."""
    response = client.post(f"/api/import{query}", files=files)
    assert response.status_code == status
    assert response.json()["error"]["message"].endswith(".")


def test_an_import_must_be_a_form(client: TestClient) -> None:
    """Another body is not taken, a broken form is malformed."""
    assert client.post("/api/import", json=[samples.chatgpt()]).status_code == 415
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/import", content=b"--y\r\n", headers=headers).status_code == 400


def test_a_file_that_is_too_large_is_not_read_to_its_end(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is told."""
    monkeypatch.setattr(routes, "SIZE_LIMIT", 1_000)
    response = client.post("/api/import", files=_upload(b"[" + b" " * 200_000))
    assert response.status_code == 413


@pytest.mark.parametrize("format_", routes._TYPES)
def test_conversations_are_taken_out_as_a_file(client: TestClient, service: Service, format_: str) -> None:
    """With the type and the name of its kind."""
    begun = service.chat.begin(Question("Wie hoch ist die Flut in St. Malo?", retrieve=False, title='Flüt/"x"\r\n'))
    response = client.get("/api/export", params={"format": format_, "conversation_id": begun.conversation_id})
    assert response.status_code == 200
    extension, media_type = routes._TYPES[format_]
    assert response.headers["content-type"] == media_type
    shown = response.headers["content-disposition"]
    assert shown == f"attachment; filename=\"Flt x.{extension}\"; filename*=UTF-8''Fl%C3%BCt%20x.{extension}"
    assert response.headers["x-content-type-options"] == "nosniff"
    if format_ not in ("parquet", "duckdb"):
        assert "St. Malo?" in response.text


def test_all_conversations_or_some(client: TestClient, service: Service) -> None:
    """Without ids all are taken out, oldest first; an id may be given several times."""
    ids = [service.chat.begin(Question(f"Number {n}?", retrieve=False)).conversation_id for n in range(3)]
    everything = client.get("/api/export?format=jsonl")
    assert 'filename="conversations.jsonl"' in everything.headers["content-disposition"]
    named = [json.loads(line)["id"] for line in everything.text.splitlines()]
    assert named[-3:] == ids
    some = client.get("/api/export", params={"format": "jsonl", "conversation_id": [ids[2], ids[0], ids[2]]})
    assert [json.loads(line)["id"] for line in some.text.splitlines()] == [ids[0], ids[2]]
    whole = client.get("/api/export").json()
    assert [each["id"] for each in whole["conversations"]][-3:] == ids


@pytest.mark.parametrize(("query", "status"), [("format=docx", 422), ("conversation_id=nothing", 404)])
def test_what_cannot_be_taken_out_is_refused(client: TestClient, query: str, status: int) -> None:
    """Before anything is sent."""
    assert client.get(f"/api/export?{query}").status_code == status


def test_what_is_taken_out_comes_in_again(client: TestClient) -> None:
    """Over HTTP, too, it adds nothing to where it came from."""
    client.post("/api/import", files=_upload([_own("There and back")]))
    whole = client.get("/api/export?format=json").content
    report = client.post("/api/import", files=_upload(whole, "anything.bin")).json()
    assert (report["format"], report["new"]) == ("throughline", 0)
    assert report["conversations"] > 0


def test_a_ticket_fetches_what_it_is_for(service: Service) -> None:
    """Without a token and from any machine, as the pages are; nothing else, and not without one."""
    begun = service.chat.begin(Question("What does this ticket open?", retrieve=False, title="Opened"))
    ticket = service.exchange.tickets.issue("markdown", [begun.conversation_id])
    reader = client_of(api(), client=("10.1.2.3", 50000))
    response = reader.get(f"/downloads/{ticket}")
    assert response.status_code == 200
    assert response.headers["content-disposition"].startswith('attachment; filename="Opened.md"')
    assert response.headers["cache-control"] == "no-store"
    assert response.text.count("What does this ticket open?") == 1
    assert reader.get(f"/downloads/{ticket}x").status_code == 403
    assert reader.get("/downloads/").status_code == 404
    assert reader.get("/api/export").status_code == 403
    service.chat.delete(begun.conversation_id)
    gone = reader.get(f"/downloads/{ticket}")
    assert (gone.status_code, gone.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert gone.text.startswith("There is no conversation")
