"""Shares over HTTP: made and ended by the owner, read by whoever holds the link, live until its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from starlette.testclient import TestClient

from core.notebook.values import CellKind, CellStatus, NewCell
from core.service import Service
from core.store.saved import SavedConversation
from tests.core.api.support import NASTY, Hand, api, by_hand, client_of
from tests.core.sharing.support import QUOTE, SECRET, UNCITED, tides
from tests.support.server import wait_for

PATIENCE = 60.0
PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


@pytest.fixture
def conversation(service: Service) -> SavedConversation:
    return tides(service)


def made(client: TestClient | httpx.Client, conversation_id: str, **body: object) -> dict[str, str]:
    """A new share."""
    response = client.post(f"/api/conversations/{conversation_id}/shares", json=body)
    assert response.status_code == 201, response.text
    share: dict[str, str] = response.json()
    return share


@pytest.fixture
def stranger(service: Service) -> TestClient:
    """A caller from another machine, at a server that wants a token."""
    return client_of(api(), base_url="http://192.168.1.5:8501", client=("192.168.1.77", 50000))


def test_a_link_is_made_and_listed(client: TestClient, conversation: SavedConversation) -> None:
    """The answer has the contract's fields; the list shows the link again, with its views and its end."""
    share = made(client, conversation.id, expires_in=3600)
    assert set(share) == {"share_id", "token", "url"}
    assert share["url"] == f"http://localhost/shared?token={share['token']}"
    client.get(f"/api/shared/{share['token']}")
    listed = client.get(f"/api/conversations/{conversation.id}/shares").json()["shares"]
    assert listed[0] | share == listed[0]
    assert (listed[0]["views"], listed[0]["revoked_at"]) == (1, None)
    assert listed[0]["created_at"] < listed[0]["expires_at"]
    assert made(client, conversation.id)["share_id"] != share["share_id"]


@pytest.mark.parametrize("expires_in", [0, -1, 1.5, "3600", True, 10**12, []])
def test_a_wrong_time_is_refused(client: TestClient, conversation: SavedConversation, expires_in: object) -> None:
    """The sentence says what is taken."""
    response = client.post(f"/api/conversations/{conversation.id}/shares", json={"expires_in": expires_in})
    assert response.status_code == 422
    assert "seconds" in response.json()["error"]["message"]


def test_what_is_not_there_is_not_shared(client: TestClient) -> None:
    """Neither a conversation nor a share."""
    assert client.post("/api/conversations/x/shares").status_code == 404
    assert client.get("/api/conversations/x/shares").status_code == 404
    assert client.get("/api/conversations/x/replay").status_code == 404
    assert client.delete("/api/shares/x").status_code == 404


def test_a_reader_sees_the_conversation(client: TestClient, conversation: SavedConversation) -> None:
    """Every branch, with the quotes that are cited, and nothing that is the owner's alone."""
    token = made(client, conversation.id)["token"]
    response = client.get(f"/api/shared/{token}")
    assert response.status_code == 200
    assert PRIVATE.items() <= dict(response.headers).items()
    shown = response.json()
    assert set(shown) == {"kind", "title", "created_at", "updated_at", "expires_at", "messages"}
    assert (shown["kind"], shown["title"], shown["expires_at"]) == ("conversation", "Tides", None)
    assert [message["id"] for message in shown["messages"]] == [message.id for message in conversation.messages]
    cites = shown["messages"][2]
    assert cites["content"] == "Because of the moon [1]."
    assert cites["citations"] == [{"mark": 1, "title": "Tides", "heading": "Why", "page": 3, "quote": QUOTE}]
    assert not {"usage", "rating", "retrieval", "document_ids"} & set(cites)
    assert not [word for word in (SECRET, UNCITED, "document-of-the-owner", "private") if word in response.text]


