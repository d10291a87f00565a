"""The fake models: each name is one thing that the real service has been seen to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.replies import (
    COMMENT,
    DONE,
    USAGE,
    Act,
    Reply,
    Step,
    answer,
    bytewise,
    chunk,
    error_reply,
    event,
    finish,
    html_reply,
    json_reply,
    text,
)
from tests.fakes.story import token


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a completion; `number` counts the requests for the same model from 1."""

    body: dict[str, Any]
    headers: dict[str, str]
    query: dict[str, str]
    number: int
    generation_id: str

    @property
    def last(self) -> str:
        """The last turn's text."""
        return str(self.body["messages"][-1]["content"])

    @property
    def prefill(self) -> str:
        """The answer so far that the model is to go on from."""
        turn = self.body["messages"][-1]
        return str(turn["content"]) if turn["role"] == "assistant" else ""

    def number_of(self, name: str, default: float) -> float:
        """A parameter of the model's name."""
        return float(self.query.get(name, default))


HELLO = ("Hel", "lo ", "wörld", "!")
_STEMS: dict[str, list[Step]] = {
    "usage-empty-choices": [*map(text, HELLO), *finish(empty_choices=True), DONE],
    "usage-repeat-finish": [*map(text, HELLO), *finish(), DONE],
    "no-done": [*map(text, HELLO), *finish()],
    "no-usage": [*map(text, HELLO), *finish(usage=None), DONE],
    "comments": [
        COMMENT, COMMENT, text("Hel"), COMMENT, text("lo "), b": \n\n", text("wörld"), text("!"), *finish(), DONE,
    ],
    "comment-as-data": [b"data: : OPENROUTER PROCESSING\n\n", *map(text, HELLO), *finish(), DONE],
    "cut-before-text": [COMMENT, Act.CUT],
    "cut-mid-utf8": [text("Hel"), text("lo wörld").partition(b"\xb6")[0], Act.CUT],
    "cut-mid-line": [text("Hel"), text("lo ")[:40], Act.CUT],
    "cut-before-done": [*map(text, HELLO), Act.CUT],
    "cut-after-usage": [*map(text, HELLO), *finish(), Act.CUT],
    "end-before-done": [*map(text, HELLO), Act.END],
    "end-mid-line": [text("Hel"), text("lo ")[:40], Act.END],
    "end-unterminated": [*map(text, HELLO), *finish(usage=None), event(chunk(None, usage=USAGE)).rstrip(), Act.END],
    "done-hold": [*answer(*HELLO), Act.HOLD],
    "done-no-finish": [*map(text, HELLO), DONE],
    "one-byte": list(bytewise(answer(*HELLO))),
    "crlf": [step.replace(b"\n", b"\r\n") for step in answer(*HELLO) if isinstance(step, bytes)],
    "cr": [step.replace(b"\n", b"\r") for step in answer(*HELLO) if isinstance(step, bytes)],
    "long-line": [text("x" * 200 * 1024), *finish(), DONE],
    "u2028": [text("line\u2028separator\u0085next"), *finish(), DONE],
    "null-content": [text(None), text("Hello "), text(None), text("wörld!"), *finish(), DONE],
    "surrogates": [
        b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\ude00b\\udc00"}}]}\n\n',
        *finish(), DONE,
    ],
    "empty": [*finish(), DONE],
    "empty-insured": [event(chunk({"content": "", "role": "assistant"}, None)), DONE],
    "blank": [b"   \n  \n"],
    "nothing": [],
    "garbage": [text("Hel"), b"data: {not json\n\n", *finish(), DONE],
    "reasoning": [
        *(
            text("", reasoning=part, reasoning_details=[{"type": "reasoning.text", "text": part, "index": 0}])
            for part in ("Let me ", "think.")
        ),
        text("", reasoning_details=[{"type": "reasoning.summary", "summary": " Summed up."}]),
        text("", reasoning_details=[{"type": "reasoning.encrypted", "data": "c2VjcmV0"}]),
        text("Hello"),
        text("", reasoning_details=[{"type": "reasoning.text", "signature": "late"}]),
        *finish(), DONE,
    ],
    "only-reasoning": [text("", reasoning="Let me think"), *finish("length"), DONE],
    "finish-error": [text("Hel"), *finish("error", usage=None), DONE],
    "silent": [COMMENT, Act.HOLD],
    "stall": [text("Hel"), Act.HOLD],
}  # fmt: skip

