from __future__ import annotations

import re
from base64 import urlsafe_b64encode

import pytest
from starlette.testclient import TestClient

from core.service import Service
from tests.core.api.support import finished

IDS = {"conversation_id", "user_message_id", "message_id", "stream_id"}
SURROGATE = urlsafe_b64encode(rb'["2026-01-01T00:00:00Z", "\ud800"]').decode()
WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def _begin(client: TestClient, **fields: object) -> dict[str, str]:
    response = client.post("/api/conversations", json={"content": "Hello", "retrieve": False} | fields)
    assert response.status_code == 201, response.text
    ids: dict[str, str] = response.json()
    return ids


def test_a_conversation_begins_with_four_ids_and_a_pending_stream(client: TestClient) -> None:
    """Beginning a conversation saves the question, an empty answer and a stream that waits."""
    ids = _begin(client, title="My title")

    assert set(ids) == IDS
    assert len(set(ids.values())) == 4
    assert client.get(f"/api/streams/{ids['stream_id']}").json() == {
        "stream_id": ids["stream_id"], "message_id": ids["message_id"], "text": "", "status": "pending",
    }  # fmt: skip
    conversation = client.get(f"/api/conversations/{ids['conversation_id']}").json()
    assert conversation.pop("created_at") <= conversation.pop("updated_at")
    assert conversation == {
        "id": ids["conversation_id"], "title": "My title", "model": "fake/echo", "message_count": 2,
        "pinned": False, "archived": False,
    }  # fmt: skip


def test_the_same_client_id_gives_the_same_ids(client: TestClient) -> None:
    """A request that is sent again begins nothing new."""
    first = _begin(client, client_id="once")

    assert _begin(client, client_id="once") == first
    path = f"/api/conversations/{first['conversation_id']}/messages"
    assert len(client.get(path).json()["messages"]) == 2


def test_a_started_answer_is_written_and_read(client: TestClient, service: Service) -> None:
    """With `start` the answer is written at once, and the messages have all that the contract names."""
    ids = _begin(client, content="Say this", start=True)
    assert finished(service, ids) == "Say this"

    question, answer = client.get(f"/api/conversations/{ids['conversation_id']}/messages").json()["messages"]

    assert question["role"] == "user"
    assert question["content"] == "Say this"
    assert (question["error"], question["stream_id"], question["citations"]) == (None, None, [])
    assert answer["parent_id"] == question["id"] == ids["user_message_id"]
    assert WHEN.fullmatch(answer.pop("created_at"))
    assert WHEN.fullmatch(answer.pop("completed_at"))
    usage = answer.pop("usage")
    assert set(usage) == {"prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens", "cost"}
    assert usage["prompt_tokens"] == 16
    assert answer == {
        "id": ids["message_id"], "parent_id": question["id"], "role": "assistant", "content": "Say this",
        "reasoning": "", "status": "done", "model": answer["model"], "stream_id": ids["stream_id"],
        "finish_reason": "stop", "error": None, "citations": [], "retrieval": None,
    }  # fmt: skip


def test_the_next_question_follows_the_answer(client: TestClient, service: Service) -> None:
    """A second question hangs on the first answer, and waits for its end."""
    ids = _begin(client)
    path = f"/api/conversations/{ids['conversation_id']}/messages"
    assert client.post(path, json={"content": "More"}).status_code == 409
    client.post(f"/api/streams/{ids['stream_id']}/start")
    finished(service, ids)

    second = client.post(path, json={"content": "More", "retrieve": False})

    assert second.status_code == 201
    assert set(second.json()) == IDS
    roles = [(m["role"], m["parent_id"]) for m in client.get(path).json()["messages"]]
    assert roles == [
        ("user", None), ("assistant", ids["user_message_id"]),
        ("user", ids["message_id"]), ("assistant", second.json()["user_message_id"]),
    ]  # fmt: skip


