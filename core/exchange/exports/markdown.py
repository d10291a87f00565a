"""Markdown: conversations to read and to keep, the newest branch first, quotes of the sources below the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from core.exchange.exports.pieces import Branch, branches, citations, gathered, place, speaker, state, when
from core.store.saved import SavedConversation, SavedMessage

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def write(conversations: Iterator[SavedConversation], _at: datetime) -> Iterator[bytes]:
    """A file with all of the conversations."""
    return gathered(text for conversation in conversations for text in _conversation(conversation))


def _conversation(c: SavedConversation) -> Iterator[str]:
    yield f"# {_plain(c.title)}\n\n*{when(c.created_at)} · {_plain(c.model)}*\n\n"
    for branch in branches(c):
        yield from _branch(branch)
    yield "---\n\n"


def _branch(branch: Branch) -> Iterator[str]:
    if branch.beside is not None:
        yield f"## Another branch, beside the message of {when(branch.beside.created_at)}\n\n"
    for message in branch.messages:
        yield f"## {_plain(speaker(message))} · {when(message.created_at)}\n\n{_message(message)}"


def _message(message: SavedMessage) -> str:
    pieces = list[str]()
    if message.reasoning:
        pieces.append(f"<details><summary>Reasoning</summary>\n\n{message.reasoning}\n\n</details>")
    pieces.append(message.text)
    if note := state(message):
        pieces.append(f"*({_plain(note)})*")
    pieces += [
        f"> **[{source.mark}]** {_plain(place(source))}\n{_quoted(source.quote)}" for source in citations(message)
    ]
    return "\n\n".join(piece for piece in pieces if piece) + "\n\n"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
