"""Notebooks as SQL files that any SQL editor reads: a cell begins with a comment, what is not SQL is one.

    -- %% notebook {"title": "Errors", "version": 1}

    -- %% markdown
    /*
    # What went wrong
    */

    -- %% input since {"type": "date", "label": "From", "value": null}

    -- %% sql by_kind
    select status, count(*) from answers where created_at >= $since::date group by all
    ;

    -- %% chart errors {"source": "by_kind"}
    /*
    {"mark": "bar", "encoding": {}}
    */

What a cell begins with is `-- %%`, its kind, its name, and its settings as JSON on the same line. A semicolon on a line
of its own ends SQL. A backslash stands where a cell's own text would read as one of these signs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from core.errors import Unsupported
from core.notebook.formats.statements import statements
from core.notebook.formats.values import VERSION, Imported, check_cells, check_code, check_version, settings_of
from core.notebook.values import JSON, CellKind, NewCell, NewNotebook

_HEAD = re.compile(r"^--[ \t]*%%(?P<rest>.*)$", re.MULTILINE)
_KINDS = {kind.value: kind for kind in CellKind} | {"[markdown]": CellKind.MARKDOWN, "[md]": CellKind.MARKDOWN}
_WORD = re.compile(r"[^\W\d]\w*")
_BLANK = "\n\t "
_NO_LINE = re.compile(r"[\x7f-\x9f\u2028\u2029]")
# A sign, and the backslashes that stand in it already: one more is put there, and taken away again.
_SIGNS = (r"(\*\\*)(/)", r"(/\\*)(\*)")
_CUT = r"(?m)^(--[ \t]*\\*)(%%)"
_LIKE = 'A cell begins like “-- %% sql name”, or with settings as in “-- %% input name {"type": "text"}”.'
_DECODER = json.JSONDecoder()
_MOST_VALUES = 3


def write(notebook: NewNotebook) -> str:
    """A notebook as the text of a SQL file; `read` gives it back exactly."""
    parts = [_head("notebook", "", {"title": notebook.title, "version": VERSION})]
    parts += [_written(cell) for cell in notebook.cells]
    return "\n\n".join(parts) + "\n"


def read(text: str) -> Imported:
    """The notebook in a SQL file; one without our signs becomes a cell for each of its statements.

    Raises:
        Unsupported: it is of a newer version, or what a cell begins with cannot be read.
        TooLarge: it is longer, or has more cells, than is taken.
    """
    check_code(len(text))
    heads = list(_HEAD.finditer(text))
    check_cells(len(heads))
    if heads and all(head["rest"].endswith("\r") for head in heads):  # An editor has changed every line's end.
        return read(text.replace("\r\n", "\n"))
    cells = [NewCell(CellKind.SQL, text=sql) for sql in statements(text[: heads[0].start() if heads else None])]
    title, ends = "", [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=False):
        kind, name, settings, edges = _parsed(head, text)
        if kind == "notebook":
            check_version(settings.get("version", VERSION))
            title = str(settings.get("title") or "")
        else:
            cells.append(_cell(kind, name, _taken(text[head.end() : end].strip(_BLANK), _CUT), settings, edges))
    check_cells(len(cells))
    return Imported(title, tuple(cells))


def _written(cell: NewCell) -> str:
    kind, edges = cell.kind.value, None
    if cell.kind is CellKind.SQL:
        body = cell.text.strip(_BLANK)
        if body != cell.text:
            start = len(cell.text) - len(cell.text.lstrip(_BLANK))
            edges = [cell.text[:start], cell.text[start + len(body) :]]
        body = _ended(body)
    else:
        body = f"/*\n{_put(cell.text, *_SIGNS)}\n*/" if cell.text else ""
    head = _head(kind, cell.name, cell.settings, edges)
    return f"{head}\n{_put(body, _CUT)}" if body else head


def _head(kind: str, name: str, settings: Mapping[str, JSON], edges: Sequence[str] | None = None) -> str:
    words = ["-- %%", kind]
    if name:
        words.append(name if _WORD.fullmatch(name) else _json(name))
    words += [_json(part) for part in (settings, edges) if part]
    return " ".join(words)


def _parsed(head: re.Match[str], text: str) -> tuple[str, str, Mapping[str, JSON], list[str]]:
    """Kind, name, settings and edges of a cell."""
    kind, rest = [*head["rest"].split(None, 1), "", ""][:2]
    if kind not in (*_KINDS, "notebook", ""):
        return "", "", {}, [f"--{head['rest']}\n", ""]
    name = ""
    if word := _WORD.match(rest):
        name, rest = word[0], rest[word.end() :]
    try:
        found = [*_values(rest.strip())]
    except (ValueError, RecursionError) as error:
        line = text.count("\n", 0, head.start()) + 1
        raise Unsupported(f"Line {line} of this file cannot be read. {_LIKE}") from error
    name = next((value for value in found if isinstance(value, str)), name)
    settings = next((value for value in found if isinstance(value, dict)), {})
    edges = next((value for value in found if isinstance(value, list)), [])
    return kind, name, settings_of(settings), [str(edge) for edge in [*edges, "", ""][:2]]


def _values(text: str) -> Iterator[object]:
    for _ in range(_MOST_VALUES):
        if not text:
            return
        value, end = _DECODER.raw_decode(text)
        yield value
        text = text[end:].strip()
    if text:
        raise ValueError(text)


def _cell(kind: str, name: str, body: str, settings: Mapping[str, JSON], edges: list[str]) -> NewCell:
    of_kind = _KINDS.get(kind, CellKind.SQL)
    if of_kind is not CellKind.SQL:
        return NewCell(of_kind, name, _uncommented(body), settings)
    before, last = body.rpartition("\n")[::2]
    sql = before.rstrip("\n") if last.strip() == ";" and before else "" if body == ";" else body
    return NewCell(of_kind, name, sql.join(edges), settings)


def _ended(sql: str) -> str:
    """SQL with a semicolon behind it, where an editor would miss one."""
    last = sql.rpartition("\n")[2]
    ended = last.rstrip().endswith(";") and last.strip() != ";" and "--" not in last
    return sql if ended or not sql else f"{sql}\n;"


def _uncommented(body: str) -> str:
    if body.startswith("/*") and body.endswith("*/") and len(body) >= 4:
        inner = body[2:-2]
        if inner.startswith("\n") and inner.endswith("\n"):
            return _taken(inner[1:-1], *reversed(_SIGNS))
        return inner.strip()
    lines = body.split("\n")
    if all(line.startswith("--") for line in lines):
        return "\n".join(line[2:].removeprefix(" ") for line in lines)
    return body


def _put(text: str, *signs: str) -> str:
    for sign in signs:
        text = re.sub(sign, r"\1\\\2", text)
    return text


def _taken(text: str, *signs: str) -> str:
    for sign in signs:
        text = re.sub(sign.replace(")(", r")\\("), r"\1\2", text)
    return text


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _NO_LINE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
