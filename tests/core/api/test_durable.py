from __future__ import annotations

import json
import random
import re
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from httpx_sse import EventSource
from starlette.testclient import TestClient

from core.api import durable, sse
from core.errors import StorageError
from core.models import Status
from core.service import Service, publish
from core.settings import Settings
from tests.core.api.support import KEY, NASTY, by_hand, open_service

START = f"{0:020d}"


def _offset(characters: int) -> str:
    return f"{characters:020d}"


@contextmanager
def _following(client: httpx.Client, url: str, accept: str = "text/event-stream") -> Iterator[EventSource]:
    """The events of an SSE answer; `accept` is what a browser's EventSource sends, or `*/*` as its fetch does."""
    with client.stream("GET", url, headers={"Accept": accept}) as response:
        yield EventSource(response)


def _sse(client: httpx.Client, url: str, accept: str = "text/event-stream") -> tuple[str, list[dict[str, object]]]:
    """The text and the control events of one SSE answer, read to its end."""
    text, controls = "", list[dict[str, object]]()
    with _following(client, url, accept) as source:
        encoded = source.response.headers.get("stream-sse-data-encoding") == "base64"
        for event in source.iter_sse():
            if event.event == "control":
                controls.append(json.loads(event.data))
            else:
                text += b64decode(event.data).decode() if encoded else event.data
    return text, controls


def test_head_says_where_a_stream_ends(client: TestClient, service: Service) -> None:
    """HEAD gives the tail, and whether anything can come after it."""
    hand = by_hand(service, "wörld🌊")

    response = client.head(f"/streams/{hand.id}")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["stream-next-offset"] == _offset(6)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert "stream-closed" not in response.headers

    hand.close()
    assert client.head(f"/streams/{hand.id}").headers["stream-closed"] == "true"


@pytest.mark.parametrize("close", [False, True])
def test_catch_up_gives_the_exact_text_from_any_offset(http: httpx.Client, service: Service, close: bool) -> None:
    """From every offset the bytes are the text from there on, open or closed."""
    hand = by_hand(service)
    for piece in (NASTY[:9], NASTY[9:10], NASTY[10:]):
        hand.write(piece)
    if close:
        hand.close()

    for offset in range(len(NASTY) + 1):
        response = http.get(f"/streams/{hand.id}?offset={_offset(offset)}")
        assert response.content == NASTY[offset:].encode()
        assert response.headers["stream-next-offset"] == _offset(len(NASTY))
        assert response.headers["stream-up-to-date"] == "true"
        assert response.headers.get("stream-closed") == ("true" if close else None)
        assert "stream-cursor" not in response.headers
    for query in ("", "?offset=-1"):
        assert http.get(f"/streams/{hand.id}{query}").content == NASTY.encode()
    hand.close()


def test_a_stream_that_waits_is_open_and_empty(client: TestClient, service: Service) -> None:
    """A pending stream can be read before it is started."""
    ids = client.post("/api/conversations", json={"content": "Go"}).json()
    response = client.get(f"/streams/{ids['stream_id']}")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["stream-next-offset"] == START
    assert response.headers["stream-up-to-date"] == "true"
    assert "stream-closed" not in response.headers


