"""Python as far as files of notebooks need it: text as literals, and the literals that a call is given.

Files come from strangers, so nothing in them is run, and nothing is read that could be deep: a pattern cuts them up.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent

_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LITERAL = re.compile(r"(?P<prefix>[a-zA-Z]{0,2})(?P<quote>\"\"\"|'''|\"|')(?P<body>.*)(?P=quote)", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:(?P<char>[\\'\"abfnrtv\n])|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<name>[^}\n]{1,100})\})"
)
_CHARS = dict(zip("\\'\"abfnrtv\n", "\\'\"\a\b\f\n\r\t\v", strict=False)) | {"\n": ""}
_TOKEN = re.compile(
    r"""
      (?P<text> [rRbBuUfF]{0,2} (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
        | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<comment> \#[^\n]* )
    | (?P<blank> [ \t\r\f]+ | \\\n )
    | (?P<line> \n )
    | (?P<word> \w+ )
    | (?P<other> . )
    """,
    re.DOTALL | re.VERBOSE,
)
_WORDS = {"None": None, "True": True, "False": False}
_CALL = re.compile(r"(?:(?P<result>\w+)=)?(?P<function>[\w.]+)\(.*\)")
_FILLED = re.compile(r"(\{\{|\}\})|\{\s*(?:literal\(\s*)?([^\W\d]\w*)\.value(?:\s+or\s+None)?\s*\)?\s*\}")


@dataclass(frozen=True, slots=True)
class Call:
    """A call: what its result is called, its function as it is written, and its texts, in order."""

    result: str
    function: str
    texts: tuple[str, ...]


@dataclass(slots=True)
class Statement:
    """A statement on its lines: where it begins and ends, the comments in and before it, and its literals of text.

    `code` is without comments and blanks but those between words, with `""` for each literal.
    """

    start: int
    end: int = 0
    code: str = ""
    comments: list[str] = field(default_factory=list)
    literals: list[str] = field(default_factory=list)

    @property
    def call(self) -> Call | None:
        """What it calls, if it is a call; an f-string's `{name.value}` is `$name`."""
        found = _CALL.fullmatch(self.code)
        if not found:
            return None
        texts = (_unformatted(literal) for literal in self.literals)
        return Call(found["result"] or "", found["function"], tuple(texts))


def quoted(text: str, prefix: str = "") -> str:
    """Text as a literal, over several lines where that can be, of which `unquoted` makes the same text again.

    With the prefix `f` its braces must be written as an f-string has them.
    """
    escaped = _UNFIT.sub(_escaped, text.replace("\\", "\\\\"))
    literal = f'{prefix}"""\n' + escaped.replace('"""', '\\"\\"\\"') + '\n"""'
    if unquoted(literal) == text:
        return literal
    return f"{prefix}{literal_of(text)}"


def literal_of(value: object) -> str:
    """A JSON value as Python writes it, on one line."""
    if isinstance(value, str):
        escaped = _UNFIT.sub(_escaped, value.replace("\\", "\\\\").replace('"', '\\"'))
        return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal_of, value))}]"
    return repr(value)


def value_of(literal: str) -> object:
    """The text, number, None, True or False that a literal on one line stands for.

    Raises:
        ValueError: it is something else.
    """
    literal = literal.strip()
    if _LITERAL.fullmatch(literal):
        return unquoted(literal)
    return _WORDS[literal] if literal in _WORDS else json.loads(literal)


def unquoted(literal: str) -> str:
    """What a literal of text stands for; text that begins on a line of its own is taken without its indentation."""
    found = _LITERAL.fullmatch(literal)
    assert found, literal[:80]
    body = found["body"]
    if body.startswith("\n") and len(found["quote"]) == 3:
        body = body[1:].rstrip(" \t").removesuffix("\n")
        if all(line[:1] in ("", " ", "\t") for line in body.split("\n")):
            body = dedent(body)
    return body if "r" in found["prefix"].lower() else _ESCAPE.sub(_character, body)


def statements(source: str) -> Iterator[Statement]:
    """Every line of code with what belongs to it; what a block begins with is a statement, its lines are others."""
    statement, depth, pieces = Statement(-1), 0, list[str]()
    for token in _TOKEN.finditer(source + "\n"):
        kind, text = token.lastgroup, token[0]
        if kind == "line" and depth <= 0 and pieces:
            statement.code = "".join(pieces)
            yield statement
            statement, depth, pieces = Statement(-1), 0, []
        elif kind == "comment":
            statement.comments.append(text)
        elif kind in ("text", "word", "other"):
            statement.start = token.start() if statement.start < 0 else statement.start
            statement.end = token.end()
            depth += (text in "([{") - (text in ")]}") if kind == "other" else 0
            statement.literals += [text] if kind == "text" else []
            between = " " if kind == "word" and pieces and pieces[-1][-1:].isalnum() else ""
            pieces.append(between + ('""' if kind == "text" else text))


def _unformatted(literal: str) -> str:
    found, text = _LITERAL.fullmatch(literal), unquoted(literal)
    if not found or "f" not in found["prefix"].lower():
        return text
    return _FILLED.sub(lambda part: part[1][0] if part[1] else f"${part[2]}", text)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _character(escape: re.Match[str]) -> str:
    if escape["char"]:
        return _CHARS[escape["char"]]
    if escape["name"]:
        try:
            return unicodedata.lookup(escape["name"])
        except KeyError:
            return escape[0]
    number = int(escape["octal"], 8) if escape["octal"] else int(escape["x"] or escape["u"] or escape["U"], 16)
    return chr(number) if number < 0x110000 else escape[0]
