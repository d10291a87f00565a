from __future__ import annotations

import threading

import httpx
from starlette.testclient import TestClient

from core.models import Status
from core.questions import Question
from core.service import Service
from tests.core.api.support import by_hand, finished
from tests.fakes.openrouter import FakeOpenRouter, expected_text


def _begin(service: Service, model: str) -> str:
    return service.chat.begin(Question("Go", model=model, retrieve=False)).stream_id


def test_who_starts_a_stream_is_given_its_text(http: httpx.Client, service: Service) -> None:
    """The caller that starts a stream gets the whole text, as plain text."""
    response = http.post("/chat-stream", json={"streamId": _begin(service, "fake/stream?tokens=500")})

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == expected_text(500)


def test_a_second_caller_is_told_that_it_was_started(http: httpx.Client, service: Service) -> None:
    """Whoever comes later, while it is written or after its end, gets 205 and no body."""
    hand = by_hand(service, "So far")
    for _ in range(2):
        response = http.post("/chat-stream", json={"streamId": hand.id})
        assert (response.status_code, response.content) == (205, b"")
        hand.close()


def test_a_stream_has_one_starter_among_many(http: httpx.Client, service: Service) -> None:
    """Of callers that start at once, one gets the text and the others 205."""
    stream_id, statuses = _begin(service, "fake/echo"), list[int]()

    def call() -> None:
        statuses.append(http.post("/chat-stream", json={"streamId": stream_id}).status_code)

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert sorted(statuses) == [200] + 7 * [205]


def test_a_caller_that_leaves_stops_nothing(http: httpx.Client, service: Service, openrouter: FakeOpenRouter) -> None:
    """The answer is written to its end though nobody reads it."""
    stream_id = _begin(service, "fake/stream?tokens=300&rate=1000")
    with http.stream("POST", "/chat-stream", json={"streamId": stream_id}) as response:
        assert next(response.iter_bytes())

    assert finished(service, {"stream_id": stream_id}) == expected_text(300)
    assert service.follower.read(stream_id).status is Status.DONE


def test_a_stopped_stream_ends_its_caller_s_text(http: httpx.Client, service: Service) -> None:
    """The body ends where the answer was stopped."""
    stream_id = _begin(service, "fake/stall")
    with http.stream("POST", "/chat-stream", json={"streamId": stream_id}) as response:
        text = response.iter_text()
        assert next(text) == "Hel"
        http.post(f"/api/streams/{stream_id}/stop")
        assert "".join(text) == ""


def test_wrong_calls_are_refused(client: TestClient) -> None:
    """An unknown stream is 404, a missing or wrong id is 422, a broken body 400, another method 405."""
    assert client.post("/chat-stream", json={"streamId": "nobody"}).status_code == 404
    assert client.post("/chat-stream", json={}).status_code == 422
    assert client.post("/chat-stream", json={"streamId": 7}).status_code == 422
    assert client.post("/chat-stream", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    refused = client.get("/chat-stream")
    assert refused.status_code == 405
    assert "POST" in refused.headers["allow"]
    assert client.post("/chat-stream/more", json={"streamId": "x"}).status_code == 404


def test_options_say_what_is_taken(client: TestClient) -> None:
    """OPTIONS without a site behind it names the methods, and no site."""
    response = client.options("/chat-stream")

    assert response.status_code == 204
    assert "POST" in response.headers["allow"]
    assert not any(name.startswith("access-control") for name in response.headers)