def test_opening_counts_and_looking_does_not(client: TestClient, conversation: SavedConversation) -> None:
    """A GET of the conversation is a view; HEAD, following and the file for offline are none."""
    token = made(client, conversation.id)["token"]
    stream_id = conversation.messages[2].streams[0].id
    for path in ("", "", f"/streams/{stream_id}", "/replay"):
        assert client.get(f"/api/shared/{token}{path}").status_code == 200
    assert client.head(f"/api/shared/{token}").status_code == 200
    assert client.get(f"/api/conversations/{conversation.id}/shares").json()["shares"][0]["views"] == 2


def test_the_file_for_offline(client: TestClient, conversation: SavedConversation) -> None:
    """By the owner and by the reader: a page to keep, under the conversation's name."""
    token = made(client, conversation.id)["token"]
    for path in (f"/api/conversations/{conversation.id}/replay", f"/api/shared/{token}/replay"):
        response = client.get(path)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["content-disposition"].startswith('attachment; filename="Tides.html"')
        assert response.headers["cache-control"] == "no-store"
        assert response.text.startswith("<!doctype html>")
        assert token not in response.text


def test_a_reader_goes_on_alone(client: TestClient, conversation: SavedConversation) -> None:
    """From a message on, in a conversation that the caller may ask in; the shared one stays as it was."""
    share = made(client, conversation.id)
    path, last = f"/api/shared/{share['token']}/fork", conversation.messages[2]
    response = client.post(path, json={"message_id": last.id})
    assert (response.status_code, set(response.json())) == (201, {"conversation_id"})
    forked = response.json()["conversation_id"]
    messages = client.get(f"/api/conversations/{forked}/messages").json()["messages"]
    assert messages[-1]["content"] == last.text
    assert client.post(f"/api/conversations/{forked}/messages", json={"content": "And then?"}).status_code == 201
    before = client.get(f"/api/conversations/{conversation.id}/messages").json()["messages"]
    assert [message["id"] for message in before] == [message.id for message in conversation.messages]
    assert client.post(path, json={"message_id": messages[-1]["id"]}).status_code == 404
    assert client.post(path, json={}).status_code == 422
    client.delete(f"/api/shares/{share['share_id']}")
    assert client.post(path, json={"message_id": last.id}).json()["error"]["code"] == "link_not_found"


def test_wrong_links_are_all_answered_alike(client: TestClient, conversation: SavedConversation) -> None:
    """Unknown, changed, revoked: one and the same answer, which repeats nothing."""
    share = made(client, conversation.id)
    assert client.delete(f"/api/shares/{share['share_id']}").status_code == 204
    assert client.delete(f"/api/shares/{share['share_id']}").status_code == 204
    stream_id = conversation.messages[2].streams[0].id
    answers = set()
    for token in (share["token"], "x", "a" * 58, share["token"][:-1] + "%00", "%F0%9F%8C%8A"):
        for path in ("", "/replay", f"/streams/{stream_id}"):
            response = client.get(f"/api/shared/{token}{path}")
            assert PRIVATE.items() <= dict(response.headers).items()
            answers.add((response.status_code, response.text))
    assert len(answers) == 1
    status, text = answers.pop()
    assert (status, '"code":"link_not_found"' in text, share["token"] in text) == (404, True, False)


def test_a_path_that_leads_nowhere_is_said_without_the_token(client: TestClient) -> None:
    """Whoever copies the sentence into a report gives nothing away."""
    text = client.get(f"/api/shared/{'a' * 58}/nothing").json()["error"]["message"]
    assert text == "There is nothing at /api/shared/…/nothing."
    assert client.post(f"/api/shared/{'a' * 58}", json={}).status_code == 405


