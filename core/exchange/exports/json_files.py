"""JSON: all that is kept, to be brought in again, and lines as OpenAI's tools take them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from core.exchange.exports.archive import encoded
from core.exchange.exports.pieces import gathered, newest_branch
from core.exchange.formats.archive import NAME, VERSION
from core.store.saved import SavedConversation

_BREAKS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # Some readers end a line at these, too.


def write(conversations: Iterator[SavedConversation], at: datetime) -> Iterator[bytes]:
    """Conversations in our own format, which an import reads back exactly."""
    return gathered(_whole(conversations, at))


def write_lines(conversations: Iterator[SavedConversation], _at: datetime) -> Iterator[bytes]:
    """A line for each conversation, with the messages of its newest branch that say something."""
    return gathered(_line(conversation) + "\n" for conversation in conversations)


def _whole(conversations: Iterator[SavedConversation], at: datetime) -> Iterator[str]:
    head = {NAME: VERSION, "exported_at": _time(at)}
    yield json.dumps(head)[:-1] + ', "conversations": ['
    before = "\n"
    for conversation in conversations:
        yield before + json.dumps(encoded(conversation), ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def _line(c: SavedConversation) -> str:
    said = [{"role": m.role.value, "content": m.text} for m in newest_branch(c) if m.text]
    line = {"id": c.id, "title": c.title, "created_at": _time(c.created_at), "model": c.model, "messages": said}
    return json.dumps(line, ensure_ascii=False).translate(_BREAKS)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
