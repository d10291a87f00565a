"""Open WebUI's export: a list of chats, each with `chat.history.messages`, a tree of messages by id."""

from __future__ import annotations

import html
import re

from core.exchange.parts import bracketed, content, given_to, joined, label
from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import Fields, digest, fields, items, key, moment, name, reason, text, thumb, usage
from core.models import Role, Usage

NAME = "open-webui"
# What a model thought and which tools it called stand in the text itself, folded away.
_OPENS = re.compile(r'<details type="(reasoning|tool_calls|code_interpreter)"([^<>]*)>')
_CLOSES = "</details>"
_ATTRIBUTE = re.compile(r'\b(name|arguments)="([^"]*)"')
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}


def recognises(value: Fields) -> bool:
    """Whether a record is a chat of Open WebUI."""
    chat = fields(value.get("chat")) or value
    history = fields(chat.get("history"))
    return isinstance(history.get("messages"), dict) or ("chat" in value and isinstance(chat.get("messages"), list))


def thread(value: Fields) -> Thread:
    """A chat.

    Raises:
        Broken: it is none.
    """
    if not recognises(value):
        raise Broken("it has no “chat.history.messages”")
    chat = fields(value.get("chat")) or value
    # What is written by hand as Open WebUI's manual has it needs no id: it is known by its content.
    found = key(value.get("id")) or key(chat.get("id")) or digest(chat)
    tree = fields(fields(chat.get("history")).get("messages"))
    turns = [_turn(str(at), fields(message)) for at, message in tree.items()] if tree else _listed(chat)
    models = [model for each in items(chat.get("models")) if (model := name(each))]
    return Thread(
        found,
        turns,
        text(value.get("title")) or text(chat.get("title")),
        moment(value.get("created_at")) or moment(chat.get("timestamp")),
        models[0] if models else None,
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
    )


def _listed(chat: Fields) -> list[Turn]:
    """The messages of an early export, which has the branch that was shown, as a list."""
    turns = list[Turn]()
    for number, message in enumerate(map(fields, items(chat.get("messages")))):
        turn = _turn(key(message.get("id")) or f"#{number}", message)
        turn.parent = turn.parent or (turns[-1].key if turns else None)
        turns.append(turn)
    return turns


def _turn(at: str, message: Fields) -> Turn:
    role = _ROLES.get(text(message.get("role")))
    turn = Turn(at, key(message.get("parentId")), role or Role.USER, at=moment(message.get("timestamp")))
    found = content(message.get("content"))
    said = found.text
    if role is Role.ASSISTANT:
        said, thoughts = _unfolded(said)
        _read_answer(turn, message)
        turn.reasoning = joined([found.reasoning, thoughts])
    files = [_file(fields(file)) for file in items(message.get("files"))]
    turn.text = joined([said, *files])
    turn.hidden = role is None or not (turn.text or turn.reasoning or turn.error)
    return turn


def _read_answer(turn: Turn, message: Fields) -> None:
    turn.model = name(message.get("model")) or name(message.get("modelName"))
    rated = fields(message.get("annotation"))
    turn.rating, turn.comment = thumb(rated.get("rating")), text(rated.get("comment")) or None
    info = fields(message.get("info"))
    said = (usage(message.get("usage")), usage(info.get("usage")), usage(info))
    turn.usage = next((each for each in said if each != Usage()), Usage())
    turn.finish_reason = reason(message.get("finish_reason"))
    failed = message.get("error")
    if failed:
        turn.error = text(fields(failed).get("content")) or text(failed) or "The answer failed."


def _unfolded(said: str) -> tuple[str, str]:
    """The text without its folded parts, and those as reasoning."""
    shown, thoughts, at = list[str](), list[str](), 0
    while (opens := _OPENS.search(said, at)) and (closes := said.find(_CLOSES, opens.end())) >= 0:
        shown.append(said[at : opens.start()].strip())
        thoughts.append(_folded(opens[1], opens[2], said[opens.end() : closes]))
        at = closes + len(_CLOSES)
    return joined([*shown, said[at:].lstrip()]) if at else said, joined(thoughts)


def _folded(kind: str, attributes: str, inside: str) -> str:
    _, summary, after = inside.partition("</summary>")
    told = html.unescape(after if summary else inside).strip()
    if kind == "reasoning":
        return "\n".join(line.removeprefix(">").removeprefix(" ") for line in told.split("\n"))
    called = {at: html.unescape(value) for at, value in _ATTRIBUTE.findall(attributes)}
    note = bracketed("Tool", called.get("name", ""))
    return joined([note, given_to(called.get("arguments")), told])


def _file(file: Fields) -> str:
    kind = "Image" if text(file.get("type")) == "image" else "File"
    return bracketed(kind, label(file))
