"""Records one after the other: however the file is cut into windows, whatever is broken in it, however large it is."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange import records as module
from core.exchange import window
from core.exchange.records import Record, parsed, records
from core.exchange.threads import Broken

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=6)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of a few bytes, so that everything is cut everywhere."""
    monkeypatch.setattr(window, "_BLOCK", 7)


def read(data: bytes | str) -> list[Record]:
    """All records of a file."""
    return list(records(io.BytesIO(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)))


def values(data: bytes | str) -> list[Any]:
    """The values of all records, which must be whole."""
    found = read(data)
    assert [record.broken for record in found] == [None] * len(found)
    assert [record.number for record in found] == sorted({record.number for record in found})
    return [record.value for record in found]


@given(OBJECTS, st.booleans(), st.sampled_from([None, 2]), st.integers(1, 40))
def test_an_array_gives_its_elements(objects: list[Any], ascii_only: bool, indent: int | None, block: int) -> None:
    """The same as Python's reader finds, whichever way the file is written and cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "_BLOCK", block)
        assert values(json.dumps(objects, ensure_ascii=ascii_only, indent=indent)) == objects


@given(OBJECTS, st.integers(1, 40))
def test_an_array_under_conversations_gives_its_elements(objects: list[Any], block: int) -> None:
    """What stands around it does not matter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "_BLOCK", max(block, 40))
        around = {"version": "1 [", "conversations": objects, "rest": [1, {"conversations": [2]}]}
        assert values(json.dumps(around)) == objects


@given(OBJECTS)
def test_lines_give_their_objects(objects: list[Any]) -> None:
    """Blank lines and the ends of other systems' lines count for nothing."""
    assert values("\r\n\n".join(map(json.dumps, objects))) == objects


@pytest.mark.usefixtures("small")
@given(OBJECTS)
def test_objects_without_lines_between_give_themselves(objects: list[Any]) -> None:
    """Objects that span lines may stand one behind the other, or alone."""
    assert values(" ".join(json.dumps(each, indent=1) for each in objects)) == objects


@pytest.mark.parametrize("broken", ['{"a": tru}', '{"a" 1}', "{'a': 1}", '{"a": 1,}', '{"a": [1, 2,,]}'])
@pytest.mark.parametrize("block", [5, 1000])
def test_a_broken_element_costs_itself(broken: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those before and behind it are read."""
    monkeypatch.setattr(window, "_BLOCK", block)
    found = read(f'[{{"n": 1}}, {broken}, {{"n": 3}}]')
    assert [record.value for record in found] == [{"n": 1}, None, {"n": 3}]
    assert [record.broken for record in found] == [None, "it is no valid JSON", None]


@pytest.mark.parametrize("broken", ['{"a": ', "garbage", '{"a": "x', "]]]", '{"a": 1}}', "\x00\x00"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_broken_line_costs_itself(broken: str, place: int) -> None:
    """Brackets and quotes that are left open end with their line."""
    lines = ['{"n": 1}', '{"n": 2}']
    lines.insert(place, broken)
    found = read("\n".join(lines))
    assert [record.value for record in found if not record.broken] == [{"n": 1}, {"n": 2}]
    assert [record.number for record in found if record.broken] == [place + 1]


@pytest.mark.parametrize("element", ["1", "null", '"x"', "[1]", "true"])
@pytest.mark.usefixtures("small")
def test_elements_that_are_no_objects_have_their_place(element: str) -> None:
    """Each is one record, and none of them swallows its neighbours."""
    found = read(f'[{{"n": 1}},{element} , {{"n": 3}}]')
    assert len(found) == 3
    assert (found[0].value, found[2].value) == ({"n": 1}, {"n": 3})


@pytest.mark.parametrize("end", range(1, 30))
def test_a_file_that_breaks_off_gives_what_is_whole(end: int) -> None:
    """The last record says that the file breaks off."""
    data = '[{"n": 1}, {"n": "two\\n"}]'
    found = read(data[:end])
    assert [record.value for record in found if not record.broken] == [{"n": 1}, {"n": "two\n"}][
        : (end > 8) + (end > 24)
    ]
    assert [record.broken for record in found if record.broken] == ["the file breaks off here"] * (end < len(data))


def test_strange_characters_are_read() -> None:
    """A byte order mark, raw control characters, bytes that are no UTF-8, half surrogates, NUL."""
    assert values(b'\xef\xbb\xbf[{"a": "x\ty\x00\xff\\ud800\\u0000"}]') == [{"a": "x\ty\x00\ufffd\ud800\x00"}]


@pytest.mark.parametrize("shape", ['{{"a": {}}}', '[{{"a": {}}}]', '{{"n": 1}}\n{{"a": {}}}'])
def test_deep_nesting_is_read(shape: str) -> None:
    """Deeper than Python's own reader goes, without recursion and without memory by the square of the depth."""
    depth = 50_000
    deep = '{"c":[' * depth + '"end"' + "]}" * depth
    value = values(shape.format(deep))[-1]["a"]
    for _ in range(depth):
        value = value["c"][0]
    assert value == "end"


def test_deep_nesting_that_is_broken_is_said_to_be() -> None:
    """Neither reader takes it, and neither fails."""
    with pytest.raises(Broken):
        parsed('{"c":[' * 5_000 + "x" + "]}" * 5_000)


@pytest.mark.parametrize("shape", ["[{}, {}, {}]", "{}\n{}\n{}", '{{"conversations": [{}, {}, {}]}}'])
@pytest.mark.parametrize("long", ['{{"a": "{}"}}', '{{"a": [{}1]}}', '{{"a": "\\"{}\\\\"}}'])
def test_a_record_that_is_too_long_costs_itself(shape: str, long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is skipped without being held, whatever it is made of."""
    monkeypatch.setattr(window, "LONGEST", 300)
    monkeypatch.setattr(module, "LONGEST", 300)
    monkeypatch.setattr(window, "_BLOCK", 64)
    filling = "x" * 2000 if '"a": "' in long else "1," * 1000
    found = read(shape.format('{"n": 1}', long.format(filling), '{"n": 3}'))
    assert [record.value for record in found] == [{"n": 1}, None, {"n": 3}]
    assert "long" in str(found[1].broken)


class _Endless(io.RawIOBase):
    """A file of as many records as one likes."""

    def __init__(self, head: bytes, record: bytes, times: int) -> None:
        self._left: Iterator[bytes] = iter([head] + [record] * times)

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1) -> bytes:
        return next(self._left, b"")


def test_memory_does_not_grow_with_the_file() -> None:
    """Sixty megabytes of records take a few."""
    record = json.dumps({"a": "lorem ipsum " * 5_000}).encode() + b","
    tracemalloc.start()
    try:
        count = sum(1 for found in records(_Endless(b"[", record, 1_000)) if not found.broken)  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 1_000
    assert peak < 8_000_000