def test_a_notebook_is_shared(service: Service, client: TestClient, stranger: TestClient) -> None:
    """Its cells with their states, and the rows of its last results page by page."""
    cells = [
        NewCell(CellKind.INPUT, "most", settings={"type": "number", "label": "Most", "value": 5}),
        NewCell(CellKind.SQL, "numbers", "select range as n, 'x' as x from range($most)"),
    ]
    notebook = service.notebooks.create("Numbers", cells)
    service.notebooks.run(notebook.id)
    sql = notebook.cells[1].id
    done = CellStatus.DONE
    wait_for(lambda: service.notebooks.states(notebook.id)[sql].status is done, PATIENCE, "the cell is not run")
    share = client.post(f"/api/notebooks/{notebook.id}/shares", json={}).json()
    assert client.get(f"/api/notebooks/{notebook.id}/shares").json()["shares"][0]["token"] == share["token"]
    shown = stranger.get(f"/api/shared/{share['token']}").json()
    assert (shown["kind"], shown["title"]) == ("notebook", "Numbers")
    assert [(cell["kind"], cell["name"], cell["rows"]) for cell in shown["cells"]] == [
        ("input", "most", 0), ("sql", "numbers", 5),
    ]  # fmt: skip
    assert shown["cells"][0]["settings"]["value"] == 5
    table = f"/api/shared/{share['token']}/cells/{sql}"
    page = stranger.get(table + "?offset=1&limit=2&sort=n&descending=true").json()
    assert page["rows"] == [[3, "x"], [2, "x"]]
    assert page["columns"] == shown["cells"][1]["columns"]
    assert stranger.get(table + "?sort=nothing").status_code == 422
    assert stranger.get(table + "?limit=0").status_code == 422
    assert stranger.get(table[:-1]).status_code == 404
    assert stranger.get(f"/api/shared/{share['token']}/replay").status_code == 404
    assert client.post("/api/notebooks/x/shares").status_code == 404


# Who may ask


@contextmanager
def _with(service: Service, **changes: object) -> Iterator[None]:
    before = service.settings
    service.settings = replace(before, **changes)  # type: ignore[arg-type]
    try:
        yield
    finally:
        service.settings = before


def test_readers_need_no_api_token(service: Service, stranger: TestClient, conversation: SavedConversation) -> None:
    """They may read what the link shows, and nothing else; they make and end nothing."""
    share = service.sharing.share("conversation", conversation.id)
    stream_id = conversation.messages[2].streams[0].id
    for token, status in ((None, 403), ("a-token-of-some-length", 401)):
        with _with(service, api_token=token):
            for path in ("", "/replay", f"/streams/{stream_id}"):
                assert stranger.get(f"/api/shared/{share.token}{path}").status_code == 200
            for path in (
                f"/api/conversations/{conversation.id}",
                f"/streams/{stream_id}",
                "/api/sharedx",
                "/api/shared",
            ):
                assert stranger.get(path).status_code == status
            assert stranger.post(f"/api/conversations/{conversation.id}/shares").status_code == status
            assert stranger.delete(f"/api/shares/{share.id}").status_code == status
            for path in ("", "/fork"):
                refused = stranger.post(
                    f"/api/shared/{share.token}{path}", json={"message_id": conversation.messages[2].id}
                )
                assert refused.status_code == status


def test_the_host_is_checked_for_readers_too(service: Service, conversation: SavedConversation) -> None:
    """A foreign name that points here gets nothing, and pages of other sites cannot read the answer."""
    token = service.sharing.share("conversation", conversation.id).token
    client = client_of(api())
    assert client.get(f"/api/shared/{token}", headers={"Host": "evil.example"}).status_code == 403
    response = client.get(f"/api/shared/{token}", headers={"Origin": "https://evil.example"})
    assert not any(name.startswith("access-control") for name in response.headers)


# Following


def test_a_stream_is_read_as_at_streams(service: Service, client: TestClient) -> None:
    """The same bytes and offsets, kept by nobody."""
    hand = by_hand(service, NASTY)
    token = service.sharing.share("conversation", hand.ids.conversation_id).token
    mine, theirs = f"/streams/{hand.id}", f"/api/shared/{token}/streams/{hand.id}"
    hand.close()
    for query in ("", "?offset=-1", f"?offset={4:020d}", "?offset=now", f"?offset={0:020d}&live=long-poll"):
        own, other = client.get(mine + query), client.get(theirs + query)
        assert (own.status_code, own.content) == (other.status_code, other.content)
        assert own.headers["stream-next-offset"] == other.headers["stream-next-offset"]
        assert PRIVATE.items() <= dict(other.headers).items()
    assert client.head(theirs).headers["stream-closed"] == "true"
    assert client.get(theirs + "?offset=x").status_code == 400


