from __future__ import annotations

from starlette.testclient import TestClient

from core.models import Status
from core.questions import Question
from core.service import Service
from tests.core.api.support import by_hand, finished


def test_a_stream_is_started_once_however_often_it_is_asked(client: TestClient, service: Service) -> None:
    """Starting may be repeated, before and after the end."""
    ids = service.chat.begin(Question("Say this", retrieve=False))
    path = f"/api/streams/{ids.stream_id}"

    assert client.post(f"{path}/start").json()["status"] in ("streaming", "done")
    assert client.post(f"{path}/start").status_code == 202
    assert finished(service, {"stream_id": ids.stream_id}) == "Say this"
    assert client.post(f"{path}/start").json() == {"status": "done"}
    assert client.get(path).json()["text"] == "Say this"


def test_a_stream_is_stopped_once_however_often_it_is_asked(client: TestClient, service: Service) -> None:
    """Stopping keeps the text, and may be repeated."""
    ids = service.chat.begin(Question("Go", model="fake/stall", retrieve=False, start=True))
    updates = service.follower.follow(ids.stream_id)
    assert next(update for update in updates if update.text).text == "Hel"

    for _ in range(3):
        response = client.post(f"/api/streams/{ids.stream_id}/stop")
        assert response.status_code == 202
        assert response.json()["status"] in ("streaming", "stopped")
    *_, last = updates

    assert last.status is Status.STOPPED
    assert client.post(f"/api/streams/{ids.stream_id}/stop").json() == {"status": "stopped"}
    assert client.get(f"/api/streams/{ids.stream_id}").json()["text"] == "Hel"


def test_a_pending_stream_is_stopped_before_it_began(client: TestClient, service: Service) -> None:
    """What was stopped cannot be started any more."""
    ids = service.chat.begin(Question("Go", retrieve=False))

    client.post(f"/api/streams/{ids.stream_id}/stop")
    finished(service, {"stream_id": ids.stream_id})

    assert client.post(f"/api/streams/{ids.stream_id}/start").json() == {"status": "stopped"}


def test_an_unfinished_stream_shows_what_is_saved(client: TestClient, service: Service) -> None:
    """Reading a stream that is being written gives its text so far."""
    hand = by_hand(service, "So far")

    assert client.get(f"/api/streams/{hand.id}").json()["text"] == "So far"
    assert client.get(f"/api/streams/{hand.id}").json()["status"] == "streaming"
    message = client.get(f"/api/conversations/{hand.ids.conversation_id}/messages").json()["messages"][1]
    assert (message["content"], message["status"], message["completed_at"]) == ("So far", "streaming", None)
    hand.close()


def test_a_deleted_conversation_takes_its_streams_along(client: TestClient, service: Service) -> None:
    """The stream of a deleted conversation is nowhere to be found."""
    hand = by_hand(service, "So far")
    hand.close()
    client.delete(f"/api/conversations/{hand.ids.conversation_id}")

    for method, path in (
        ("GET", f"/api/streams/{hand.id}"), ("GET", f"/streams/{hand.id}"), ("HEAD", f"/streams/{hand.id}"),
        ("POST", f"/api/streams/{hand.id}/start"), ("POST", f"/api/streams/{hand.id}/stop"),
    ):  # fmt: skip
        assert client.request(method, path).status_code == 404


def test_an_unknown_stream_is_not_found(client: TestClient) -> None:
    """Every call on an unknown stream says that there is none."""
    for method, path in (
        ("GET", "/api/streams/no"), ("POST", "/api/streams/no/start"), ("POST", "/api/streams/no/stop"),
        ("GET", "/streams/no"), ("GET", "/streams/no?offset=-1&live=sse"),
        ("GET", "/streams/no?offset=-1&live=long-poll"),
    ):  # fmt: skip
        response = client.request(method, path)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"
