"""What a tool was called with, as notes that can be read, whatever a file says."""

from __future__ import annotations

import json

import pytest

from core.exchange.parts import fenced, given_to

TICKS = "`" * 1_000_000


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (None, ""), ({}, ""), ("{}", ""), (7, ""), ([1], ""),
        ({"q": "tides", "n": 3}, '```\n{"q": "tides", "n": 3}\n```'),
        ('{"q": "tides"}', '```\n{"q": "tides"}\n```'),
        (json.dumps('{"q": "tides"}'), '```\n{"q": "tides"}\n```'),
        ("print(1)", "```\nprint(1)\n```"),
        ("[1, 2]", "```\n[1, 2]\n```"),
        ({"path": "a.py", "text": "a\nb"}, '```\n{"path": "a.py"}\n```\n\n```\na\nb\n```'),
        ({"only": "x" * 201}, f"```\n{'x' * 201}\n```"),
        ({"half": "a\ud800"}, '```\n{"half": "a?"}\n```'),
    ],
)  # fmt: skip
def test_arguments_are_shown_as_code(arguments: object, shown: str) -> None:
    """An object on one line, its long texts in blocks of their own, anything else as it is written."""
    assert given_to(arguments) == shown


def test_arguments_that_are_nested_too_deeply_are_left_out() -> None:
    """The call is noted all the same."""
    deep: object = 1
    for _ in range(50_000):
        deep = {"a": deep}
    assert given_to({"x": deep, "code": "a\nb"}) == "```\na\nb\n```"


@pytest.mark.parametrize(
    ("code", "ticks"), [("a", 3), ("a `b` c", 3), ("```\na\n```", 4), (TICKS, len(TICKS) + 1), ("` " * 500_000, 3)]
)
def test_code_cannot_end_its_block(code: str, ticks: int) -> None:
    """The fence is longer than any in the code, and found at once."""
    assert fenced(code) == f"{'`' * ticks}\n{code}\n{'`' * ticks}"
