"""The parts of a message's content as one text: words as they are, everything else as a short note in brackets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.exchange.values import Fields, fields, items, name, text

_NOTES = {
    "image": "Image", "image_url": "Image", "input_image": "Image", "image_file": "Image",
    "image_asset_pointer": "Image", "output_image": "Image",
    "audio": "Audio", "input_audio": "Audio", "audio_asset_pointer": "Audio",
    "real_time_user_audio_video_asset_pointer": "Audio",
    "video": "Video", "video_container_asset_pointer": "Video", "video_url": "Video",
    "file": "File", "input_file": "File", "document": "File",
}  # fmt: skip
_WORDS = ("text", "input_text", "output_text", "refusal", "audio_transcription")
_THOUGHTS = ("thinking", "think", "reasoning", "reasoning_text")
_TICKS = re.compile("`+")
_LONG = 200
"""In characters: an argument of a tool that is longer is shown by itself."""
_CALLS = ("tool_use", "tool_call", "function_call", "tool_calls")


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, what was thought before, and whether a tool's error or nothing at all is in it."""

    text: str = ""
    reasoning: str = ""


def content(value: object) -> Content:
    """The content of a message: a string, or a list of parts as OpenAI, Anthropic and LibreChat write them."""
    if isinstance(value, str):
        return Content(text(value))
    said, thought = list[str](), list[str]()
    for part in items(value) if isinstance(value, list) else [value]:
        kind = name(fields(part).get("type")) or name(fields(part).get("content_type")) or ""
        if kind in _THOUGHTS:
            thought.append(words(part, kind, "text", "content"))
        elif kind in _CALLS:
            thought.append(call(fields(part)))
        else:
            said.append(note(part))
    return Content(joined(said), joined(thought))


def note(part: object) -> str:
    """One part of a content as text; empty for what has none."""
    if isinstance(part, str):
        return text(part)
    found = fields(part)
    kind = name(found.get("type")) or name(found.get("content_type")) or ""
    if kind in _WORDS or (not kind and "text" in found):
        return words(found, "text", "refusal")
    if kind in _NOTES:
        return bracketed(_NOTES[kind], label(found))
    return ""


def words(part: object, *names: str) -> str:
    """The text under one of some names, or under `value` below it."""
    for at in names:
        value = fields(part).get(at)
        found = text(value) or text(fields(value).get("value")) or text(fields(value).get("text"))
        if found:
            return found
    return ""


def label(part: Fields) -> str:
    """What a picture or a file is called or shows."""
    shown = fields(fields(part.get("metadata")).get("dalle")).get("prompt")
    inner = fields(part.get("file")) or fields(part.get("image_file")) or fields(part.get("input_file"))
    names = (shown, part.get("name"), part.get("filename"), part.get("file_name"), part.get("title"))
    inside = (inner.get("filename"), inner.get("name"))
    return next((found for value in (*names, *inside) if (found := name(value))), "")


def bracketed(kind: str, said: str = "") -> str:
    """A note in place of what cannot be shown."""
    return f"[{kind}: {said}]" if said else f"[{kind}]"


def call(part: Fields) -> str:
    """A note that a tool was called, and with what."""
    inner = fields(part.get("tool_call")) or part
    function = fields(inner.get("function"))
    called = name(inner.get("name")) or name(function.get("name"))
    given = (inner.get(at) for at in ("input", "args", "arguments"))
    return joined([bracketed("Tool", called or ""), given_to(next(filter(None, given), function.get("arguments")))])


def given_to(arguments: object) -> str:
    """What a tool was called with, as code: its long texts, such as a page that it wrote, in blocks of their own."""
    found = _decoded(arguments)
    if not isinstance(found, dict):
        return fenced(text(arguments))
    long = {at: value for at, value in found.items() if isinstance(value, str) and _is_long(value)}
    short = {at: value for at, value in found.items() if at not in long}
    try:
        told = json.dumps(short, ensure_ascii=False) if short else ""
    except RecursionError:
        told = ""
    return joined(fenced(text(code)) for code in (told, *long.values()))


def _decoded(arguments: object) -> object:
    """An object, be it that it is written as a string, or twice over as Open WebUI does."""
    for _ in range(2):
        try:
            arguments = json.loads(arguments, strict=False) if isinstance(arguments, str) else arguments
        except (ValueError, RecursionError):
            break
    return arguments


def _is_long(value: str) -> bool:
    return "\n" in value or len(value) > _LONG


def fenced(code: str) -> str:
    """Code as a block of Markdown; empty when there is none."""
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(code)), default=0))
    return f"{fence}\n{code}\n{fence}" if code else ""


def joined(pieces: Iterable[str]) -> str:
    """Pieces as paragraphs."""
    return "\n\n".join(piece for piece in pieces if piece)
