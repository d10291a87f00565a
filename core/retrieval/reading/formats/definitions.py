"""What a line of source code defines, told by the words and shapes that most languages share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_LONGEST = 500  # Characters; a longer line was written by a machine.
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\(\w+\))?|unsafe|const|"
    r"open|override|sealed|data|inline|virtual|extern|partial|suspend|case|implicit|mutating|readonly|local|declare)\s+)*"
)
_NAME = r"[\w$]+(?:(?:::|[.:])\w+)*"
_HOLDER = re.compile(
    rf"\s*{_MODIFIERS}(?:class|interface|trait|impl|module|namespace|object|record|protocol|extension|mod|enum\s+class|"
    rf"(?:struct|enum|union)(?!.*\())(?:<[^>]*>)?\s+(?P<name>{_NAME}(?:<[^>]*>)?(?:\s+for\s+\w+)?)"
)
_WORKER = re.compile(
    rf"\s*{_MODIFIERS}(?:def|function\s?\*?|func|fn|fun|sub|macro_rules!|type)\s+(?:\([^)]*\)\s*)?(?P<name>{_NAME}[!?]?)"
)
_SQL = re.compile(
    r"\s*create\s+(?:or\s+replace\s+)?(?:\w+\s+)?(?:table|view|function|procedure|trigger|index|type)\s+"
    r"(?:if\s+not\s+exists\s+)?[`\"\[]?(?P<name>[\w.]+)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    rf"\s*{_MODIFIERS}(?:(?:const|let|var|val)\s+)?(?P<name>[\w.$]+)\s*(?:=|<-)\s*(?:async\s*)?"
    r"(?:function\b|\([^()]*\)\s*(?::[^=]+)?=>|\w+\s*=>)"
)
# A name with parameters and perhaps a type in front: a function in C and its kin.
_SHAPED = re.compile(
    r"\s*(?P<type>(?:[\w:<>,\[\]?.$]+[\s*&]+)*?)(?P<name>[~#]?[\w$]+(?:::~?\w+)*)(?:<[^()]*>)?\s*\((?P<rest>[^;]*)$"
)
_NO_NAME = frozenset(
    re.findall(
        r"\w+",
        "if else for foreach while switch catch do return throw new await yield assert with using lock import and or "
        "not in sizeof delete case when match loop unless until",
    )
)


class Definition(NamedTuple):
    """Something that is defined at `indent`; `holds` whether others may be defined inside it."""

    name: str
    holds: bool
    indent: int = 0


def find(line: str, following: str, braces: bool) -> Definition | None:
    """What a line defines; `following` is the line after it, `braces` whether the language groups by braces."""
    if len(line) > _LONGEST:
        return None
    if holder := _HOLDER.match(line):
        return Definition(holder.group("name"), holds=True)
    for pattern in (_WORKER, _SQL, _ASSIGNED):
        if found := pattern.match(line):
            return Definition(found.group("name"), holds=False)
    return _shaped(line, following) if braces else None


def has_braces(lines: Sequence[str]) -> bool:
    """Whether a language groups its lines by braces."""
    braces = sum(line.rstrip().endswith("{") or line.strip() == "{" for line in lines)
    return braces > sum(line.rstrip().endswith(":") for line in lines)


def _shaped(line: str, following: str) -> Definition | None:
    found = _SHAPED.match(line)
    if found is None or _NO_NAME & {found.group("name"), *found.group("type").split()}:
        return None
    opens = line.rstrip().endswith("{") or following.strip() == "{"
    # Parameters that go on below: without a type in front it would be a call.
    goes_on = bool(found.group("type")) and line.count("(") > line.count(")")
    return Definition(found.group("name"), holds=False) if opens or goes_on else None
