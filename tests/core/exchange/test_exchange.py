"""Bringing in: looked at first, once only, branch by branch, whatever else is in the file."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Conflict, StorageError, TooLarge, Unsupported
from core.exchange import saving, source
from core.exchange.report import Report, Skipped
from core.models import Role, Status, Usage
from core.store.imports import Imports
from tests.core.exchange import samples
from tests.core.exchange.support import Desk, file_of, lines_of, zip_of
from tests.core.streams.support import writer_held

FILES: dict[str, tuple[Callable[[], BinaryIO], int]] = {
    "chatgpt": (lambda: file_of([samples.chatgpt()]), 5),
    "chatgpt zip": (lambda: zip_of(user__json={"id": "u"}, conversations__json=[samples.chatgpt()]), 5),
    "chatgpt shards": (lambda: zip_of(**{"conversations-000__json": [samples.chatgpt()], "chat__html": b"<p>"}), 5),
    "chatgpt alone": (lambda: file_of(samples.chatgpt()), 5),
    "claude": (lambda: file_of([samples.claude()]), 4),
    "claude zip": (lambda: zip_of(users__json=[{"uuid": "u"}], conversations__json=[samples.claude()]), 4),
    "claude object": (lambda: file_of({"account": {}, "conversations": [samples.claude()]}), 4),
    "open-webui": (lambda: file_of([samples.openwebui()]), 4),
    "librechat tree": (lambda: file_of(samples.librechat(recursive=True)), 5),
    "librechat list": (lambda: file_of(samples.librechat(recursive=False)), 5),
    "openai": (lambda: lines_of(samples.openai_line()), 2),
    "openai log": (lambda: lines_of(samples.openai_log(), samples.openai_line()), 5),
}


@pytest.mark.parametrize("kind", FILES)
def test_an_export_is_looked_at_then_brought_in_once(desk: Desk, kind: str) -> None:
    """The dry run writes nothing and counts what the real one does; the same file again adds nothing."""
    file, messages = FILES[kind]
    before = desk.everything()
    looked = desk.exchange.inspect(file())
    assert desk.everything() == before
    assert looked == desk.exchange.import_(file())
    assert (looked.format, looked.messages, looked.new, looked.already_present) == (
        kind.split(" ")[0], messages, messages, 0,
    )  # fmt: skip
    assert looked.skipped == []

    after = desk.everything()
    assert len(after["messages"]) == messages
    assert desk.exchange.inspect(file()).new == 0
    again = desk.exchange.import_(file())
    assert (again.new, again.already_present, again.conversations) == (0, messages, looked.conversations)
    assert desk.everything() == after


def test_an_answer_reads_like_any_other(desk: Desk) -> None:
    """It is done, by its model, of its time, with its usage, its thoughts and its rating; nothing streams."""
    desk.exchange.import_(file_of([samples.openwebui()]))
    answer = next(message for message in desk.messages("Sums") if message.content == "255")
    assert (answer.role, answer.status, answer.model) == (Role.ASSISTANT, Status.DONE, "deepseek-r1")
    assert answer.created_at == answer.completed_at == datetime.fromtimestamp(1700000010, UTC)
    assert (answer.usage, answer.reasoning, answer.rating) == (Usage(12, 34), "150 + 105 < 300\nso 255", 1)
    assert (answer.duration_ms, answer.first_token_ms) == (None, None)
    assert desk.database.fetch("select count(*) from chunks") == [(0,)]
    conversation = desk.conversations.page(10, archived=True)[0]
    assert (conversation.title, conversation.model, conversation.message_count) == ("Sums", "deepseek-r1", 4)
    assert conversation.created_at == datetime.fromtimestamp(1700000000, UTC)


def test_a_newer_export_adds_only_what_is_new(desk: Desk) -> None:
    """New messages hang where they belong, behind what was asked here meanwhile, and what is here stays."""
    desk.exchange.import_(file_of([samples.chatgpt()]))
    first = desk.messages("Deploying")
    grown = samples.chatgpt() | {"title": "Renamed"}
    grown["mapping"] |= {
        "q2": samples.node("q2", "a3", "user", "And then?", 1756000500.0),
        "a4": samples.node("a4", "q2", "assistant", "Then you rest.", 1756000501.0),
    }
    other = samples.chatgpt() | {"id": "other", "conversation_id": "other", "title": "Other"}
    report = desk.exchange.import_(file_of([other, grown]))
    assert (report.conversations, report.new, report.already_present) == (2, 7, 5)
    messages = desk.messages("Deploying")
    assert messages[: len(first)] == first
    assert [message.content for message in messages[len(first) :]] == ["And then?", "Then you rest."]
    assert messages[-2].parent_id == next(message.id for message in first if message.content == "Deploy again.")


def test_a_conversation_that_comes_twice_is_one(desk: Desk) -> None:
    """In one file, too, a message is new once; the dry run knows that."""
    longer = samples.chatgpt()
    longer["mapping"]["q2"] = samples.node("q2", "a3", "user", "More?", 1756000600.0)
    file = file_of([samples.chatgpt(), samples.chatgpt(), longer])
    looked = desk.exchange.inspect(file)
    assert (looked.conversations, looked.messages, looked.new, looked.already_present) == (3, 16, 6, 10)
    assert desk.exchange.import_(file) == looked
    assert desk.said("Deploying")[-1] == ("user", "More?")


def test_what_was_deleted_comes_back(desk: Desk) -> None:
    """A conversation that waits to be purged is shown again as it was, and counts as new."""
    desk.exchange.import_(file_of([samples.claude()]))
    before = desk.said("Tides")
    desk.conversations.delete(desk.conversations.page(1)[0].id)
    assert desk.exchange.inspect(file_of([samples.claude()])).new == 4
    assert desk.conversations.page(1) == []
    assert desk.exchange.import_(file_of([samples.claude()])).new == 4
    assert desk.said("Tides") == before


def test_what_was_purged_is_brought_in_anew(desk: Desk) -> None:
    """Nothing of it is left that would be in the way."""
    desk.exchange.import_(file_of([samples.claude()]))
    before = desk.said("Tides")
    desk.conversations.delete(desk.conversations.page(1)[0].id)
    desk.conversations.purge(desk.database.clock.now())
    assert desk.exchange.import_(file_of([samples.claude()])).new == 4
    assert desk.said("Tides") == before


def test_broken_conversations_cost_themselves(desk: Desk) -> None:
    """Each is named with the reason; the others are brought in."""
    broken = {"id": "x", "title": "Corrupted\nentry", "create_time": 1756000500.0}
    empty = samples.chatgpt() | {"mapping": {}}
    text = json.dumps([samples.chatgpt(), None, broken, empty, 7])[:-1] + ", {'no': json}, " + json.dumps(
        samples.chatgpt() | {"id": "2", "conversation_id": "2", "title": "Second"}
    )  # fmt: skip
    report = desk.exchange.import_(io.BytesIO(text.encode()))
    assert (report.conversations, report.new) == (2, 10)
    assert report.skipped == [
        Skipped("conversation 2", "it is no JSON object"),
        Skipped("conversation 3 “Corrupted entry”", "it has no “mapping” of messages"),
        Skipped("conversation 4 “Deploying”", "it has no messages"),
        Skipped("conversation 5", "it is no JSON object"),
        Skipped("conversation 6", "it is no valid JSON"),
        Skipped("conversation 8", "the file breaks off here"),
    ]


def test_the_list_of_what_was_skipped_is_bounded() -> None:
    """A hundred places are named, the rest is counted."""
    report = Report()
    for number in range(350):
        report.skip(f"conversation {number}" * 1_000, "it is broken")
    listed = report.all_skipped()
    assert len(listed) == 101
    assert max(len(skipped.where) for skipped in listed) == 300
    assert listed[-1] == Skipped("elsewhere", "250 more were skipped")


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"[]", b"{}", b"[1, 2]", b'{"messages": []}', b"\x89PNG\r\n\x1a\n" + bytes(1000),
     b'[{"id": 1}]' * 99, '[{"mapping": {}}]'.encode("utf-16")],
)  # fmt: skip
def test_a_file_of_no_known_format_is_refused(desk: Desk, data: bytes) -> None:
    """One sentence says what can be imported; a look at some records is enough."""
    for work in (desk.exchange.inspect, desk.exchange.import_):
        with pytest.raises(Unsupported, match=r"ChatGPT.*Claude.*LibreChat"):
            work(io.BytesIO(data))


@pytest.mark.parametrize("data", [file_of([samples.chatgpt()]).read()[:-900], b'{"a":\n' * 99])
def test_a_file_that_ends_within_its_first_conversation_is_refused(desk: Desk, data: bytes) -> None:
    """It is said that something of it is missing, not that it is of no known format."""
    with pytest.raises(Unsupported, match=r"breaks off.*Download"):
        desk.exchange.inspect(io.BytesIO(data))


def test_the_ratings_of_a_zip_are_kept(desk: Desk) -> None:
    """They stand in a file of their own."""
    ratings = [{"id": "a2", "rating": "thumbs_down"}, {"id": "a3", "rating": "thumbsUp"}, 1, {"rating": 1}]
    desk.exchange.import_(zip_of(conversations__json=[samples.chatgpt()], message_feedback__json=ratings))
    rated = {message.content: message.rating for message in desk.messages("Deploying")}
    assert (rated["Use the console."], rated["Deploy again."]) == (-1, 1)


def test_a_zip_of_several_files_is_one_export(desk: Desk) -> None:
    """Shards are read one after the other; a file of another format is not mixed in."""
    second = samples.chatgpt() | {"id": "2", "conversation_id": "2", "title": "Second"}
    shards = {"conversations-000__json": [samples.chatgpt()], "conversations-001__json": [second]}
    report = desk.exchange.import_(zip_of(**shards, other__json=[samples.claude()]))
    assert (report.conversations, report.new) == (2, 10)
    assert report.skipped == [Skipped("other.json: conversation 1 “Tides”", "it is of another format than the rest")]


def test_a_zip_that_swells_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one file nor all together unpack to more than any export does."""
    swelling = {"conversations__json": b'[{"mapping": "' + bytes(5_000_000) + b'"}]'}
    monkeypatch.setattr(source, "_SMALL", 1_000_000)
    with pytest.raises(TooLarge):
        desk.exchange.inspect(zip_of(**swelling))
    monkeypatch.setattr(source, "_SMALL", 1 << 30)
    monkeypatch.setattr(source, "LARGEST", 4_000_000)
    with pytest.raises(TooLarge):
        desk.exchange.inspect(zip_of(**swelling))
    monkeypatch.setattr(source, "_MOST_MEMBERS", 1)
    with pytest.raises(TooLarge):
        desk.exchange.inspect(zip_of(a__json=[], b__json=[]))


