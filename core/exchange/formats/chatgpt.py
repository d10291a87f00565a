"""ChatGPT's export: `conversations.json`, each conversation a `mapping` of nodes that form a tree.

Its shape is not documented; this follows exports of 2023 to 2026 as public parsers describe them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.exchange.formats.chatgpt_text import answer_text
from core.exchange.parts import bracketed, fenced, given_to, joined, label, note, words
from core.exchange.threads import Broken, Thread, Turn
from core.exchange.values import Fields, fields, items, key, moment, name, reason, text
from core.models import Role

NAME = "chatgpt"
_SHOWN = ("text", "multimodal_text")


def recognises(value: Fields) -> bool:
    """Whether a record is a conversation of ChatGPT."""
    return isinstance(value.get("mapping"), dict)


def thread(value: Fields, ratings: Mapping[str, int]) -> Thread:
    """A conversation; `ratings` are the thumbs of the export's other file, by message.

    Raises:
        Broken: it is none.
    """
    if not recognises(value):
        raise Broken("it has no “mapping” of messages")
    found = key(value.get("conversation_id")) or key(value.get("id"))
    if found is None:
        raise Broken("it has no id")
    turns = [_turn(str(at), fields(node), ratings) for at, node in value["mapping"].items()]
    return Thread(
        found,
        turns,
        text(value.get("title")),
        moment(value.get("create_time")),
        name(value.get("default_model_slug")),
        pinned=bool(value.get("is_starred") or value.get("pinned_time")),
        archived=value.get("is_archived") is True,
        writer=NAME,
    )


def _turn(at: str, node: Fields, ratings: Mapping[str, int]) -> Turn:
    message = fields(node.get("message"))
    author, body, about = (fields(message.get(part)) for part in ("author", "content", "metadata"))
    parent, kind = key(node.get("parent")), name(body.get("content_type")) or ""
    sent = moment(message.get("create_time"))
    if author.get("role") == "user":
        said = joined([_parts(body), *_attached(about, body)])
        hidden = not said or kind not in _SHOWN or bool(about.get("is_visually_hidden_from_conversation"))
        return Turn(at, parent, Role.USER, said, sent, hidden=hidden)
    turn = Turn(at, parent, Role.ASSISTANT, at=sent, hidden=True, model=name(about.get("model_slug")))
    if author.get("role") == "tool":
        _read_tool(turn, author, body, kind)
    elif author.get("role") == "assistant":
        _read_answer(turn, message, body, kind)
    turn.finish_reason = reason(fields(about.get("finish_details")).get("type"))
    turn.rating = ratings.get(at) or ratings.get(key(message.get("id")) or "")
    return turn


def _read_answer(turn: Turn, message: Fields, body: Fields, kind: str) -> None:
    """What the model wrote: to the person, or to itself and to tools, which becomes reasoning."""
    recipient = name(message.get("recipient")) or "all"
    if kind == "thoughts":
        thoughts = (fields(thought) for thought in items(body.get("thoughts")))
        turn.reasoning = joined(text(each.get("content")) or text(each.get("summary")) for each in thoughts)
    elif kind == "code" or recipient != "all":
        code = text(body.get("text")) or _parts(body)
        called = bracketed("Tool", "" if recipient == "all" else recipient)
        turn.reasoning = joined([called, given_to(code)]) if code else ""
    elif kind in _SHOWN:
        turn.text = answer_text(_parts(body), fields(message.get("metadata")))
        hidden = bool(fields(message.get("metadata")).get("is_visually_hidden_from_conversation"))
        turn.hidden = hidden or not turn.text


def _read_tool(turn: Turn, author: Fields, body: Fields, kind: str) -> None:
    """What a tool gave: pictures are shown, the output of code is reasoning, pages it read are left out."""
    if kind == "multimodal_text":
        turn.text = joined(note(part) for part in items(body.get("parts")) if isinstance(part, dict))
        turn.hidden = not turn.text
    elif kind == "execution_output" and (output := text(body.get("text"))):
        turn.reasoning = joined([bracketed("Output", name(author.get("name")) or ""), fenced(output)])


def _parts(body: Fields) -> str:
    parts = items(body.get("parts"))
    return joined(note(part) for part in parts) if parts else words(body, "text", "result")


def _attached(about: Fields, body: Fields) -> Iterator[str]:
    """The files that came with a question; its pictures are among its parts."""
    pictured = any(isinstance(part, dict) for part in items(body.get("parts")))
    for file in filter(None, map(fields, items(about.get("attachments")))):
        is_picture = (text(file.get("mime_type")) or text(file.get("mimeType"))).startswith("image/")
        if not (is_picture and pictured):
            yield bracketed("Image" if is_picture else "File", label(file))
