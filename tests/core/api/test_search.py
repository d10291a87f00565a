from __future__ import annotations

import httpx
import pytest
from starlette.testclient import TestClient

TEXT = b"# Kites\n\nA kite that flies over the harbour of Saltby is red on Sundays, says the kite master.\n"


def _add(http: httpx.Client, name: str, data: bytes) -> dict[str, str]:
    files = {"file": (name, data, "text/markdown")}
    added: dict[str, str] = http.post("/api/documents", files=files, timeout=90).json()
    return added


def _found(http: httpx.Client, **parameters: object) -> list[dict[str, object]]:
    response = http.get("/api/search", params=parameters, timeout=60)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    passages: list[dict[str, object]] = response.json()["passages"]
    return passages


def test_passages_are_found_within_a_filter(http: httpx.Client) -> None:
    """By document, tag and time, each as often as it is given."""
    document = _add(http, "kites.md", TEXT)
    mine, at = document["document_id"], document["created_at"]
    (passage,) = _found(http, q="red kite", document_id=mine)
    assert set(passage) == {"passage_id", "document_id", "title", "page", "text", "score"}
    assert (passage["document_id"], passage["title"], passage["page"]) == (mine, "Kites", None)
    assert 0 < float(str(passage["score"])) <= 1
    assert _found(http, q="red kite", document_id=["unknown", mine]) == [passage]
    assert _found(http, q="red kite", document_id="unknown") == []
    assert _found(http, q="red kite", tag="unknown") == []
    assert passage in _found(http, q="red kite", since=at)
    assert passage in _found(http, q="red kite", since="2000-01-01", until="2999-01-01T00:00:00+02:00")
    assert _found(http, q="red kite", until="2000-01-01T00:00:00Z") == []
    assert http.delete(f"/api/documents/{mine}").status_code == 204
    assert passage not in _found(http, q="red kite")


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=%20", "q=" + "a" * 10_001, "q=a&k=0", "q=a&k=51", "q=a&k=x", "q=a&since=yesterday",
     "q=a&since=2026-02-30", "q=a&until=2026-05-31T18:00:00", "q=a&since=2026-05-31&until=2026-05-31", "q=a&since=",
     "q=a&since=20260531", "q=a&since=0001-01-01T00:00:00%2B14:00", "q=a&document_id=", "q=a&tag=%20"],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(client: TestClient, query: str) -> None:
    """With a sentence that names the parameter."""
    response = client.get(f"/api/search?{query}")
    assert response.status_code == 422
    assert "“" in response.json()["error"]["message"]