def test_a_long_text_comes_in_parts(client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read is bounded; only the last part is up to date and closed."""
    monkeypatch.setattr(durable, "LONGEST_READ", 10)
    hand = by_hand(service, NASTY)
    hand.close()
    text, offset, parts = b"", "-1", 0
    while True:
        response = client.get(f"/streams/{hand.id}?offset={offset}")
        assert len(response.text) <= 10
        text, offset, parts = text + response.content, response.headers["stream-next-offset"], parts + 1
        if "stream-up-to-date" in response.headers:
            break
        assert "stream-closed" not in response.headers

    assert text == NASTY.encode()
    assert parts == -(-len(NASTY) // 10)
    assert response.headers["stream-closed"] == "true"


@pytest.mark.parametrize(
    "query",
    [
        "offset=", "offset=x", "offset=0", "offset=-2", "offset=99", f"offset={_offset(7)}",
        f"offset={START}&offset={START}",
        f"offset=+{_offset(1)[1:]}", "offset=" + "٠" * 20, "offset=" + "9" * 20, "offset=NOW", "offset=1,2",
        "live=sse", "live=long-poll", "live=", "live=true", "offset=-1&live=x", f"offset={_offset(7)}&live=sse",
        f"offset={_offset(7)}&live=long-poll",
    ],
)  # fmt: skip
@pytest.mark.parametrize("close", [False, True])
def test_a_wrong_offset_or_mode_is_refused(client: TestClient, service: Service, query: str, close: bool) -> None:
    """An offset that was never given for this stream, or an unknown mode, is 400."""
    hand = by_hand(service, "abcdef")
    if close:
        hand.close()

    response = client.get(f"/streams/{hand.id}?{query}")

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"
    hand.close()


def test_an_etag_that_still_holds_spares_the_body(client: TestClient, service: Service) -> None:
    """If-None-Match gives 304, until text comes or the stream is closed."""
    hand = by_hand(service, "abc")
    path, tags = f"/streams/{hand.id}?offset=-1", set()
    for change in (None, lambda: hand.write("d"), hand.close):
        if change:
            change()
        response = client.get(path)
        tag = response.headers["etag"]
        assert tag not in tags
        tags.add(tag)
        for known in (tag, f'"other", W/{tag}', "*"):
            same = client.get(path, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert response.headers["cache-control"] == "private, max-age=60, stale-while-revalidate=300"


def test_now_begins_at_the_tail(client: TestClient, http: httpx.Client, service: Service) -> None:
    """`offset=now` never gives what is there, and says at once that a stream is closed."""
    hand = by_hand(service, "old")
    response = client.get(f"/streams/{hand.id}?offset=now")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["stream-next-offset"] == _offset(3)
    assert response.headers["stream-up-to-date"] == "true"
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers

    with _following(http, f"/streams/{hand.id}?offset=now&live=sse") as source:
        events = source.iter_sse()
        first = json.loads(next(events).data)
        assert (first["streamNextOffset"], first["upToDate"]) == (_offset(3), True)
        hand.write("new")
        assert next(events).data == "new"
    hand.close()

    assert client.get(f"/streams/{hand.id}?offset=now").headers["stream-closed"] == "true"
    poll = client.get(f"/streams/{hand.id}?offset=now&live=long-poll")
    assert (poll.status_code, poll.headers["stream-closed"]) == (204, "true")
    assert _sse(http, f"/streams/{hand.id}?offset=now&live=sse") == (
        "", [{"streamNextOffset": _offset(6), "streamClosed": True, "upToDate": True}],
    )  # fmt: skip


def test_a_long_poll_answers_at_once_with_what_is_there(client: TestClient, service: Service) -> None:
    """Text behind the offset is given without waiting, with a cursor."""
    hand = by_hand(service, NASTY)
    response = client.get(f"/streams/{hand.id}?offset={_offset(5)}&live=long-poll")

    assert response.content == NASTY[5:].encode()
    assert response.headers["stream-cursor"].isdigit()
    assert response.headers["stream-next-offset"] == _offset(len(NASTY))
    hand.close()
    response = client.get(f"/streams/{hand.id}?offset={_offset(len(NASTY))}&live=long-poll")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["stream-closed"] == response.headers["stream-up-to-date"] == "true"


def test_a_long_poll_waits_for_text_and_for_the_end(http: httpx.Client, service: Service) -> None:
    """A long poll at the tail is answered by what comes next."""
    hand = by_hand(service)

    def read(offset: str) -> httpx.Response:
        return http.get(f"/streams/{hand.id}?offset={offset}&live=long-poll")

    with ThreadPoolExecutor(1) as pool:
        text, offset = "", "-1"
        for piece in ("a\r", "\nb", "c"):
            waiting = pool.submit(read, offset)
            hand.write(piece)
            response = waiting.result()
            text, offset = text + response.content.decode(), response.headers["stream-next-offset"]
        waiting = pool.submit(read, offset)
        hand.close()
        assert waiting.result().headers["stream-closed"] == "true"

    assert text == "a\r\nbc"


def test_a_long_poll_without_news_ends_empty(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the wait it is 204, with the offset to ask from and a cursor that lies behind the one that was sent."""
    monkeypatch.setattr(durable, "LONG_POLL", 0.01)
    hand = by_hand(service, "abc")
    response = client.get(f"/streams/{hand.id}?offset={_offset(3)}&live=long-poll")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["stream-next-offset"] == _offset(3)
    assert response.headers["stream-up-to-date"] == "true"
    assert "stream-closed" not in response.headers

    cursor = int(response.headers["stream-cursor"])
    for known in (cursor, cursor + 5, cursor - 1, "x", "9" * 400):
        response = client.get(f"/streams/{hand.id}?offset={_offset(3)}&live=long-poll&cursor={known}")
        if isinstance(known, int):
            assert int(response.headers["stream-cursor"]) > known
    hand.close()


def test_sse_gives_text_then_offset_then_the_end(http: httpx.Client, service: Service) -> None:
    """Each update is a data and a control event, and the last control event says closed."""
    hand = by_hand(service, "one\n")
    with _following(http, f"/streams/{hand.id}?offset=-1&live=sse") as source:
        assert source.response.headers["content-type"].startswith("text/event-stream")
        assert source.response.headers["cache-control"] == "no-store"
        events = source.iter_sse()
        assert next(events).data == "one\n"
        control = json.loads(next(events).data)
        assert control.pop("streamCursor").isdigit()
        assert control == {"streamNextOffset": _offset(4), "upToDate": True}
        hand.write(" two")
        assert next(events).data == " two"
        assert json.loads(next(events).data)["streamNextOffset"] == _offset(8)
        hand.close()
        assert json.loads(next(events).data) == {
            "streamNextOffset": _offset(8), "streamClosed": True, "upToDate": True,
        }  # fmt: skip
        assert list(events) == []


def test_sse_is_closed_after_a_while_and_the_reader_comes_back(
    http: httpx.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server closes a connection that has lasted; nothing is lost between two of them."""
    monkeypatch.setattr(sse, "WINDOW", 0.0)
    monkeypatch.setattr(sse, "TICK", 0.01)
    hand, text, offset = by_hand(service), "", "-1"
    for piece in ("a", "b", "", "c"):
        if piece:
            hand.write(piece)
        part, controls = _sse(http, f"/streams/{hand.id}?offset={offset}&live=sse")
        text, offset = text + part, str(controls[-1]["streamNextOffset"])
        assert "streamClosed" not in controls[-1]

    assert text == "abc"
    hand.close()


def test_sse_as_text_carries_everything_but_the_kind_of_line_end(http: httpx.Client, service: Service) -> None:
    """To a reader that cannot see headers, each line end of any kind is one newline, wherever commits cut the text."""
    for cut in (0, 1, 2, 3, 4, 5, 20, NASTY.rindex("\r"), NASTY.rindex("\r") + 1, len(NASTY) - 1):
        hand = by_hand(service, NASTY[:cut])
        with _following(http, f"/streams/{hand.id}?offset=-1&live=sse") as source:
            events = source.iter_sse()
            read = [next(events)]
            hand.write(NASTY[cut:])
            hand.close()
            read += events
        text = "".join(event.data for event in read if event.event == "data")
        assert text == NASTY.replace("\r\n", "\n").replace("\r", "\n")


def test_sse_in_base64_carries_every_byte(http: httpx.Client, service: Service) -> None:
    """A reader that sees headers gets carriage returns too: the server changes over where the first one comes."""
    hand, text = by_hand(service, "plain "), ""
    with _following(http, f"/streams/{hand.id}?offset=-1&live=sse", "*/*") as source:
        assert "stream-sse-data-encoding" not in source.response.headers
        events = source.iter_sse()
        text += next(events).data
        offset = json.loads(next(events).data)["streamNextOffset"]
        hand.write(NASTY)
        assert list(events) == []
    hand.close()

    rest, controls = _sse(http, f"/streams/{hand.id}?offset={offset}&live=sse", "*/*")

    assert text + rest == "plain " + NASTY
    assert controls[-1]["streamClosed"] is True


@pytest.mark.parametrize("seed", range(4))
def test_readers_that_come_and_go_get_the_exact_text(http: httpx.Client, service: Service, seed: int) -> None:
    """A reader that changes its mode and leaves at random gets every character once, in order."""
    chance, text = random.Random(seed), ""
    hand, offset, closed, left = by_hand(service), "-1", False, NASTY * 8
    while not closed:
        for _ in range(chance.randrange(3)):
            size = chance.randrange(1, 40)
            if left:
                hand.write(left[:size])
            left = left[size:]
        if not left and not hand.log.closing:
            hand.close()
        if chance.random() < 0.5:
            with _following(http, f"/streams/{hand.id}?offset={offset}&live=sse", "*/*") as source:
                encoded = "stream-sse-data-encoding" in source.response.headers
                data = ""
                for event in source.iter_sse():
                    if event.event == "data":
                        data = b64decode(event.data).decode() if encoded else event.data
                        continue
                    control = json.loads(event.data)
                    text, offset = text + data, control["streamNextOffset"]
                    closed = control.get("streamClosed", False)
                    break
        else:
            response = http.get(f"/streams/{hand.id}?offset={offset}")
            text, offset = text + response.content.decode(), response.headers["stream-next-offset"]
            closed = "stream-closed" in response.headers

    assert text == NASTY * 8


def test_text_that_cannot_be_saved_is_never_shown(
    http: httpx.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk refuses, live readers are let go or told 503, and what was saved can still be read."""
    hand = by_hand(service, "saved")
    with _following(http, f"/streams/{hand.id}?offset=-1&live=sse") as source:
        events = source.iter_sse()
        assert next(events).data == "saved"
        next(events)
        monkeypatch.setattr(service.hub, "failure", StorageError("The disk is full."))
        service.hub.set_note(hand.log, None)
        assert list(events) == []

    assert http.get(f"/streams/{hand.id}?offset={_offset(5)}&live=long-poll").status_code == 503
    assert http.get(f"/streams/{hand.id}").text == "saved"
    assert http.get("/api/health").status_code == 503
    monkeypatch.undo()
    hand.close()


def test_readers_are_let_go_when_the_app_ends(http: httpx.Client, tmp_path: Path) -> None:
    """Closing the service ends every live answer, so that nobody holds up the server's end."""
    service = open_service(Settings(KEY, "http://127.0.0.1:9", data_dir=tmp_path))
    publish(service)
    hand = by_hand(service, "abc")
    with _following(http, f"/streams/{hand.id}?offset=-1&live=sse") as source:
        events = source.iter_sse()
        assert next(events).data == "abc"
        service.close()
        assert [json.loads(event.data).get("streamClosed") for event in events] == [None]


def test_streams_are_read_only(client: TestClient, service: Service) -> None:
    """Writing, creating and deleting are 405 and say what is taken; paths below a stream are nothing."""
    hand = by_hand(service)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = client.request(method, f"/streams/{hand.id}", json={})
        assert response.status_code == 405
        assert set(re.split(", ?", response.headers["allow"])) == {"GET", "HEAD"}
    assert client.get(f"/streams/{hand.id}/x").status_code == 404
    assert client.get("/streams").status_code == 404
    hand.close(Status.STOPPED)