_FIRST_SHAPE: dict[str, Any] = chunk(
    {"content": ""}, "error",
    error={"code": 429, "message": "Rate limited upstream", "metadata": {"error_type": "rate_limit_exceeded"}},
)  # fmt: skip
_SECOND_SHAPE: dict[str, Any] = chunk(
    None, error={"code": 502, "message": "Upstream went away", "metadata": {"error_type": "provider_unavailable"}}
)
_STRING_CODE: dict[str, Any] = chunk({"content": ""}, "error", error={"code": "server_error", "message": "Broke down"})
for _name, _shape in (("1", _FIRST_SHAPE), ("2", _SECOND_SHAPE), ("string-code", _STRING_CODE)):
    for _place, _before in (("first", [COMMENT]), ("mid", [text("Hel"), text("lo ")])):
        _STEMS[f"error-{_place}-{_name}"] = [*_before, event(_shape)]
        _STEMS[f"error-{_place}-{_name}-done"] = [*_before, event(_shape), DONE]
        _STEMS[f"error-{_place}-{_name}-hold"] = [*_before, event(_shape), Act.HOLD]

_AVAILABILITY = {"retryable": False, "requested_models": ["fake/404-availability"], "fallback_models": ["fake/echo"]}
REPLIES: dict[str, Reply] = {name: Reply(steps) for name, steps in _STEMS.items()} | {
    "400-model": json_reply(400, {"error": {
        "code": 400, "message": "fake/400-model is not a valid model ID",
        "availability": {**_AVAILABILITY, "code": "model_not_found"},
    }}),
    "400-context": error_reply(400, "This endpoint's maximum context length is 8192 tokens.",
                               {"error_type": "context_length_exceeded"}),
    "401": json_reply(401, {"error": {"code": 401, "message": "Missing Authentication header"}}),
    "402-credits": error_reply(402, "Insufficient credits", {"limit_source": "openrouter_credits"}),
    "402-in-flight": error_reply(402, "Budget in flight", {"limit_source": "openrouter_in_flight_budget"},
                                 Retry_After="2"),
    "403-moderation": error_reply(403, "Input was flagged", {
        "reasons": ["violence"], "flagged_input": "…", "provider_name": "Fake", "model_slug": "fake/m"}),
    "404-availability": json_reply(404, {"error": {
        "code": 404, "message": "No endpoints found for fake/404-availability.", "error_type": "not_found",
        "http_status": 404, "availability": {**_AVAILABILITY, "code": "no_endpoints"},
    }}),
    "408": error_reply(408, "Request timed out"),
    "429": error_reply(429, "Rate limit exceeded"),
    "429-retry-after": error_reply(429, "Rate limit exceeded", Retry_After="7"),
    "429-daily": error_reply(429, "Rate limit exceeded: free-models-per-day",
                             {"limit_source": "openrouter_free_tier_daily"}),
    "429-long": error_reply(429, "Rate limit exceeded", Retry_After="3600"),
    "500": error_reply(500, "Internal Server Error"),
    "500-raw": error_reply(500, "Provider returned error", {
        "raw": '{"error":{"message":"The tensor melted"}}', "provider_name": "Fake", "is_byok": False}),
    "502-html": html_reply(502),
    "503": error_reply(503, "No capacity", {"error_type": "provider_overloaded"}),
    "524-html": html_reply(524),
    "529": error_reply(529, "Overloaded"),
    "200-html": html_reply(200),
    "200-json-error": Reply(
        [b"\n \n", json.dumps({"error": {"code": 402, "message": "Insufficient credits"}, "user_id": "u"}).encode()],
        200, {"Content-Type": "application/json"}),
    "200-json-choice-error": json_reply(200, {"id": "gen-1", "choices": [
        {"message": {"content": "Hel"}, "finish_reason": "error", "error": {"code": 502, "message": "Gone"}}]}),
    "200-json": Reply(
        [b"  \n", json.dumps({
            "id": "gen-1", "model": "fake/m", "provider": "Fake", "usage": USAGE,
            "choices": [{"message": {"role": "assistant", "content": "Hello wörld!"}, "finish_reason": "stop"}],
        }).encode()], 200, {"Content-Type": "application/json"}),
}  # fmt: skip


