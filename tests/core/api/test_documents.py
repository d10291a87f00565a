from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.testclient import TestClient

from core.api import documents
from core.api.upload import _bounded
from core.errors import TooLarge
from core.retrieval.reading.read import SIZE_LIMIT

TEXT = b"# Tides\n\nThe moon pulls the sea. Twice a day the water rises at the harbour wall of Penzance.\n"


def _file(name: str, data: bytes) -> dict[str, tuple[str, bytes, str]]:
    return {"file": (name, data, "application/octet-stream")}


def test_a_document_is_added_found_and_removed(http: httpx.Client) -> None:
    """A file becomes a document with passages that are found, the same bytes are the same document."""
    added = http.post("/api/documents", files=_file("tides.md", TEXT), timeout=90)
    assert added.status_code == 201
    document = added.json()
    assert (document["title"], document["status"], document["error"]) == ("Tides", "ready", None)
    assert document["passages"] >= 1
    path = f"/api/documents/{document['document_id']}"

    again = http.post("/api/documents", files=_file("other.md", TEXT))
    assert (again.status_code, again.json()["document_id"]) == (200, document["document_id"])
    assert http.get(path).json() == document
    assert document in http.get("/api/documents").json()["documents"]

    passage, *_ = http.get("/api/search", params={"q": "What makes the sea rise?", "k": 3}).json()["passages"]
    assert set(passage) == {"passage_id", "document_id", "title", "page", "text", "score"}
    assert passage["document_id"] == document["document_id"]
    assert "moon" in passage["text"]

    assert http.delete(path).status_code == 204
    assert http.get(path).status_code == 404
    assert http.delete(path).status_code == 404
    left = http.get("/api/search", params={"q": "What makes the sea rise?"}).json()["passages"]
    assert document["document_id"] not in {passage["document_id"] for passage in left}


def test_a_file_is_added_with_its_address_and_tags(http: httpx.Client) -> None:
    """They stand in the answer; a path that is given as its name is its origin, and what changes replaces it."""
    form = {"url": " https://example.com/sea ", "tags": ["sea, harbour", "sea", ""]}
    name = "notes/harbour.md"
    first = http.post("/api/documents", files=_file(name, TEXT + b"One."), data=form, timeout=90).json()
    assert (first["url"], first["tags"], first["origin"]) == ("https://example.com/sea", ["sea", "harbour"], name)
    second = http.post("/api/documents", files=_file(name, TEXT + b"Two.")).json()
    assert (second["status"], second["tags"]) == ("ready", ["sea", "harbour"])
    assert second["document_id"] != first["document_id"]
    assert http.get(f"/api/documents/{first['document_id']}").json() == second
    assert http.delete(f"/api/documents/{first['document_id']}").status_code == 204


def test_who_does_not_want_to_wait_need_not(http: httpx.Client) -> None:
    """The document is answered as it is, and its indexing can be ended by deleting it."""
    answer = http.post("/api/documents", params={"wait": "false"}, files=_file("later.md", TEXT * 20))
    assert answer.status_code == 201
    assert answer.json()["status"] in ("indexing", "ready")
    assert http.delete(f"/api/documents/{answer.json()['document_id']}").status_code == 204


def test_the_list_can_be_cut_and_searched(http: httpx.Client) -> None:
    """Newest first."""
    ids = [
        http.post("/api/documents", files=_file(name, name.encode())).json()["document_id"]
        for name in ("list/one.txt", "list/two.txt", "list/three.txt")
    ]

    def listed(**query: object) -> list[str]:
        answer = http.get("/api/documents", params=query)  # type: ignore[arg-type]
        return [document["document_id"] for document in answer.json()["documents"]]

    assert listed(q="LIST/") == ids[::-1]
    assert listed(q="list/", limit=2) == ids[:0:-1]
    assert listed(q="list/", limit=2, offset=2) == ids[:1]
    assert listed(q="list/", offset=0) == ids[::-1]
    for query in ("limit=0", "limit=x", "offset=-1"):
        assert http.get(f"/api/documents?{query}").status_code == 422
    for one in ids:
        http.delete(f"/api/documents/{one}")


@pytest.mark.parametrize(
    "form",
    [{"url": "file:///etc/passwd"}, {"url": "x"}, {"tags": "x" * 51}, {"tags": ",".join(map(str, range(21)))}],
)
def test_an_address_or_a_tag_that_cannot_be_taken_is_refused(http: httpx.Client, form: dict[str, str]) -> None:
    """Nothing is added."""
    before = http.get("/api/documents").json()
    response = http.post("/api/documents", files=_file("a.md", TEXT + b"Never."), data=form)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_value")
    assert http.get("/api/documents").json() == before


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.exe", b"MZ", 415), ("a", b"text", 415), ("a.md", b" ", 422), ("a.pdf", b"no pdf", 422),
        ("\udc00.exe", b"x", 415), ("", b"x", 415), ("../../a", b"x", 415),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(client: TestClient, name: str, data: bytes, status: int) -> None:
    """The answer says what is wrong with a file."""
    boundary = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n--x--\r\n'
    body = boundary % (name.encode("utf-8", "surrogatepass"), data)
    response = client.post("/api/documents", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})

    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_an_upload_without_a_file_is_refused(client: TestClient) -> None:
    """JSON is 415, a form without the file 422, a form that cannot be read 400."""
    assert client.post("/api/documents", json={"file": "x"}).status_code == 415
    assert client.post("/api/documents", files={"other": ("a.md", TEXT)}).status_code == 422
    assert client.post("/api/documents", files={"x": (None, "text")}).status_code == 422
    headers = {"Content-Type": "multipart/form-data"}
    assert client.post("/api/documents", content=b"x", headers=headers).status_code == 400
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/documents", content=b"nonsense", headers=headers).status_code in (400, 422)


def test_reading_stops_where_a_file_is_too_large() -> None:
    """More than the limit is never read, whatever the headers say."""
    read = 0

    async def endless() -> dict[str, object]:
        nonlocal read
        read += 1_000_000
        return {"type": "http.request", "body": bytes(1_000_000), "more_body": True}

    async def drain() -> None:
        receive = _bounded(endless, SIZE_LIMIT, "too large")  # type: ignore[arg-type]
        while True:
            await receive()

    with pytest.raises(TooLarge):
        asyncio.run(drain())
    assert read < SIZE_LIMIT + 2_000_000


def test_a_file_over_the_limit_is_refused(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that is too large is 413, and nothing is kept of it."""
    monkeypatch.setattr(documents, "SIZE_LIMIT", 1000)
    before = http.get("/api/documents").json()

    response = http.post("/api/documents", files=_file("a.md", b"x" * 200_000))

    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert http.get("/api/documents").json() == before


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=x&k=0", "q=x&k=51", "q=x&k=a", "q=" + "x" * 10_001])
def test_a_wrong_search_is_refused(client: TestClient, query: str) -> None:
    """A search needs a query and a number of passages within bounds."""
    assert client.get(f"/api/search?{query}").status_code == 422
