"""Claude's export: `conversations.json`, each conversation a list of `chat_messages` with blocks of content.

Newer exports name each message's parent (`parent_message_uuid`); in older ones each follows the one before.
"""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import urlsplit

from core.exchange.parts import bracketed, content, joined, label
from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import Fields, fields, items, key, moment, name, reason, text, thumb
from core.models import Role

NAME = "claude"
_LONGEST_URL = 2_000
_ROLES = {"human": Role.USER, "user": Role.USER, "assistant": Role.ASSISTANT}


def recognises(value: Fields) -> bool:
    """Whether a record is a conversation of Claude."""
    return isinstance(value.get("chat_messages"), list)


def thread(value: Fields) -> Thread:
    """A conversation.

    Raises:
        Broken: it is none.
    """
    if not recognises(value):
        raise Broken("it has no “chat_messages”")
    found = key(value.get("uuid")) or key(value.get("id"))
    if found is None:
        raise Broken("it has no “uuid”")
    turns, before = list[Turn](), None
    for number, message in enumerate(map(fields, value["chat_messages"])):
        turn = _turn(message, before, number)
        turns.append(turn)
        before = str(turn.key)
    model = name(value.get("model"))
    began, starred = moment(value.get("created_at")), value.get("is_starred") is True
    return Thread(found, turns, text(value.get("name")), began, model, pinned=starred, writer=NAME)


def _turn(message: Fields, before: str | None, number: int) -> Turn:
    role = _ROLES.get(text(message.get("sender")) or text(message.get("role")))
    at = key(message.get("uuid")) or f"#{number}"
    parent = key(message.get("parent_message_uuid")) or before
    turn = Turn(at, parent, role or Role.USER, at=moment(message.get("created_at")))
    blocks = [_with_links(fields(block)) for block in items(message.get("content"))]
    found = content(blocks)
    # Beside blocks the plain text repeats them, with a sentence about each that cannot be shown.
    said = [found.text if blocks else text(message.get("text"))]
    said += [_attached(fields(file)) for file in items(message.get("attachments"))]
    said += [bracketed("File", label(fields(file))) for file in items(message.get("files"))]
    turn.text, turn.reasoning = joined(said), found.reasoning
    turn.hidden = role is None or not (turn.text or turn.reasoning)
    if role is Role.ASSISTANT:
        turn.model = name(message.get("model"))
        turn.finish_reason = reason(message.get("stop_reason"))
        turn.rating = thumb(fields(message.get("chat_feedback")).get("type"))
    return turn


def _attached(file: Fields) -> str:
    """A file whose text went into the question; what was pasted has no name."""
    shown = text(file.get("extracted_content"))
    return joined([bracketed("File", name(file.get("file_name")) or ""), shown])


def _with_links(block: Fields) -> Fields:
    """A block of text with a link behind each place that cites a page."""
    said, ends = text(block.get("text")), dict[int, list[str]]()
    for citation in map(fields, items(block.get("citations"))[:1_000]):
        end, url = citation.get("end_index"), text(fields(citation.get("details")).get("url"))
        if isinstance(end, int) and 0 < end <= len(said) and url.startswith(("https://", "http://")):
            host = _host(url)
            if host and len(url) < _LONGEST_URL and not set(url) & set(" ()<>\n"):
                ends.setdefault(end, []).append(f" ([{host}]({url}))")
    if not ends:
        return block
    cuts = [0, *sorted(ends)]
    pieces = [said[start:end] + "".join(ends[end]) for start, end in pairwise(cuts)]
    return {**block, "text": "".join(pieces) + said[cuts[-1] :]}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
