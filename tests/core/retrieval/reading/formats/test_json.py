"""JSON: records as readable lines."""

from __future__ import annotations

import json

import pytest

from core.errors import DocumentError
from core.retrieval.reading.outline import Block
from tests.core.retrieval.reading.formats.build import read_text, rows, texts


def test_a_list_of_records_gives_a_block_each() -> None:
    """With the paths inside them."""
    people = [{"name": "Anna", "home": {"town": "Kirkhaven", "cats": 2}, "tags": ["a", "b"]}, {"name": "Bert"}]
    assert read_text("a.json", json.dumps(people)).blocks == (
        Block("name: Anna\nhome.town: Kirkhaven\nhome.cats: 2\ntags: a, b", None, None, "row"),
        Block("name: Bert", None, None, "row"),
    )


def test_larger_values_are_divided_under_headings() -> None:
    """Named by their keys, or by what a record calls itself."""
    value = {
        "town": "Elsin",
        "boats": [{"name": "Heron", "log": "sailed " * 200, "crew": {"captain": "Ines"}}],
        "x": {"y": 1},
    }
    assert rows(read_text("a.json", json.dumps(value))) == [
        (None, "town: Elsin"),
        ("boats › Heron", "name: Heron\nlog: " + ("sailed " * 200).strip()),
        ("boats › Heron", "crew.captain: Ines"),
        (None, "x.y: 1"),
    ]


def test_long_strings_in_a_list_are_texts_of_their_own() -> None:
    """Short ones and numbers are one line."""
    texts_of = [
        f"A sentence, number {n}, that is long enough to be a paragraph of its own, and longer." * 5 for n in (1, 2, 3)
    ]
    assert texts(read_text("a.json", json.dumps(texts_of))) == texts_of
    assert texts(read_text("a.json", json.dumps(list(range(1000))))) == [", ".join(map(str, range(1000)))]


def test_scalars_are_written_as_json_writes_them() -> None:
    """Null says nothing."""
    assert texts(read_text("a.json", '{"a": true, "b": null, "c": 1.50, "d": "x"}')) == ["a: true\nc: 1.5\nd: x"]


def test_each_line_of_json_lines_is_a_record() -> None:
    """Empty lines are none."""
    assert texts(read_text("a.jsonl", '{"a": 1, "b": {"c": 2}}\n\n{"a": 2}\n')) == ["a: 1\nb.c: 2", "a: 2"]


def test_characters_that_cannot_be_stored_are_replaced() -> None:
    """Half a pair of surrogates is no character, and control characters are no text."""
    assert texts(read_text("a.json", r'{"a": "x\ud800\u0000y"}')) == ["a: x\ufffdy"]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.json", "[" * 100_000 + "]" * 100_000, "too deep"),
        ("a.json", '{"a":' * 500 + "1" + "}" * 500, "too deep"),
        ("a.json", "{'a': 1}", "not valid JSON"),
        ("a.json", '{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "Line 2 of this file"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, data: str, says: str) -> None:
    """With the reason."""
    with pytest.raises(DocumentError, match=says):
        read_text(name, data)
