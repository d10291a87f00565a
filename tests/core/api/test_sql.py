"""Queries over HTTP: the sandbox's results as JSON, and its refusals as errors."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from core.service import Service
from tests.core.api.support import by_hand
from tests.support.server import wait_for

PATIENCE = 60.0
FOR_EVER = "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7"


def ask(client: TestClient | httpx.Client, sql: str, **params: Any) -> Any:
    """The answer to a query that has one."""
    response = client.post("/api/sql", json={"sql": sql, "params": params})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def test_a_query_has_columns_rows_and_a_time(client: TestClient) -> None:
    """Each column with its type, each row a list in their order."""
    found = ask(client, "select 1 as one, 'zwei' as two, [timestamptz '2024-05-01 00:00:00+00'] as three")
    assert found.pop("milliseconds") >= 0
    assert found == {
        "columns": [
            {"name": "one", "type": "INTEGER"},
            {"name": "two", "type": "VARCHAR"},
            {"name": "three", "type": "TIMESTAMP WITH TIME ZONE[]"},
        ],
        "rows": [[1, "zwei", ["2024-05-01T00:00:00.000000Z"]]],
        "truncated": False,
    }


def test_the_history_is_what_is_asked(client: TestClient, service: Service) -> None:
    """A question and its answer, a second after it was saved at the latest."""
    hand = by_hand(service, "The answer.")
    hand.close()
    sql = "select question, answer, status from turns where answer_id = $id"
    wait_for(
        lambda: ask(client, sql, id=hand.ids.message_id)["rows"] == [["Write.", "The answer.", "done"]],
        PATIENCE,
        "the answer is not in the history",
    )


def test_a_result_without_rows_is_whole(client: TestClient) -> None:
    """Its columns are there."""
    found = ask(client, "select 1 as a where false")
    assert (found["columns"], found["rows"]) == ([{"name": "a", "type": "INTEGER"}], [])


def test_a_long_result_is_one_json_and_cut(client: TestClient) -> None:
    """However many parts it is written in."""
    found = ask(client, "select range as n, 'x' || range as text from range(20000)")
    assert found["truncated"] is True
    assert found["rows"] == [[n, f"x{n}"] for n in range(10_000)]


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"sql": "selct 1"}, 422, "query", "syntax error"),
        ({"sql": "select nope from turns"}, 422, "query", "nope"),
        ({"sql": "drop view turns"}, 422, "query", "Only queries that read"),
        ({"sql": "from read_text('/etc/hosts')"}, 422, "query", "tables of the history alone"),
        ({"sql": "select $a"}, 422, "query", "parameters: a"),
        ({"sql": ""}, 422, "query", "There is no query"),
        ({}, 422, "invalid_value", "“sql” is missing"),
        ({"sql": 1}, 422, "invalid_value", "“sql” must be a string"),
        ({"sql": "select 1", "params": [1]}, 422, "invalid_value", "“params” must be an object"),
        ({"sql": "select repeat('x', 9000000)"}, 413, "too_large", "One row"),
    ],
)
def test_what_cannot_be_answered_is_an_error(
    client: TestClient, body: dict[str, Any], status: int, code: str, words: str
) -> None:
    """In the API's one form."""
    response = client.post("/api/sql", json=body)
    assert response.status_code == status
    error = response.json()["error"]
    assert error["code"] == code
    assert words in error["message"]


@pytest.mark.parametrize("value", [None, True, 2, 1.5, "é' --", [1, "a"], {"a": [1]}, "\ud800"])
def test_any_json_may_be_a_parameter(client: TestClient, value: Any) -> None:
    """Or is refused as a value; never is it SQL."""
    body = json.dumps({"sql": "select $x is null", "params": {"x": value}})
    response = client.post("/api/sql", content=body, headers={"content-type": "application/json"})
    if value == "\ud800":
        assert response.status_code == 422
    else:
        assert response.json()["rows"] == [[value is None]]


def test_other_ways_are_not_taken(client: TestClient) -> None:
    """A query is posted as JSON."""
    assert client.get("/api/sql").status_code == 405
    assert client.post("/api/sql", content="sql=1").status_code == 415


def test_a_caller_that_leaves_ends_the_query(http: httpx.Client, service: Service) -> None:
    """Its worker is free for the next."""
    body, url = json.dumps({"sql": FOR_EVER}), http.base_url
    head = f"POST /api/sql HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port or 80)) as caller:
        caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        wait_for(lambda: service.sandbox.busy == 1, PATIENCE, "the query does not run")
    # Left to itself it would run longer than this.
    wait_for(lambda: service.sandbox.busy == 0, 10, "the query goes on")
    assert ask(http, "select 1")["rows"] == [[1]]
