"""A branch of a conversation as a film: what `player.js` plays in the browser; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from core.exchange.exports.html import rendered
from core.history.pace import paced
from core.history.replay import Replay, pause
from core.models import Kind, Message, Role
from pages._chat.messages import ENDINGS


def film(messages: Sequence[Message], replays: Mapping[str, Replay]) -> dict[str, Any]:
    """Messages that follow each other, as what JSON can hold; answers are safe HTML, questions text.

    Times are in ms since the film's beginning; waits between messages are cut as `pause` cuts them.
    """
    scenes, at = list[dict[str, Any]](), 0
    for number, message in enumerate(messages):
        if number:
            at += pause(_wait(messages[number - 1], message))
        replay = replays.get(message.id, Replay())
        scenes.append(_scene(message, replay, at))
        at += replay.length_ms
    return {"length": at, "scenes": scenes}


def _wait(before: Message, message: Message) -> timedelta:
    return message.created_at - (before.completed_at or before.created_at)


def _scene(message: Message, replay: Replay, at: int) -> dict[str, Any]:
    scene = {
        "id": message.id,
        "role": message.role.value,
        "from": at,
        "until": at + replay.length_ms,
        "when": message.created_at.isoformat(),
    }
    if message.role is Role.USER:
        return scene | {"text": message.content}
    return scene | {
        "model": message.model or "",
        "answer": _track(message, replay, Kind.ANSWER),
        "reasoning": _track(message, replay, Kind.REASONING),
        "ending": (message.error or ENDINGS[message.status]) if message.status.cut else "",
    }


def _track(message: Message, replay: Replay, kind: Kind) -> dict[str, Any]:
    """One text of an answer, and when how much of it is to be seen, see `paced`."""
    pieces = [piece for piece in replay.pieces if piece.kind is kind]
    cited = message.citations if kind is Kind.ANSWER else ()
    html = rendered("".join(piece.text for piece in pieces), message.id, cited)
    return {"html": html, "steps": paced(html, pieces)}
