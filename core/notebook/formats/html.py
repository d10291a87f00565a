"""Notebooks as one page with results: no scripts and no network; the notebook itself stands in it to be read again.

Charts are pictures: an SVG that is an image can neither run anything nor fetch anything, whatever is in it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from core.errors import Unsupported
from core.exchange.exports.html import rendered
from core.notebook.formats.drawing import pictures_of
from core.notebook.formats.values import Imported, Shown, decoded, encoded
from core.notebook.values import Cell, CellKind, NewNotebook, Notebook

_PLACE = "throughline-notebook"
_LONGEST = 1_000
_SHORT, _LONG = 25, 60
_LINK = "/?conversation="
_ROOM = 16_000_000
_NUMBERS = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --dim: light-dark(#555, #aaa); }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: break-word; background: light-dark(#fff, #16181d); color: light-dark(#1b1d22, #e6e7ea); }
h1, h2, h3 { line-height: 1.25; } section { margin: 1.5rem 0; }
section.input { margin: .25rem 0; }
.about, figcaption, summary { color: var(--dim); font-size: .85rem; } figure { margin: .5rem 0; }
.rows { overflow: auto; max-height: 32rem; border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .875rem; } .rows table { min-width: 100%; }
td, th { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top;
  max-width: 30rem; }
.rows th { position: sticky; top: 0; background: light-dark(#f4f5f7, #22252c); white-space: nowrap; }
.short { white-space: nowrap; } .long { min-width: 18rem; }
td.link { max-width: 8rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.number { text-align: right; font-variant-numeric: tabular-nums; } .null { color: var(--dim); }
pre { overflow-x: auto; background: var(--soft); padding: .75rem; border-radius: .5rem; overflow-wrap: normal; }
code { font: .9em ui-monospace, monospace; } img { max-width: 100%; background: #fff; border-radius: .5rem; }
.state { color: light-dark(#a33, #f99); } a { color: light-dark(#0b57d0, #8ab4f8); }
"""
_HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="referrer" content="no-referrer">
"""


def write(notebook: Notebook, results: Mapping[str, Shown]) -> str:
    """A page with every cell and what its last run gave."""
    return "".join(_page(notebook, results))


def read(text: str) -> Imported:
    """The notebook that a page of ours holds.

    Raises:
        Unsupported: it holds none.
    """
    place = LexborHTMLParser(text).css_first(f"script#{_PLACE}")
    try:
        return decoded(json.loads(place.text() if place else ""))
    except (ValueError, RecursionError) as error:
        raise Unsupported("There is no notebook in this page. Choose one that Throughline exported.") from error


def _page(notebook: Notebook, results: Mapping[str, Shown]) -> Iterator[str]:
    yield f"{_HEAD}<title>{escape(notebook.title)}</title><style>{_STYLE}</style></head><body>\n"
    if not _titled(notebook):
        yield f"<h1>{escape(notebook.title)}</h1>\n"
    images, room = pictures_of(notebook, results), _ROOM
    for cell in notebook.cells:
        html = _cell(cell, results.get(cell.id, Shown()), images.get(cell.id), room)
        room -= len(html)
        yield f'<section class="{cell.kind.value}">{html}</section>\n'
    yield _source(notebook)
    yield '<p class="about">Exported from Throughline, which can import this page.</p></body></html>\n'


def _titled(notebook: Notebook) -> bool:
    """Whether the first cell says the title already."""
    first = notebook.cells[0] if notebook.cells else None
    return bool(first and first.kind is CellKind.MARKDOWN and first.text.startswith(f"# {notebook.title}\n"))


def _cell(cell: Cell, shown: Shown, image: str | None, room: int) -> str:
    if cell.kind is CellKind.MARKDOWN:
        return rendered(cell.text)
    if cell.kind is CellKind.INPUT:
        value = cell.settings.get("value")
        told = "–" if value is None or value == "" else escape(str(value))
        return f"{escape(str(cell.settings.get('label') or cell.name))}: <strong>{told}</strong>"
    if cell.kind is CellKind.CHART:
        return _chart(cell, shown, image, room)
    sql = f"<details><summary>{escape(cell.name)}</summary><pre><code>{escape(cell.text)}</code></pre></details>"
    return sql + (table(shown, room) if shown.columns else "") + _said(shown)


def _chart(cell: Cell, shown: Shown, image: str | None, room: int) -> str:
    name = escape(cell.name or str(cell.settings.get("source") or ""))
    if image is None or len(image) > room:
        why = shown.error or ("This chart cannot be drawn." if shown.columns else "This chart has no rows yet.")
        return f'<p class="about">{name}</p><p class="state">{escape(why)}</p>'
    picture = b64encode(image.encode()).decode()
    few = f", from the first {len(shown.rows):,} of {shown.count:,} rows" if len(shown.rows) < shown.count else ""
    image_html = f'<img alt="Chart: {name}" src="data:image/svg+xml;base64,{picture}">'
    return f"<figure>{image_html}<figcaption>{name}{few}</figcaption></figure>"


def table(shown: Shown, room: int = _ROOM) -> str:
    """The rows as HTML, as many as `room` characters hold, and how many there are."""
    kinds = [' class="number"' if _NUMBERS.match(type_) else "" for _, type_ in shown.columns]
    heads = "".join(f"<th{kind}>{escape(name)}</th>" for (name, _), kind in zip(shown.columns, kinds, strict=True))
    times = [type_.startswith("TIMESTAMP") for _, type_ in shown.columns]
    rows, size = list[str](), 0
    for row in shown.rows:
        told = (_time(value) if time else value for value, time in zip(row, times, strict=True))
        cells = "".join(_value(value, kind) for value, kind in zip(told, kinds, strict=True))
        size += len(cells)
        if size > room:
            break
        rows.append(f"<tr>{cells}</tr>")
    count = f"{shown.count:,} row{'' if shown.count == 1 else 's'}"
    if len(rows) < shown.count:
        count = f"The first {len(rows):,} of {count}"
    at = f" · {shown.ran_at:%Y-%m-%d %H:%M} UTC" if shown.ran_at else ""
    whole = f'<div class="rows"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    return f'{whole}<p class="about">{count}{at}</p>'


def _time(value: Any) -> Any:
    """A time as people read it, to the second."""
    return value[:19].replace("T", " ") if isinstance(value, str) and _INSTANT.match(value) else value


def _value(value: Any, kind: str) -> str:
    if value is None:
        return f"<td{kind or ' class=null'}>–</td>"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not kind:
        width = (
            "link" if text.startswith(_LINK) else "short" if len(text) < _SHORT else "long" if len(text) > _LONG else ""
        )
        kind = f' class="{width}"' if width else ""
    return f"<td{kind}>{escape(text[:_LONGEST] + ('…' if len(text) > _LONGEST else ''))}</td>"


def _said(shown: Shown) -> str:
    error = f'<p class="state">{escape(shown.error)}</p>' if shown.error else ""
    return error + (f'<p class="about">{escape(shown.note)}</p>' if shown.note else "")


def _source(notebook: Notebook) -> str:
    """The notebook as data, in which nothing can end the element that it stands in."""
    whole = NewNotebook(notebook.title, tuple(cell.new for cell in notebook.cells))
    text = json.dumps(encoded(whole)).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f'<script type="application/json" id="{_PLACE}">{text}</script>\n'
