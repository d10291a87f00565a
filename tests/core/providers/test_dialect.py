"""What is asked of OpenRouter alone, and how a short reply is had from models that have to reason."""

from __future__ import annotations

import json
from typing import Any

import httpx

from core.providers.dialect import Dialect
from core.providers.openai import OpenAIProvider
from tests.core.providers.support import Heard, ask, converse, hear, run
from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import answer

OPENROUTER = "https://openrouter.ai/api/v1"
MANDATORY = {"error": {"code": 400, "message": "Reasoning is mandatory for this endpoint and cannot be disabled."}}


def talk(replies: list[httpx.Response], most_tokens: int | None, rounds: int = 1) -> tuple[list[dict[str, Any]], Heard]:
    """What was sent to OpenRouter, and what was heard last."""
    sent: list[dict[str, Any]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return replies.pop(0)

    async def all_rounds() -> Heard:
        provider = OpenAIProvider(OPENROUTER, "sk-or-v1-0123456789", transport=httpx.MockTransport(handle))
        for _ in range(rounds):
            heard = await hear(provider.stream(ask("some/model", most_tokens=most_tokens)))
        await provider.close()
        return heard

    heard = run(all_rounds())
    return sent, heard


def said(text: str) -> httpx.Response:
    body = b"".join(step for step in answer(text) if isinstance(step, bytes))
    return httpx.Response(200, content=body, headers={"Content-Type": "text/event-stream"})


def test_a_short_reply_is_asked_for_without_reasoning() -> None:
    """An answer is asked for as ever; neither has its middle dropped."""
    (short,), _ = talk([said("Hi")], 50)
    (whole,), _ = talk([said("Hi")], None)
    assert (short["max_tokens"], short["reasoning"]) == (50, {"enabled": False})
    assert {"max_tokens", "reasoning"}.isdisjoint(whole)
    assert short["plugins"] == whole["plugins"] == [{"id": "context-compression", "enabled": False}]


def test_a_model_that_has_to_reason_reasons_little() -> None:
    """It is asked again at once with little reasoning and room for it, and the next time from the start."""
    sent, heard = talk([httpx.Response(400, json=MANDATORY), said("Hi"), said("Ho")], 50, rounds=2)
    assert [body["reasoning"] for body in sent] == [{"enabled": False}, {"effort": "low"}, {"effort": "low"}]
    assert sent[1]["max_tokens"] == sent[2]["max_tokens"] > 500
    assert (heard.text, heard.error) == ("Ho", None)


def test_who_refuses_still_is_not_asked_for_ever() -> None:
    """The refusal is told, as is that of an answer which nobody asked to be short."""
    sent, heard = talk([httpx.Response(400, json=MANDATORY)] * 2, 50)
    assert (len(sent), heard.error is not None) == (2, True)
    sent, heard = talk([httpx.Response(400, json=MANDATORY)], None)
    assert (len(sent), heard.error is not None) == (1, True)


def test_other_servers_are_told_the_length_alone(server: FakeOpenRouter) -> None:
    """They may refuse fields that they do not know."""
    converse(server, ask("fake/echo", most_tokens=50))
    body = server.completions()[-1].body
    assert (body["max_tokens"], body["stream_options"]) == (50, {"include_usage": True})
    assert {"reasoning", "plugins"}.isdisjoint(body)
    assert not Dialect(server.base_url).learn(ask("fake/echo", most_tokens=50))
