"""HTML: the words of the page without its machinery, by selectolax (the lexbor parser)."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from core.retrieval.reading.formats.html_table import is_table, rows_of
from core.retrieval.reading.formats.plain import decode
from core.retrieval.reading.formats.tables import add_table
from core.retrieval.reading.outline import Outline, Text

_DROPPED = (
    "script, style, noscript, template, svg, canvas, iframe, object, nav, button, select, textarea, dialog, head, "
    "[hidden], [aria-hidden=true], [role=navigation], [role=search], body > footer, body > aside"
)
_CONTENT = "p, table, article, main, h1, h2, h3"
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
        "header hr li main ol p pre section summary table tbody td tfoot th thead tr ul",
    )
)
_SAVED_FROM = re.compile(r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:)\s*(\S{1,2000})")


def read_html(data: bytes, charset: str | None = None) -> Text:
    """The blocks of a page under their headings; navigation, scripts and forms are dropped.

    Raises:
        DocumentError: this is no text.
    """
    declared = re.search(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", data[:4096], re.IGNORECASE)
    html = decode(data, charset or (declared.group(1).decode() if declared else None))
    outline = Outline()
    tree = LexborHTMLParser(html)
    url = _address(tree, html)
    return outline.finish(add_html(tree, outline), url)


def add_html(tree: LexborHTMLParser, outline: Outline, page: int | None = None) -> str | None:
    """Adds the blocks of a page, which is taken apart for it; back with the page's title."""
    title = tree.css_first("title")
    name = title.text() if title else None
    for node in tree.css(_DROPPED):
        node.decompose()
    for form in tree.css("form"):
        if form.css_first(_CONTENT) is None:  # Some servers wrap the whole page in a form.
            form.decompose()
    if tree.body is not None:
        _Walk(outline, page).walk(_main(tree.body))
    return name


def web_address(text: str | None) -> str | None:
    """`text` if it is the whole address of a page on the web."""
    text = (text or "").strip()
    return text if re.fullmatch(r"https?://[^\s<>\"]{1,2000}", text) else None


def _address(tree: LexborHTMLParser, html: str) -> str | None:
    saved = _SAVED_FROM.search(html[:8192])
    if saved and web_address(saved.group(1)):
        return web_address(saved.group(1))
    for selector, attribute in (("link[rel=canonical]", "href"), ("meta[property='og:url']", "content")):
        node = tree.css_first(selector)
        if node is not None and web_address(node.attributes.get(attribute)):
            return web_address(node.attributes.get(attribute))
    return None


def _main(body: LexborNode) -> LexborNode:
    """What the page marks as its main part, if that is most of it, else all."""
    found = body.css("main, [role=main]") or body.css("article")
    if len(found) != 1 or 2 * len(found[0].text()) < len(body.text()):
        return body
    return found[0]


class _Walk:
    """Gathers the words between block elements; without recursion, as pages nest as deep as they like."""

    def __init__(self, outline: Outline, page: int | None) -> None:
        self._outline = outline
        self._page = page
        self._words: list[str] = []

    def walk(self, body: LexborNode) -> None:
        node: LexborNode | None = body
        while node is not None:
            following = None if self._enter(node) else node.child
            while following is None and node is not None and node.mem_id != body.mem_id:
                self._leave(node)
                following = node.next
                node = node.parent if following is None else node
            node = following
        self._flush()

    def _enter(self, node: LexborNode) -> bool:
        """Whether all of the node was taken."""
        tag = node.tag or ""
        if tag == "-text":
            self._words.append(re.sub(r"\s+", " ", node.text_content or ""))
        elif tag == "br":
            self._words.append("\n")
        elif tag in _BLOCKS:
            self._flush()
            return self._whole(node, tag)
        return False

    def _whole(self, node: LexborNode, tag: str) -> bool:
        if level := _level(tag):
            self._outline.heading(level, node.text(), self._page)
        elif tag == "pre":
            self._outline.code(node.text(), self._page)
        elif tag == "table" and is_table(node):
            rows, header = rows_of(node)
            add_table(self._outline, rows, self._page, header)
        else:
            return False
        return True

    def _leave(self, node: LexborNode) -> None:
        if node.tag in _BLOCKS:
            self._flush()

    def _flush(self) -> None:
        self._outline.add("".join(self._words), self._page)
        self._words = []


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0
