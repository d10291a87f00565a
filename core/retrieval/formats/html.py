"""HTML: the words of the page without its machinery, by selectolax (the lexbor parser)."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from core.retrieval.formats.plain import decode
from core.retrieval.outline import Outline, Text

_DROPPED = (
    "script, style, noscript, template, svg, canvas, iframe, object, nav, form, button, select, dialog, head, "
    "[hidden], [aria-hidden=true], [role=navigation], [role=search], body > footer, body > aside"
)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
        "header hr li main ol p pre section summary table tbody td tfoot th thead tr ul",
    )
)


def read_html(data: bytes) -> Text:
    """The blocks of a page under their headings; navigation, scripts and forms are dropped."""
    declared = re.search(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", data[:4096], re.IGNORECASE)
    tree = LexborHTMLParser(decode(data, declared.group(1).decode() if declared else None))
    title = tree.css_first("title")
    name = title.text() if title else None
    for node in tree.css(_DROPPED):
        node.decompose()
    outline = Outline()
    if tree.body is not None:
        _Walk(outline).walk(tree.body)
    return outline.finish(name)


class _Walk:
    """Gathers the words between block elements; without recursion, as pages nest as deep as they like."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._words: list[str] = []

    def walk(self, body: LexborNode) -> None:
        node: LexborNode | None = body
        while node is not None:
            self._enter(node)
            following = None if node.tag in ("tr", "pre") or _level(node) else node.child
            while following is None and node is not None and node.mem_id != body.mem_id:
                self._leave(node)
                following = node.next
                node = node.parent if following is None else node
            node = following
        self._flush()

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._words.append(re.sub(r"\s+", " ", node.text_content or ""))
        elif tag == "br":
            self._words.append("\n")
        elif tag in _BLOCKS:
            self._flush()
            self._whole(node, tag)

    def _whole(self, node: LexborNode, tag: str) -> None:
        if level := _level(node):
            self._outline.heading(level, node.text())
        elif tag == "tr":
            cells = [child for child in node.iter() if child.tag in ("td", "th")]
            self._outline.add(" | ".join(re.sub(r"\s+", " ", cell.text(separator=" ")).strip() for cell in cells))
        elif tag == "pre":
            self._outline.add(node.text(), verbatim=True)

    def _leave(self, node: LexborNode) -> None:
        if node.tag in _BLOCKS:
            self._flush()

    def _flush(self) -> None:
        self._outline.add("".join(self._words))
        self._words = []


def _level(node: LexborNode) -> int:
    tag = node.tag or ""
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0