def _encrypted(data: bytes) -> bytes:
    """The ZIP with the mark that its files are encrypted."""
    found = bytearray(data)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        found[at + place] |= 1
    return bytes(found)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2], lambda data: data[:30] + bytes(40) + data[70:], lambda _: b"PK\x03\x04",
        _encrypted, lambda data: data[:3_000] + bytes(40) + data[3_040:],
    ],
)  # fmt: skip
def test_a_damaged_or_encrypted_zip_is_refused(desk: Desk, damage: Callable[[bytes], bytes]) -> None:
    """It is said that it is."""
    file = zip_of(conversations__json=[samples.chatgpt() | {"filling": list(range(20_000))}])
    with pytest.raises(Unsupported, match="damaged or encrypted"):
        desk.exchange.inspect(io.BytesIO(damage(file.read())))


def test_hostile_values_are_tamed(desk: Desk) -> None:
    """NUL, half characters, absurd times and numbers, endless names: what is kept can be stored and read."""
    value = samples.openwebui()
    messages = value["chat"]["history"]["messages"]
    messages["m1"] |= {"content": "a\0b\ud800c\U0001f30a", "timestamp": 10**30}
    messages["m2"] |= {"model": "m" * 5_000, "timestamp": -5, "usage": {"prompt_tokens": 10**40, "cost": float("inf")}}
    messages["m3"] |= {"timestamp": 253402300799, "usage": {"completion_tokens": -1}, "error": True}
    messages["m4"] |= {"timestamp": "never", "parentId": ["m1"], "annotation": 7}
    value |= {"created_at": float("nan"), "title": "\ud800" + "t" * 9_999}
    assert desk.exchange.import_(file_of([value])).new == 4
    conversation = desk.conversations.page(1, archived=True)[0]
    found = desk.messages(conversation.title)
    assert found[0].content.startswith("a\0b?c\U0001f30a")
    assert all(datetime(2000, 1, 1, tzinfo=UTC) < message.created_at <= datetime.now(UTC) for message in found)
    assert next(len(message.model or "") for message in found if message.content == "255") == 200
    assert {message.usage for message in found} <= {Usage(), Usage(completion_tokens=34)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
VALUES: list[dict[str, Any]] = [
    samples.chatgpt(), samples.claude(), samples.openwebui(), samples.librechat(recursive=True), samples.openai_line(),
    samples.openai_log(),
]  # fmt: skip


@given(st.data(), st.sampled_from(VALUES))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_value_in_any_place_is_survived(desk: Desk, data: st.DataObject, value: dict[str, Any]) -> None:
    """Whatever stands where something else was expected: it is brought in or skipped, never an error."""
    changed = json.loads(json.dumps(value))
    places = list(_places(changed))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, at = data.draw(st.sampled_from(places))
        holder[at] = data.draw(JSON)
    report = desk.exchange.inspect(file_of([value, changed]))
    assert "it cannot be read" not in [skipped.why for skipped in report.skipped]
    assert report.new + report.already_present == report.messages


def _places(value: Any) -> Any:
    """Every place in a value where something stands."""
    for at, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, at
        if isinstance(inner, dict | list):
            yield from _places(inner)


def test_a_long_conversation_is_saved_in_many_slices(desk: Desk) -> None:
    """Five thousand messages come in whole and in order, in transactions of some hundreds."""
    value = samples.chatgpt() | {"title": "Long"}
    roles = ("user", "assistant")
    value["mapping"] = {
        f"n{n}": samples.node(f"n{n}", f"n{n - 1}", roles[n % 2], f"turn {n}", 1756000000.0 + n) for n in range(5_000)
    }
    report = desk.exchange.import_(file_of([value, samples.chatgpt() | {"id": "2", "conversation_id": "2"}]))
    assert report.new == 5_005
    nodes = desk.conversations.tree(next(c.id for c in desk.conversations.page(5) if c.title == "Long"))
    assert len(nodes) == 5_000
    assert [node.parent_id for node in nodes[1:]] == [node.id for node in nodes[:-1]]
    assert len({node.seq for node in nodes}) == 5_000


def test_a_deep_librechat_tree_comes_in(desk: Desk) -> None:
    """One level a turn, deeper than Python's reader goes."""
    inner = ""
    for number in reversed(range(5_000)):
        asked, rest = str(number % 2 == 0).lower(), f', "children": [{inner}]' if inner else ""
        inner = f'{{"messageId": "{number}", "text": "{number}", "isCreatedByUser": {asked}{rest}}}'
    text = json.dumps(samples.librechat(recursive=True) | {"messagesTree": ["HERE"]})
    report = desk.exchange.import_(io.BytesIO(text.replace('"HERE"', inner).encode()))
    assert (report.new, report.skipped) == (5_000, [])


def test_one_import_at_a_time(desk: Desk) -> None:
    """Another one is refused while one is at work; looking at a file is not."""
    with ThreadPoolExecutor(1) as pool, writer_held(desk.database):
        running = pool.submit(desk.exchange.import_, file_of([samples.chatgpt()]))
        waiting = threading.Event()
        while not running.done() and not desk.exchange._importing.locked():
            waiting.wait(0.01)
        with pytest.raises(Conflict):
            desk.exchange.import_(file_of([samples.claude()]))
        assert desk.exchange.inspect(file_of([samples.claude()])).new == 4
    assert running.result().new == 5
    assert desk.exchange.import_(file_of([samples.claude()])).new == 4


def test_a_conversation_that_changes_meanwhile_is_looked_for_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was purged between looking and saving is begun anew."""
    value = samples.claude()
    desk.exchange.import_(file_of([value | {"chat_messages": value["chat_messages"][:1]}]))
    submit = Imports.submit

    def purged_first(imports: Imports, *arguments: Any) -> Any:
        monkeypatch.setattr(Imports, "submit", submit)
        desk.conversations.delete(desk.conversations.page(1)[0].id)
        desk.conversations.purge(desk.database.clock.now())
        return submit(imports, *arguments)

    monkeypatch.setattr(Imports, "submit", purged_first)
    desk.exchange.import_(file_of([value]))
    assert [text for _, text in desk.said("Tides")][-2:] == ["The sun, too.", "Thanks."]


def test_what_changes_all_the_time_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error says to import again; it does not go on for ever."""
    monkeypatch.setattr(saving, "_TRIES", 0)
    with pytest.raises(StorageError, match="Import the file again"):
        desk.exchange.import_(file_of([samples.claude()]))


def test_a_file_is_given_by_its_path_too(desk: Desk, tmp_path: Path) -> None:
    """A path and an open file are the same."""
    path = tmp_path / "some name without ending"
    path.write_bytes(file_of([samples.claude()]).read())
    assert desk.exchange.inspect(path).new == desk.exchange.import_(path).new == 4


def test_zips_are_told_by_their_content(desk: Desk, tmp_path: Path) -> None:
    """A ZIP without files and one whose files are nothing are refused alike."""
    path = tmp_path / "export.json"
    with zipfile.ZipFile(path, "w"):
        pass
    for file in (path, zip_of(readme__txt=b"hello"), zip_of(data__json={"a": 1})):
        with pytest.raises(Unsupported):
            desk.exchange.inspect(file)
