"""HTML: one file that needs nothing else, no scripts and no network, in light or dark as the reader's system is."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from core.exchange.exports.pieces import Branch, branches, citations, gathered, place, speaker, state, when
from core.models import Citation
from core.store.saved import SavedConversation, SavedMessage

PRINT = """
@media print { pre { white-space: pre-wrap; } pre, tr { break-inside: avoid; }
  h1, h2, .who, .about { break-after: avoid; } article.user > .said { border: 1px solid var(--line); } }
"""
"""On paper no line of code is cut, no heading stands alone, and a question is told from an answer."""
_LONGEST_MARKDOWN = 200_000
_MARK = re.compile(r"\[(\d{1,3})\]")
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --dim: light-dark(#555, #aaa); }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: anywhere; background: light-dark(#fff, #16181d); color: light-dark(#1b1d22, #e6e7ea); }
h1 { margin: 3rem 0 0; line-height: 1.25; }
.about, .who { color: var(--dim); font-size: .85rem; }
article { margin: 1.5rem 0; }
article.user > .said { background: var(--soft); border-radius: .75rem; padding: .6rem 1rem; white-space: pre-wrap; }
.branch { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .5rem; font-size: 1rem; }
pre { overflow-x: auto; background: var(--soft); padding: .75rem; border-radius: .5rem; }
code { font: .9em ui-monospace, monospace; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: .25rem .6rem; }
blockquote { margin: .3rem 0; padding-left: 1rem; border-left: 3px solid var(--line); white-space: pre-wrap; }
.sources { font-size: .85rem; } .sources li { margin: .5rem 0; list-style: none; } .sources ol { padding: 0; }
.state { color: light-dark(#a33, #f99); } details { color: var(--dim); } a { color: light-dark(#0b57d0, #8ab4f8); }
li:target { background: #fd03; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="referrer" content="no-referrer">
<title>Conversations</title><style>{_STYLE}{PRINT}</style></head><body>
"""


def write(conversations: Iterator[SavedConversation], at: datetime) -> Iterator[bytes]:
    """A page with all of the conversations."""
    return gathered(_page(conversations, at))


def _page(conversations: Iterator[SavedConversation], at: datetime) -> Iterator[str]:
    yield _HEAD
    for conversation in conversations:
        yield from _conversation(conversation)
    yield f'<p class="about">Exported from Throughline, {when(at)}</p></body></html>\n'


def _conversation(c: SavedConversation) -> Iterator[str]:
    yield f'<section><h1>{escape(c.title)}</h1><p class="about">{when(c.created_at)} · {escape(c.model)}</p>\n'
    for branch in branches(c):
        yield from _branch(branch)
    yield "</section>\n"


def branching(branch: Branch) -> str:
    """The heading of a branch that stands beside a message, with a link to that; nothing for the newest branch."""
    if branch.beside is None:
        return ""
    return (
        f'<h2 class="branch">Another branch, beside <a href="#m-{escape(branch.beside.id)}">the message of '
        f"{when(branch.beside.created_at)}</a></h2>\n"
    )


def _branch(branch: Branch) -> Iterator[str]:
    yield branching(branch)
    for message in branch.messages:
        who = f'<p class="who">{escape(speaker(message))} · {when(message.created_at)}</p>'
        yield f'<article class="{message.role.value}" id="m-{escape(message.id)}">{who}{_message(message)}</article>\n'


def _message(message: SavedMessage) -> str:
    cited = citations(message)
    pieces = list[str]()
    if message.reasoning:
        thoughts = f"<details><summary>Reasoning</summary>{rendered(message.reasoning)}</details>"
        pieces.append(thoughts)
    said = rendered(message.text, message.id, cited) if message.streams else escape(message.text)
    pieces.append(f'<div class="said">{said}</div>')
    if note := state(message):
        pieces.append(f'<p class="state">{escape(note)}</p>')
    if cited:
        listed = "".join(_source(message.id, source) for source in cited)
        pieces.append(f'<div class="sources"><ol>{listed}</ol></div>')
    return "".join(pieces)


def _source(message_id: str, source: Citation) -> str:
    return (
        f'<li id="c-{escape(message_id)}-{source.mark}">[{source.mark}] {escape(place(source))}'
        f"<blockquote>{escape(source.quote)}</blockquote></li>"
    )


def rendered(text: str, message_id: str = "", cited: Sequence[Citation] = ()) -> str:
    """Markdown as HTML: no tags of its own, no pictures, as these would be fetched; marks lead to their sources."""
    if len(text) > _LONGEST_MARKDOWN:
        return f"<pre>{escape(text)}</pre>"
    return str(_MARKDOWN.render(text, {"message": message_id, "marks": {source.mark for source in cited}}))


def _text(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, env: MutableMapping[str, Any]
) -> str:
    def linked(mark: re.Match[str]) -> str:
        known = int(mark[1]) in env["marks"]
        return f'<a href="#c-{escape(env["message"])}-{int(mark[1])}">{mark[0]}</a>' if known else mark[0]

    return _MARK.sub(linked, escape(tokens[index].content))


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
_MARKDOWN.add_render_rule("text", _text)
