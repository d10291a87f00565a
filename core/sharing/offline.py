"""A conversation as one HTML file that needs nothing else: it replays its answers at their pace, without a network.

All words are in the page as they are read, each escaped; the script, whose hash the page's policy names, only hides and
shows them. So without scripts it is a page to read.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from html import escape
from pathlib import Path

from core.exchange.exports.html import PRINT, branching, rendered
from core.exchange.exports.pieces import Branch, branches, citations, place, speaker, when
from core.history.pace import SCRIPT, paced
from core.history.replay import joined
from core.models import Citation, Kind, Role, Status
from core.sharing.reading import saved_for_reader
from core.store.saved import SavedConversation, SavedMessage
from core.store.traces import Recorded

_ASSETS = Path(__file__).with_name("assets")
_STYLE = (_ASSETS / "offline.css").read_text("utf-8") + PRINT
_SCRIPT = '"use strict";\n' + SCRIPT + (_ASSETS / "offline.js").read_text("utf-8")
# Turns the writing around or is not seen: it has no place in the title of a window.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_STATES = {
    Status.PENDING: "This answer had not begun when this file was made.",
    Status.STREAMING: "This answer was still being written when this file was made.",
    Status.STOPPED: "This answer was stopped.",
}
_BAR = """<div id="bar" role="group" aria-label="Replay" hidden>
<button id="play" type="button">Play</button>
<input id="place" type="range" min="0" max="0" value="0" aria-label="Position">
<output id="clock"></output>
<select id="speed" aria-label="Speed"><option value="0.5">0.5×</option><option value="1" selected>1×</option>
<option value="2">2×</option><option value="4">4×</option><option value="10">10×</option></select>
</div>
"""


def _hash(text: str) -> str:
    """A text as Content-Security-Policy names it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


# Attributes may set a style, as the columns of a table do; nothing that anybody wrote can make an attribute.
_POLICY = (
    f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; style-src-attr 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


def page(conversation: SavedConversation, at: datetime) -> bytes:
    """The file, as a reader of the conversation may see it; `at` is when it is made."""
    return "".join(_page(conversation, at)).encode("utf-8", "replace")


def _page(c: SavedConversation, at: datetime) -> Iterator[str]:
    title = " ".join(_UNSEEN.sub(" ", c.title).split()) or "Conversation"
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n'
        f'<h1 dir="auto">{escape(c.title)}</h1><p class="about">Begun {when(c.created_at)}</p>\n<main>\n'
    )
    for branch in branches(c):
        yield from _branch(branch)
    yield f'</main>\n<p class="about">Saved from Throughline, {when(at)}</p>\n{_BAR}<script>{_SCRIPT}</script>'
    yield "</body></html>\n"


def _branch(branch: Branch) -> Iterator[str]:
    yield branching(branch)
    for message in branch.messages:
        yield _question(message) if message.role is Role.USER else _answer(saved_for_reader(message))


def _question(message: SavedMessage) -> str:
    said = f'<div class="said" dir="auto">{escape(message.text)}</div>'
    return f'<article class="user" id="m-{escape(message.id)}">{_who(message)}{said}</article>\n'


def _answer(message: SavedMessage) -> str:
    cited = citations(message)
    pieces = joined(
        [
            Recorded(s.id, s.started_at or s.created_at, s.text, s.trace, s.reasoning, s.reasoning_trace)
            for s in message.streams
        ]
    ).pieces
    thought = rendered(message.reasoning) if message.reasoning else ""
    said = rendered(message.text, message.id, cited)
    data = ""
    for name, kind, html in (("reasoning", Kind.REASONING, thought), ("answer", Kind.ANSWER, said)):
        if steps := paced(html, (piece for piece in pieces if piece.kind is kind)):
            data += f' data-{name}="{json.dumps(steps, separators=(",", ":"))}"'
    parts = [f'<article class="answer" id="m-{escape(message.id)}"{data}>{_who(message)}']
    if thought:
        parts.append('<details class="thoughts"><summary>Reasoning</summary>')
        parts.append(f'<div class="thought" dir="auto">{thought}</div></details>')
    parts.append(f'<div class="said" dir="auto">{said}</div>{_state(message)}{_sources(message.id, cited)}</article>\n')
    return "".join(parts)


def _who(message: SavedMessage) -> str:
    name = "Question" if message.role is Role.USER else speaker(message)
    return f'<p class="who"><bdi>{escape(name)}</bdi> · {when(message.created_at)}</p>'


def _state(message: SavedMessage) -> str:
    outcome = message.streams[-1].outcome
    said = _STATES.get(outcome.status) or outcome.error
    return f'<p class="state after">{escape(said)}</p>' if said else ""


def _sources(message_id: str, cited: tuple[Citation, ...]) -> str:
    if not cited:
        return ""
    listed = "".join(
        f'<li id="c-{escape(message_id)}-{source.mark}">[{source.mark}] <bdi>{escape(place(source))}</bdi>'
        f'<blockquote dir="auto">{escape(source.quote)}</blockquote></li>'
        for source in cited
    )
    return f'<div class="sources after"><ol>{listed}</ol></div>'
