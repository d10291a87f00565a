"""What the fake server answers with: a status, headers, and steps that say exactly which bytes go out when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Act(Enum):
    """What to do to the connection instead of writing to it."""

    CUT = "cut"
    """Drop it at once, in the middle of everything."""
    END = "end"
    """End the body properly, although more was expected."""
    HOLD = "hold"
    """Say nothing more until the client leaves."""


Step = bytes | float | Act
"""Bytes are written as one piece; a number is a pause in seconds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; after the last step the body ends properly."""

    steps: Iterable[Step]
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})


DONE = b"data: [DONE]\n\n"
COMMENT = b": OPENROUTER PROCESSING\n\n"
GENERATION = "gen-fake-1"
MODEL = "fake/model-20260101"
USAGE = {
    "prompt_tokens": 16, "completion_tokens": 18, "total_tokens": 34, "cost": 0.000106, "is_byok": False,
    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0, "audio_tokens": 0},
    "cost_details": {"upstream_inference_cost": None},
    "completion_tokens_details": {"reasoning_tokens": 3, "image_tokens": 0},
}  # fmt: skip


def event(value: object, *, ascii_only: bool = True) -> bytes:
    """One data event."""
    return b"data: " + json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")).encode() + b"\n\n"


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: object) -> dict[str, Any]:
    """One chunk as OpenRouter writes it; without a delta it has no choices."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "native_finish_reason": finish}
    return {
        "id": GENERATION, "object": "chat.completion.chunk", "created": 1, "model": MODEL, "provider": "Fake",
        "choices": [] if delta is None else [choice], **more,
    }  # fmt: skip


def text(content: str | None, **more: object) -> bytes:
    """A chunk with more of the answer."""
    return event(chunk({"content": content, "role": "assistant", **more}), ascii_only=False)


def finish(reason: str = "stop", *, usage: dict[str, Any] | None = USAGE, empty_choices: bool = False) -> list[bytes]:
    """The finish, and the usage in either of the two shapes that are seen."""
    delta = {"content": "", "role": "assistant"}
    end = [event(chunk(delta, reason))]
    if usage is not None:
        end.append(event(chunk(None if empty_choices else delta, None if empty_choices else reason, usage=usage)))
    return end


def answer(*pieces: str, reason: str = "stop") -> list[Step]:
    """A whole, ordinary stream."""
    return [COMMENT, *map(text, pieces), *finish(reason), DONE]


def bytewise(steps: Iterable[Step]) -> Iterator[Step]:
    """The same bytes, each written alone."""
    for step in steps:
        if isinstance(step, bytes):
            yield from (step[i : i + 1] for i in range(len(step)))
        else:
            yield step


def json_reply(status: int, value: object, **headers: str) -> Reply:
    """A JSON answer; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): content for name, content in headers.items()}
    return Reply([json.dumps(value).encode()], status, {"Content-Type": "application/json", **named})


def error_reply(status: int, message: str, metadata: dict[str, Any] | None = None, **headers: str) -> Reply:
    """An HTTP error as OpenRouter writes it."""
    error = {"code": status, "message": message, "metadata": metadata or {}}
    return json_reply(status, {"error": error, "user_id": "user_fake"}, **headers)


def html_reply(status: int) -> Reply:
    """What stands between the server and the client failed, and says so in a page."""
    page = f"<!DOCTYPE html><html><head><title>{status} edge</title></head><body>cf-ray</body></html>"
    return Reply([page.encode()], status, {"Content-Type": "text/html"})
