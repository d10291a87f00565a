"""Python in files of notebooks: literals that are exact, and calls that are read without being run."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.notebook.formats.python import literal_of, quoted, statements, unquoted, value_of

_PARTS = [
    '"""',
    '"',
    "'",
    "\\",
    "\n",
    "\r",
    "\t",
    " ",
    "    ",
    "a",
    "\x00",
    "\u2028",
    "{",
    "}",
    "x41",
    "N{",
    "#",
    "\ud800",
    "😀",
]
_texts = st.lists(st.sampled_from(_PARTS), max_size=12).map("".join)


@settings(max_examples=200, deadline=None)
@given(_texts)
def test_a_literal_stands_for_its_text(text: str) -> None:
    """For us exactly, for Python with the line ends around it; and it is one token among others."""
    literal = quoted(text)
    assert unquoted(literal) == text
    assert ast.literal_eval(literal).strip("\n") == text.strip("\n")
    assert ast.literal_eval(literal_of(text)) == text == value_of(literal_of(text))
    (statement,) = statements(f"x = sql(\n  {literal},  # one\n  more={literal})\n")
    assert statement.call and (statement.call.result, statement.call.function) == ("x", "sql")
    assert statement.call.texts == (text, text)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("r'''\n    select 1\n      from a\n    '''", "select 1\n  from a"),
        ('"a\\tb\\x41\\u00e9\\101\\N{DIGIT ONE}\\q"', "a\tbAéA1\\q"),
        ('R"a\\b"', "a\\b"),
        ('"""  one line """', "  one line "),
    ],
)
def test_the_literals_of_others_are_read(literal: str, text: str) -> None:
    """Raw ones, escapes, and text that is indented as its code is."""
    assert unquoted(literal) == text


@pytest.mark.parametrize("value", [None, True, 3, -2.5, 'a\n"b"', ""])
def test_a_value_is_written_as_python_has_it(value: object) -> None:
    """And read again."""
    assert value_of(literal_of(value)) == value == ast.literal_eval(literal_of(value))


def test_braces_of_an_f_string_are_filled_in() -> None:
    """A widget's value is a parameter, doubled braces are braces, anything else stays."""
    (statement,) = statements('mo.sql(f"select {a.value}, {literal(b.value or None)}, {{c.value}}, {1 + 1}")')
    assert statement.call and statement.call.texts == ("select $a, $b, {c.value}, {1 + 1}",)


@pytest.mark.parametrize(
    "source", ["(" * 200_000, '"""' * 100_001, "f(" + "[" * 100_000, "'\\\n" * 50_000, "def " * 100_000]
)
def test_code_that_makes_no_sense_is_read_to_its_end(source: str) -> None:
    """However long and deep it is, and it is no call."""
    assert all(statement.call is None for statement in statements(source))