def _echo(call: Call) -> Reply:
    said = call.last
    return Reply(answer(*(said[i : i + 5] for i in range(0, len(said), 5))))


def _flaky(call: Call) -> Reply:
    """Fails `failures` times with `status`, then answers."""
    if call.number <= call.number_of("failures", 2):
        return error_reply(int(call.number_of("status", 503)), "Not yet")
    return Reply(answer(*HELLO))


def _flaky_cut(call: Call) -> Reply:
    return REPLIES["cut-before-text"] if call.number <= call.number_of("failures", 1) else Reply(answer(*HELLO))


def _leak_key(call: Call) -> Reply:
    shown = call.headers.get("authorization", "").removeprefix("Bearer ")
    return error_reply(401, f"{'x' * 270} the key {shown} is not valid; {call.headers.get('authorization')}")


def _prefill_refused(call: Call) -> Reply:
    if call.prefill:
        return error_reply(400, "This model does not support assistant message prefill.")
    return Reply(answer("and so ", "it went on."))


def _restart(call: Call) -> Reply:
    """Starts again from the beginning instead of going on."""
    whole = call.prefill + " and so it went on."
    return Reply(answer(*(whole[i : i + 3] for i in range(0, len(whole), 3))))


def _continue(call: Call) -> Reply:
    """Goes on as asked."""
    return Reply(answer(*((" and so ", "it went on.") if call.prefill else ("Once upon a time there", " was a fox"))))


def _stream(call: Call) -> Reply:
    return Reply(_story(call))


def _story(call: Call) -> Iterator[Step]:
    rate, pause = call.number_of("rate", 0), call.number_of("ttft", 0)
    cut, last = int(call.number_of("cut", -1)), int(call.number_of("tokens", 100))
    yield COMMENT
    yield pause
    frame = chunk({"content": "\0", "role": "assistant"}, id=call.generation_id, model=str(call.body["model"]))
    head, _, tail = event(frame).partition(b'"\\u0000"')
    gap = 1 / rate if rate else 0.0
    for index in range(last):
        if index == cut:
            yield Act.CUT
        yield head + _encoded(index) + tail
        if gap:
            yield gap
    yield from finish(usage={**USAGE, "completion_tokens": last})
    yield DONE


_ENCODED: list[bytes] = []


def _encoded(index: int) -> bytes:
    while len(_ENCODED) <= index:
        _ENCODED.append(json.dumps(token(len(_ENCODED)), ensure_ascii=False).encode())
    return _ENCODED[index]


def is_rewrite(body: dict[str, Any]) -> bool:
    """Whether a request asks for a question that stands alone rather than for an answer."""
    return "stands alone" in str((body.get("messages") or [{}])[0].get("content"))


def rewrite(call: Call) -> Reply:
    """The question as it is, said again as a model does that finds nothing to put in."""
    return Reply(answer(call.last.rpartition("The last question: ")[2]))


HANDLERS: dict[str, Callable[[Call], Reply]] = {
    "echo": _echo,
    "flaky": _flaky,
    "flaky-cut": _flaky_cut,
    "leak-key": _leak_key,
    "400-prefill": _prefill_refused,
    "restart": _restart,
    "continue": _continue,
    "stream": _stream,
}


def reply_to(name: str, call: Call) -> Reply:
    """The answer of the fake model `fake/{name}`."""
    if handler := HANDLERS.get(name):
        return handler(call)
    return REPLIES.get(name) or error_reply(400, f"fake/{name} is not a valid model ID")
