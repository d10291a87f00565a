"""SQL as far as files of notebooks need it: where a statement ends, and where a `$parameter` stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_TOKEN = re.compile(
    r"""
      (?P<quoted> '(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<parameter> \$[^\W\d]\w* )
    | (?P<end> ; )
    | (?P<blank> \s+ )
    | (?P<other> \w+ | . )
    """,
    re.DOTALL | re.VERBOSE,
)


def statements(sql: str) -> Iterator[str]:
    """Each statement, with the comments before it and without the semicolon behind it."""
    start, something = 0, False
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "end":
            if something:
                yield sql[start : token.start()].strip()
            start, something = token.end(), False
        elif token.lastgroup not in ("blank", "comment"):
            something = True
    if something:
        yield sql[start:].strip()


def mapped(sql: str, parameter: Callable[[str], str], rest: Callable[[str], str]) -> str:
    """The same text with every `$name` replaced by what `parameter` makes of the name, all else by `rest`."""
    pieces, start = list[str](), 0
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "parameter":
            pieces += [rest(sql[start : token.start()]), parameter(token[0][1:])]
            start = token.end()
    return "".join([*pieces, rest(sql[start:])])
