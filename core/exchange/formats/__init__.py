"""The formats of other programs and our own, told apart by what is in a record, never by a file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.exchange.build import Built, build
from core.exchange.formats import archive, chatgpt, claude, librechat, openai, openwebui
from core.exchange.threads import Broken, Thread
from core.exchange.values import Fields


@dataclass(frozen=True, slots=True)
class Hints:
    """What a record does not say itself: the time and model to take where none is named, ratings by message."""

    now: datetime
    model: str | None = None
    ratings: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, whether a record is of it, and the conversation that a record of it makes."""

    name: str
    recognises: Callable[[Fields], bool]
    read: Callable[[Fields, Hints], Built]


def _foreign(name: str, recognises: Callable[[Fields], bool], thread: Callable[[Fields], Thread]) -> Format:
    return Format(name, recognises, lambda value, hints: build(name, thread(value), hints.now, hints.model))


def _chatgpt(value: Fields, hints: Hints) -> Built:
    return build(chatgpt.NAME, chatgpt.thread(value, hints.ratings or {}), hints.now, hints.model)


FORMATS = (
    Format(archive.NAME, archive.recognises, lambda value, _hints: Built(archive.decoded(value))),
    Format(chatgpt.NAME, chatgpt.recognises, _chatgpt),
    _foreign(claude.NAME, claude.recognises, claude.thread),
    _foreign(openwebui.NAME, openwebui.recognises, openwebui.thread),
    _foreign(librechat.NAME, librechat.recognises, librechat.thread),
    _foreign(openai.NAME, openai.recognises, openai.thread),
)
"""In the order in which they are tried: from the most to the least particular."""


def format_of(value: object) -> Format | None:
    """The format of a record, if it is one of ours."""
    if not isinstance(value, dict):
        return None
    return next((found for found in FORMATS if found.recognises(value)), None)


def read(found: Format, value: object, hints: Hints) -> Built:
    """The conversation of a record.

    Raises:
        Broken: there is none in it that can be brought in.
    """
    if not isinstance(value, dict):
        raise Broken("it is no JSON object")
    return found.read(value, hints)
