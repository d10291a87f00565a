"""Searching the history over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from core.service import Service
from tests.core.api.support import by_hand

_PATIENCE = 60.0


def _found(http: httpx.Client, **parameters: object) -> list[dict[str, Any]]:
    response = http.get("/api/history", params=parameters)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    messages: list[dict[str, Any]] = response.json()["messages"]
    return messages


def test_messages_are_found_in_the_shape_that_was_promised(service: Service, http: httpx.Client) -> None:
    """A question and its answer, and the answer by every filter it passes."""
    hand = by_hand(service, "The kite of Saltby is red on Sundays.")
    hand.close()
    service.chat.rate(hand.ids.message_id, 1)
    assert service.history.settled(_PATIENCE)
    (found,) = _found(http, q="red kite saltby")
    assert set(found) == {"message_id", "conversation_id", "role", "snippet", "score", "created_at"}
    assert (found["message_id"], found["conversation_id"]) == (hand.ids.message_id, hand.ids.conversation_id)
    assert (found["role"], found["snippet"]) == ("assistant", "The kite of Saltby is red on Sundays.")
    assert 0 < found["score"] <= 1
    at = found["created_at"]
    assert at.endswith("Z")
    passing: dict[str, Any] = {"role": "assistant", "status": ["done", "error"], "rating": 1, "failed": "false"}
    passing |= {
        "since": at,
        "until": "2999-01-01",
        "model": ["fake/echo", "other"],
        "conversation_id": hand.ids.conversation_id,
    }
    assert _found(http, q="red kite saltby", **passing) == [found]
    assert _found(http, **passing) == [found | {"score": 0.0}]
    for name, value in {"role": "user", "status": "error", "rating": -1, "failed": True, "until": at, "model": "other",
                        "conversation_id": "x", "document_id": "x", "min_cost": 0, "max_cost": 1}.items():  # fmt: skip
        assert _found(http, q="red kite saltby", **(passing | {name: value, "since": "2000-01-01"})) == [], name
    newest = _found(http, limit=1)
    assert [newest, _found(http, limit=1, offset=1)] == [[one] for one in _found(http, limit=2)]
    assert http.delete(f"/api/conversations/{hand.ids.conversation_id}").status_code == 204
    assert _found(http, q="red kite saltby") == []


@pytest.mark.parametrize(
    "query",
    ["q=" + "a" * 10_001, "limit=0", "limit=201", "limit=x", "since=yesterday", "until=2026-02-30",
     "since=2026-05-31&until=2026-05-31", "model=", "status=", "status=gone", "rating=2", "rating=x", "min_cost=x",
     "min_cost=-1", "min_cost=nan", "max_cost=inf", "min_cost=2&max_cost=1", "document_id=", "failed=maybe",
     "role=system", "conversation_id=%20", "offset=-1", "offset=10001", "offset=x", "offset=99999999999999"],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(client: TestClient, query: str) -> None:
    """With a sentence that names the parameter."""
    response = client.get(f"/api/history?{query}")
    assert response.status_code == 422
    assert "“" in response.json()["error"]["message"]