def test_pages_of_conversations_hold_each_once_newest_first(client: TestClient) -> None:
    """Following next_cursor gives every conversation once."""
    begun = [_begin(client)["conversation_id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None and len(seen) < 5:
        page = client.get("/api/conversations", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [conversation["id"] for conversation in page["conversations"]]
        cursor = page["next_cursor"]

    assert seen[:5] == begun[::-1]
    summary = page["conversations"][0]
    assert set(summary) == {"id", "title", "model", "created_at", "updated_at", "message_count"}
    assert WHEN.fullmatch(summary["updated_at"])
    everything, cursor = list[str](), ""
    while cursor is not None:
        page = client.get("/api/conversations", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        everything, cursor = everything + [one["id"] for one in page["conversations"]], page["next_cursor"]
    assert set(begun) <= set(everything)
    assert len(everything) == len(set(everything))


def test_a_conversation_is_changed_and_deleted(client: TestClient) -> None:
    """Title, pin, archive and model change alone or together; what is deleted is gone."""
    path = f"/api/conversations/{_begin(client)['conversation_id']}"

    changed = client.patch(path, json={"title": " New  name ", "pinned": True}).json()
    assert (changed["title"], changed["pinned"], changed["archived"]) == ("New name", True, False)
    changed = client.patch(path, json={"archived": True, "model": "fake/stream", "unknown": 1}).json()
    assert (changed["title"], changed["archived"], changed["model"]) == ("New name", True, "fake/stream")
    assert client.patch(path, json={"pinned": False, "title": ""}).status_code == 422
    assert client.get(path).json()["pinned"] is True

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert client.patch(path, json={"pinned": True}).status_code == 404
    assert client.get(f"{path}/messages").status_code == 404
    assert client.post(f"{path}/messages", json={"content": "x"}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"\xff\xfe", b"[" * 100_000,
        b'{"content": ' + b"9" * 5000 + b"}", b"[]", b'"x"', b"null",
    ],
    ids=["empty", "cut", "words", "not-utf8", "deep", "huge-number", "list", "string", "null"],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(client: TestClient, body: bytes) -> None:
    """What is no JSON object is 400, and an empty one lacks its content."""
    response = client.post("/api/conversations", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == (400 if body else 422)
    assert set(response.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    "fields",
    [
        {"content": ""}, {"content": " \n"}, {"content": 3}, {"content": None}, {"content": ["x"]},
        {"content": "x" * 200_001},
        {"title": 1}, {"title": "x" * 201}, {"model": 1}, {"model": ""}, {"model": " "}, {"model": "x" * 201},
        {"document_ids": "x"}, {"document_ids": [1]}, {"document_ids": {}}, {"retrieve": "yes"}, {"retrieve": 1},
        {"start": 0}, {"start": "true"}, {"client_id": 1}, {"client_id": ""}, {"client_id": "x" * 201},
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_and_nothing_is_saved(client: TestClient, fields: dict[str, object]) -> None:
    """A value of the wrong kind or size is 422."""
    before = client.get("/api/conversations").json()

    response = client.post("/api/conversations", json={"content": "Hello"} | fields)

    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_value"
    assert client.get("/api/conversations").json() == before


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "limit=201", "limit=", "limit=1.5", "limit=99999999999999", "limit=²"]
)
def test_a_wrong_limit_is_refused(client: TestClient, query: str) -> None:
    """A limit is a whole number within bounds."""
    assert client.get(f"/api/conversations?{query}").status_code == 422


@pytest.mark.parametrize(
    "cursor", ["x", "!!!!", "W10", "bnVsbA", "WzEsMl0", "ü", "WyJub3cgIiwgMV0", "eyJhIjoxfQ", "%00", SURROGATE]
)
def test_a_wrong_cursor_is_refused(client: TestClient, cursor: str) -> None:
    """A cursor that this server did not give is 422."""
    assert client.get(f"/api/conversations?cursor={cursor}").status_code == 422


def test_text_that_no_encoding_can_carry_is_taken_with_a_mark_in_its_place(client: TestClient) -> None:
    """Half a surrogate pair in a body does no harm."""
    body = rb'{"content": "a \ud83d b \u0000 c", "title": "\udc00", "client_id": "\ud800", "document_ids": ["\ud800"]}'
    response = client.post("/api/conversations", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201

    messages = client.get(f"/api/conversations/{response.json()['conversation_id']}/messages").json()["messages"]
    assert messages[0]["content"] == "a ? b \0 c"


def test_a_body_over_the_limit_is_refused(client: TestClient) -> None:
    """JSON over 1 MB is 413."""
    response = client.post("/api/conversations", json={"content": "x", "more": "y" * 1_000_000})

    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize("identity", ["%00", "%ED%A0%80", "%FF", "a%20b", "'; drop table x; --", "x" * 5000, "🌊"])
def test_a_strange_id_is_just_unknown(client: TestClient, identity: str) -> None:
    """Ids are opaque: one that nobody gave is not found, whatever it looks like."""
    for path in ("/api/conversations/{}", "/api/conversations/{}/messages", "/api/streams/{}", "/streams/{}"):
        assert client.get(path.format(identity)).status_code == 404