def test_only_streams_of_the_conversation_are_read(service: Service, client: TestClient) -> None:
    """Any other is as good as none."""
    hand, other = by_hand(service, "a"), by_hand(service, "b")
    token = service.sharing.share("conversation", hand.ids.conversation_id).token
    for stream_id in (other.id, "x"):
        assert client.get(f"/api/shared/{token}/streams/{stream_id}").json()["error"]["code"] == "not_found"
        assert client.head(f"/api/shared/{token}/streams/{stream_id}").status_code == 404
    hand.close()
    other.close()


class Reader:
    """Somebody who follows a stream in a thread."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self.text, self.status = "", 0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(http, url), daemon=True)
        self._thread.start()

    def _run(self, http: httpx.Client, url: str) -> None:
        with http.stream("GET", url, timeout=PATIENCE) as response:
            self.status = response.status_code
            for text in response.iter_text():
                self.text += text
        self.ended.set()


def following(service: Service, http: httpx.Client, hand: Hand, live: str) -> tuple[Reader, str]:
    """A reader who follows, and the share."""
    share = service.sharing.share("conversation", hand.ids.conversation_id)
    offset = 0 if live == "sse" else hand.log.length
    url = f"/api/shared/{share.token}/streams/{hand.id}?offset={offset:020d}&live={live}"
    reader = Reader(http, url)
    wait_for(lambda: hand.log.wakers, PATIENCE, "nobody follows")
    return reader, share.id


def test_an_answer_is_followed_live(service: Service, http: httpx.Client) -> None:
    """To its end."""
    hand = by_hand(service, "Once ")
    reader, _ = following(service, http, hand, "sse")
    hand.write("upon a time")
    hand.close()
    assert reader.ended.wait(PATIENCE)
    assert "data: Once \n" in reader.text
    assert "data: upon a time\n" in reader.text
    assert '"streamClosed":true' in reader.text


@pytest.mark.parametrize("writes", [True, False])
def test_a_follower_is_cut_with_the_link(service: Service, http: httpx.Client, writes: bool) -> None:
    """What comes after the end of the link is not sent, nor is the connection kept until something comes."""
    hand = by_hand(service, "Once ")
    reader, share_id = following(service, http, hand, "sse")
    wait_for(lambda: "Once" in reader.text, PATIENCE, "nothing comes")
    service.sharing.revoke(share_id)
    if writes:
        hand.write("a secret")
    assert reader.ended.wait(PATIENCE)
    assert "secret" not in reader.text
    wait_for(lambda: not hand.log.wakers, PATIENCE, "it is still followed")
    hand.close()


@pytest.mark.parametrize("writes", [True, False])
def test_a_long_poll_ends_with_the_link(service: Service, http: httpx.Client, writes: bool) -> None:
    """Whether something comes or not, it says that there is no such link."""
    hand = by_hand(service, "Once ")
    reader, share_id = following(service, http, hand, "long-poll")
    service.sharing.revoke(share_id)
    if writes:
        hand.write("a secret")
    assert reader.ended.wait(PATIENCE)
    assert (reader.status, "link_not_found" in reader.text, "secret" in reader.text) == (404, True, False)
    hand.close()


def test_no_log_names_a_token(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Even when a request fails that nobody expected to fail."""
    conversation = tides(service)
    token = service.sharing.share("conversation", conversation.id).token
    client = client_of(api())
    caplog.set_level(logging.DEBUG)
    service.database.write(lambda cursor: cursor.execute("alter table feedback rename to away").fetchall())
    try:
        assert client.get(f"/api/shared/{token}").status_code == 500
    finally:
        service.database.write(lambda cursor: cursor.execute("alter table away rename to feedback").fetchall())
    ours = [record for record in caplog.records if record.name.startswith("core")]
    assert "/api/shared/…" in caplog.text
    assert not [record for record in ours if token in record.getMessage() or token in str(record.exc_text)]
