"""LibreChat's export: one conversation, its messages as a list with parents (all branches or one) or as a tree.

A tree (“recursive”) nests one level a turn, so a long conversation is nested deeply.
"""

from __future__ import annotations

from typing import Any

from core.exchange.parts import bracketed, content, joined, label, words
from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import Fields, fields, items, key, moment, name, reason, text, thumb, usage, whole
from core.models import Role, Usage

NAME = "librechat"
_OPENS, _CLOSES = ":::thinking\n", "\n:::"
_ARTIFICIAL = "00000000-0000-0000-0000-000000000000"


def recognises(value: Fields) -> bool:
    """Whether a record is a conversation of LibreChat."""
    held = value.get("messagesTree") or value.get("messages")
    if isinstance(held, dict):
        held = held.get("children")
    if not isinstance(held, list):
        return False
    first = fields(held[0]) if held else {}
    return "messageId" in first or "isCreatedByUser" in first or ("conversationId" in value and "role" not in first)


def thread(value: Fields) -> Thread:
    """A conversation.

    Raises:
        Broken: it is none.
    """
    if not recognises(value):
        raise Broken("it has no “messages”")
    held = value.get("messagesTree") or value.get("messages")
    listed = items(fields(held).get("children")) if isinstance(held, dict) else items(held)
    found = key(value.get("conversationId")) or key(fields(listed[0] if listed else None).get("conversationId"))
    if found is None:
        raise Broken("it has no “conversationId”")
    options = fields(value.get("options"))
    began = moment(value.get("createdAt"))
    model = name(options.get("model")) or name(value.get("model"))
    return Thread(found, _turns(listed), text(value.get("title")), began, model)


def _turns(listed: list[Any]) -> list[Turn]:
    """Every message below these, in the order of the file; without recursion, as the nesting may be deep."""
    turns = list[Turn]()
    stack: list[tuple[Any, str | None]] = [(message, None) for message in reversed(listed)]
    while stack:
        value, above = stack.pop()
        message = fields(value)
        at = key(message.get("messageId")) or f"#{len(turns)}"
        named = key(message.get("parentMessageId"))
        if named is None and above is None and turns:
            named = str(turns[-1].key)
        turns.append(_turn(message, at, above or (None if named == _ARTIFICIAL else named)))
        stack += ((child, at) for child in reversed(items(message.get("children"))))
    return turns


def _turn(message: Fields, at: str, parent: str | None) -> Turn:
    asked = message.get("isCreatedByUser")
    if not isinstance(asked, bool):
        asked = text(message.get("sender")).lower() == "user"
    turn = Turn(at, parent, Role.USER if asked else Role.ASSISTANT, at=moment(message.get("createdAt")))
    found = content(message.get("content"))
    said = found.text or text(message.get("text"))
    if not asked:
        said, thoughts = _unfolded(said)
        turn.reasoning = joined([found.reasoning, thoughts])
        said = _read_answer(turn, message, said)
    files = items(message.get("files")) or items(message.get("attachments"))
    turn.text = joined([said, *(_file(fields(file)) for file in files)])
    turn.hidden = not (turn.text or turn.reasoning or turn.error)
    return turn


def _unfolded(said: str) -> tuple[str, str]:
    """The text without the thoughts that earlier versions kept at its head, and those."""
    _, opened, rest = said.partition(_OPENS)
    thoughts, closed, after = rest.partition(_CLOSES)
    return (after.lstrip(), thoughts) if opened and closed else (said, "")


def _read_answer(turn: Turn, message: Fields, said: str) -> str:
    """Takes what is known of an answer; its text, which is an error's when it failed."""
    turn.model = name(message.get("model"))
    stopped = reason(message.get("finish_reason"))
    turn.finish_reason = "length" if message.get("unfinished") is True else stopped
    rated = fields(message.get("feedback"))
    turn.rating, turn.comment = thumb(rated.get("rating")), text(rated.get("text")) or None
    counted = Usage(whole(message.get("promptTokens")), whole(message.get("tokenCount")))
    told = usage(fields(message.get("metadata")).get("usage"))
    turn.usage = counted if told == Usage() else told
    parts = map(fields, items(message.get("content")))
    failure = joined(words(part, "error") for part in parts if part.get("type") == "error")
    if message.get("error") is True and not failure:
        turn.error = said or "The answer failed."
        return ""
    turn.error = failure or None
    return said


def _file(file: Fields) -> str:
    kind = "Image" if text(file.get("type")).startswith("image/") else "File"
    return bracketed(kind, label(file))
