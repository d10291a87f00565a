from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from core.models import Status
from core.service import Service
from tests.core.api.support import by_hand, finished


def test_a_cut_answer_goes_on_in_a_new_stream(client: TestClient, service: Service) -> None:
    """Continue opens another stream on the same message, which waits until it is started."""
    hand = by_hand(service, "Once upon a time there")
    path = f"/api/messages/{hand.ids.message_id}/continue"
    assert client.post(path).status_code == 409
    hand.close(Status.STOPPED)

    response = client.post(path)

    assert response.status_code == 201
    ids = response.json()
    assert (ids["message_id"], ids["conversation_id"]) == (hand.ids.message_id, hand.ids.conversation_id)
    assert ids["stream_id"] != hand.id
    client.post(f"/api/streams/{ids['stream_id']}/start")
    went_on = finished(service, ids)
    message = client.get(f"/api/conversations/{ids['conversation_id']}/messages").json()["messages"][1]
    assert message["content"] == "Once upon a time there" + went_on


def test_a_complete_answer_cannot_be_continued(client: TestClient, service: Service) -> None:
    """Continuing what is complete is a conflict."""
    hand = by_hand(service, "All.")
    hand.close()

    assert client.post(f"/api/messages/{hand.ids.message_id}/continue", json={}).status_code == 409


def test_an_answer_is_made_anew_beside_the_old_one(client: TestClient, service: Service) -> None:
    """Regenerate gives another answer to the same question, with another model if asked for."""
    hand = by_hand(service, "All.")
    hand.close()

    response = client.post(
        f"/api/messages/{hand.ids.message_id}/regenerate", json={"start": True, "model": "fake/crlf"}
    )

    assert response.status_code == 201
    ids = response.json()
    assert ids["user_message_id"] == hand.ids.user_message_id
    assert ids["message_id"] != hand.ids.message_id
    assert finished(service, ids) == "Hello wörld!"


@pytest.mark.parametrize("deed", ["continue", "regenerate"])
def test_only_answers_are_continued_or_made_anew(client: TestClient, service: Service, deed: str) -> None:
    """A question is a conflict, an unknown message is 404, a wrong field is 422."""
    hand = by_hand(service, "All.")
    hand.close(Status.STOPPED)

    assert client.post(f"/api/messages/{hand.ids.user_message_id}/{deed}").status_code == 409
    assert client.post(f"/api/messages/nobody/{deed}").status_code == 404
    assert client.post(f"/api/messages/{hand.ids.message_id}/{deed}", json={"start": "yes"}).status_code == 422


def test_an_answer_is_rated(client: TestClient, service: Service) -> None:
    """A thumb is saved, and the newest counts."""
    hand = by_hand(service, "All.")
    hand.close()
    path = f"/api/messages/{hand.ids.message_id}/feedback"

    assert client.put(path, json={"rating": 1, "comment": "Good"}).status_code == 204
    assert client.put(path, json={"rating": -1}).status_code == 204
    assert service.chat.message(hand.ids.message_id).rating == -1


@pytest.mark.parametrize(
    "fields",
    [{}, {"rating": 0}, {"rating": 2}, {"rating": "1"}, {"rating": True}, {"rating": 1.0}, {"rating": 1, "comment": 5}],
)
def test_a_wrong_rating_is_refused(client: TestClient, service: Service, fields: dict[str, object]) -> None:
    """A rating is 1 or -1, a comment is text."""
    hand = by_hand(service)
    hand.close()
    path = f"/api/messages/{hand.ids.message_id}/feedback"

    assert client.put(path, json=fields).status_code == 422
    assert client.put("/api/messages/nobody/feedback", json={"rating": 1}).status_code == 404
