"""The client against a real server that does everything the real service has been seen to do."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import httpx
import pytest

from core.errors import ProviderError
from core.models import Model, Usage
from core.providers import reader
from core.providers.base import Finished, Named, TextDelta
from core.providers.openai import OpenAIProvider
from tests.core.providers.support import KEY, Clock, ask, converse, hear, run
from tests.fakes.openrouter import FakeOpenRouter, expected_text
from tests.fakes.replies import Act, answer, error_reply, text

USAGE = Usage(16, 18, 3, 4, 0.000106)


@pytest.mark.parametrize(
    "case",
    ["usage-empty-choices", "usage-repeat-finish", "no-done", "comments", "comment-as-data", "one-byte", "crlf", "cr",
     "null-content", "done-hold", "cut-after-usage", "end-unterminated", "200-json"],
)  # fmt: skip
def test_answers(server: FakeOpenRouter, case: str) -> None:
    """The same answer comes out of every shape that a whole one may have."""
    heard = converse(server, ask(f"fake/{case}"))
    assert heard.error is None
    assert heard.text == "Hello wörld!"
    assert heard.finished == Finished("stop", USAGE)


def test_no_usage(server: FakeOpenRouter) -> None:
    """Usage that is not told is not known."""
    assert converse(server, ask("fake/no-usage")).finished == Finished("stop", Usage())


def test_done_without_finish(server: FakeOpenRouter) -> None:
    """`[DONE]` without a finish is flagged."""
    assert converse(server, ask("fake/done-no-finish")).finished == Finished("unknown", Usage())


@pytest.mark.parametrize(
    ("case", "said"),
    [("cut-mid-utf8", "Hel"), ("cut-mid-line", "Hel"), ("end-mid-line", "Hel"), ("cut-before-done", "Hello wörld!"),
     ("end-before-done", "Hello wörld!")],
)  # fmt: skip
def test_cuts(server: FakeOpenRouter, case: str, said: str) -> None:
    """What came before a cut is kept, the cut is told, and nothing is tried again."""
    heard = converse(server, ask(f"fake/{case}"))
    assert heard.text == said
    assert heard.error and "cut" in heard.error.message
    assert len(server.completions()) == 1


@pytest.mark.parametrize("shape", ["1", "2", "string-code"])
@pytest.mark.parametrize("end", ["", "-done", "-hold"])
def test_errors_inside_the_stream(server: FakeOpenRouter, clock: Clock, shape: str, end: str) -> None:
    """An error inside a 200 is an error; before any text it is worth trying again, after it is not."""
    first = converse(server, ask(f"fake/error-first-{shape}{end}"), clock)
    assert first.error and first.error.retryable and not first.text
    assert len(first.notes) == len(clock.waits) == 2
    middle = converse(server, ask(f"fake/error-mid-{shape}{end}"), clock)
    assert middle.error and middle.text == "Hello "
    assert len(clock.waits) == 2


@pytest.mark.parametrize("case", ["blank", "nothing", "empty", "empty-insured", "cut-before-text"])
def test_nothing_came(server: FakeOpenRouter, clock: Clock, case: str) -> None:
    """An answer without a word is an error, and tried again."""
    heard = converse(server, ask(f"fake/{case}"), clock)
    assert heard.error and "gain" in heard.error.message
    assert len(server.completions()) == 3


@pytest.mark.parametrize(
    ("case", "says"),
    [("200-html", "OPENROUTER_BASE_URL"), ("200-json-error", "Add credits"), ("200-json-choice-error", "Gone"),
     ("garbage", "not an answer"), ("finish-error", "Ask again"), ("only-reasoning", "no answer")],
)  # fmt: skip
def test_nonsense(server: FakeOpenRouter, case: str, says: str) -> None:
    """A 200 that is no answer is told as what it is."""
    heard = converse(server, ask(f"fake/{case}"))
    assert heard.error and says in heard.error.message


@pytest.mark.parametrize("case", ["400-model", "400-context", "401", "402-credits", "403-moderation",
                                  "404-availability", "429-daily", "429-long"])  # fmt: skip
def test_not_tried_again(server: FakeOpenRouter, clock: Clock, case: str) -> None:
    """What will not change soon is not tried again."""
    heard = converse(server, ask(f"fake/{case}"), clock)
    assert heard.error and not clock.waits and len(server.completions()) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 524, 529])
def test_tried_again(server: FakeOpenRouter, clock: Clock, status: int) -> None:
    """What may pass is tried again, and the person who waits is told."""
    heard = converse(server, ask(f"fake/flaky?failures=2&status={status}"), clock)
    assert heard.text == "Hello wörld!"
    assert clock.waits == [1.0, 2.0]
    assert all("trying again in" in note for note in heard.notes) and len(heard.notes) == 2


def test_retry_after_is_honoured(server: FakeOpenRouter, clock: Clock) -> None:
    """The wait that was asked for is the wait."""
    server.script("fake/m", error_reply(429, "Slow down", Retry_After="7"))
    server.script("fake/m", answer("Hi"))
    assert converse(server, ask("fake/m"), clock).text == "Hi"
    assert 7 <= clock.waits[0] < 8


def test_dropped_connections_are_tried_again(server: FakeOpenRouter, clock: Clock) -> None:
    """A connection that breaks before the first word costs a second try."""
    assert converse(server, ask("fake/flaky-cut"), clock).text == "Hello wörld!"


def test_unreachable(clock: Clock) -> None:
    """A server that is not there is named."""

    async def talk() -> None:
        provider = OpenAIProvider("http://127.0.0.1:9/v1", retries=clock.retries())
        heard = await hear(provider.stream(ask("m")))
        assert heard.error and "127.0.0.1 cannot be reached" in heard.error.message
        await provider.close()

    run(talk())


def test_long_line(server: FakeOpenRouter) -> None:
    """A line of 200 KiB is one line."""
    assert converse(server, ask("fake/long-line")).text == "x" * 200 * 1024


def test_an_event_without_end(server: FakeOpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes to the end of its line is given up, not collected until memory is full."""
    monkeypatch.setattr(reader, "_LIMIT", 100_000)
    server.script("fake/endless", [text("Hel"), b"data: ", *[b"x" * 50_000] * 3, Act.HOLD])
    heard = converse(server, ask("fake/endless"))
    assert heard.text == "Hel"
    assert heard.error and "not an answer" in heard.error.message


def test_line_separators_are_text(server: FakeOpenRouter) -> None:
    """U+2028 and U+0085 end no line."""
    assert converse(server, ask("fake/u2028")).text == "line\u2028separator\u0085next"


def test_surrogates(server: FakeOpenRouter) -> None:
    """Halves that came apart are joined, others replaced."""
    assert converse(server, ask("fake/surrogates")).text == "a😀b\ufffd"
    assert converse(server, ask("fake/echo", "a\ud83d")).text == "a\ufffd"


def test_reasoning(server: FakeOpenRouter) -> None:
    """Reasoning is given out once, apart from the answer."""
    heard = converse(server, ask("fake/reasoning"))
    assert (heard.reasoning, heard.text) == ("Let me think. Summed up.", "Hello")


def test_names(server: FakeOpenRouter) -> None:
    """The generation's id comes with the headers, before anything else; model and provider follow."""
    named = converse(server, ask("fake/echo")).named
    assert named == [Named(generation_id="gen-fake-1"), Named(None, "fake/model-20260101", "Fake")]


def test_long_answers_are_exact(server: FakeOpenRouter) -> None:
    """Every token of a long answer comes, once, in order."""
    assert converse(server, ask("fake/stream?tokens=2000")).text == expected_text(2000)


def test_many_at_once(server: FakeOpenRouter) -> None:
    """Many answers at the same time do not mix."""

    async def talk() -> None:
        provider = OpenAIProvider(server.base_url, KEY)
        models = [f"fake/stream?tokens={50 + i}" for i in range(120)]
        answers = await asyncio.gather(*(hear(provider.stream(ask(model))) for model in models))
        assert [heard.text for heard in answers] == [expected_text(50 + i) for i in range(120)]
        await provider.close()

    run(talk())


def test_closing_the_generator_disconnects(server: FakeOpenRouter) -> None:
    """Who stops listening closes the connection, which stops the work and the bill."""

    async def talk() -> None:
        provider = OpenAIProvider(server.base_url, KEY)
        async with aclosing(provider.stream(ask("fake/stall"))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        assert await asyncio.to_thread(server.wait_for_disconnect, "fake/stall")
        await provider.close()

    run(talk())


@pytest.mark.parametrize("case", ["stall", "silent", "done-hold", "error-mid-1-hold"])
def test_cancelling_or_finishing_disconnects(server: FakeOpenRouter, case: str) -> None:
    """A cancelled task closes the connection, and so does an answer that is over."""

    async def talk() -> None:
        provider = OpenAIProvider(server.base_url, KEY)
        task = asyncio.create_task(hear(provider.stream(ask(f"fake/{case}"))))
        while not server.completions():
            await asyncio.sleep(0.01)
        if case in ("stall", "silent"):
            await asyncio.sleep(0.05)
            task.cancel()
        await asyncio.wait([task])
        assert await asyncio.to_thread(server.wait_for_disconnect, f"fake/{case}")
        await provider.close()

    run(talk())


def test_continuing(server: FakeOpenRouter) -> None:
    """The text so far is the prompt's last turn, and what follows it is passed on as it is."""
    heard = converse(server, ask("fake/continue", continues="Once upon a time there was a fox "))
    assert heard.text == "and so it went on."
    assert server.completions()[0].body["messages"][-1] == {
        "role": "assistant",
        "content": "Once upon a time there was a fox",
    }


def test_continuing_with_a_restart(server: FakeOpenRouter) -> None:
    """A model that starts again adds only what is new."""
    assert converse(server, ask("fake/restart", continues="Once upon a time")).text == " and so it went on."


def test_continuing_without_prefill(server: FakeOpenRouter, clock: Clock) -> None:
    """A model that takes no prefill is asked in words instead, at once."""
    heard = converse(server, ask("fake/400-prefill", continues="Once upon a time "), clock)
    assert heard.text == "and so it went on." and not clock.waits
    assert [turn["role"] for turn in server.completions()[1].body["messages"]] == ["user", "assistant", "user"]


def test_request(server: FakeOpenRouter) -> None:
    """A request names the app, carries the key and asks for a stream."""
    converse(server, ask("fake/echo"))
    request = server.completions()[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["x-openrouter-title"] == "Throughline" and request.headers["http-referer"]
    assert request.body == {
        "model": "fake/echo",
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_openrouter_must_not_compress() -> None:
    """OpenRouter itself is told not to drop the middle of a conversation; others are not told what they do not know."""
    bodies: list[bytes] = []

    def serve(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return httpx.Response(200, content=b"".join(step for step in answer("Hi") if isinstance(step, bytes)))

    async def talk() -> None:
        transport = httpx.MockTransport(serve)
        provider = OpenAIProvider("https://openrouter.ai/api/v1", KEY, transport=transport)
        assert (await hear(provider.stream(ask("m")))).text == "Hi"
        await provider.close()

    run(talk())
    assert b'"plugins":[{"id":"context-compression","enabled":false}]' in bodies[0]
    assert b"stream_options" not in bodies[0]


def test_keys_are_never_told(server: FakeOpenRouter) -> None:
    """An error that repeats the key is told without it."""
    heard = converse(server, ask("fake/leak-key"))
    assert heard.error and KEY not in repr(heard.error) and KEY[:12] not in heard.error.message


@pytest.mark.parametrize("key", ["sk-or-v1-abc\ndef", "sk-or-v1-äbc"])
def test_impossible_keys(server: FakeOpenRouter, key: str) -> None:
    """A key that no header can carry is refused without being told."""
    heard = converse(server, ask("fake/echo"), key=key)
    assert heard.error and "OPENROUTER_API_KEY" in heard.error.message and "sk-" not in heard.error.message
    assert heard.error.__cause__ is None and heard.error.__context__ is None


def test_usage_afterwards(server: FakeOpenRouter) -> None:
    """What a generation took is not known at first, then exactly."""

    async def talk() -> None:
        provider = OpenAIProvider(server.base_url, KEY)
        assert await provider.usage("gen-1") is None
        assert await provider.usage("gen-1") == USAGE
        await provider.close()

    run(talk())


def test_models(server: FakeOpenRouter) -> None:
    """The list is read over all its pages, with prices in dollars, and odd entries cost nothing."""
    server.catalogue[:0] = [{"id": "fake/auto", "pricing": {"prompt": "-1", "completion": "-1"}}, {"name": "no id"}, 7]  # type: ignore[list-item]
    server.catalogue.append({"id": "fake/bare", "context_length": None, "pricing": None, "name": None})
    server.catalogue.append({"id": "fake/half", "name": "Half \ud800"})

    async def talk() -> tuple[Model, ...]:
        provider = OpenAIProvider(server.base_url, KEY)
        try:
            return await provider.models()
        finally:
            await provider.close()

    models = {model.id: model for model in run(talk())}
    assert models["fake/auto"].prompt_price is None
    assert models["fake/bare"] == Model("fake/bare", "fake/bare")
    assert models["fake/echo"] == Model("fake/echo", "Fake/Echo", 128000, 0.0000025, 0.00001)
    assert len(models) == len(server.catalogue) - 2


def test_models_elsewhere(server: FakeOpenRouter) -> None:
    """An empty list is a list; a server that is not there is an error."""
    server.catalogue.clear()

    async def talk() -> None:
        here, nowhere = OpenAIProvider(server.base_url, KEY), OpenAIProvider("http://127.0.0.1:9", KEY)
        assert await here.models() == ()
        with pytest.raises(ProviderError, match="cannot be reached"):
            await nowhere.models()
        await here.close()
        await nowhere.close()

    run(talk())


def test_scripted(server: FakeOpenRouter) -> None:
    """The fake server can be told byte by byte what to do."""
    server.script("any", [text("one"), 0.01, text(" two"), Act.CUT])
    heard = converse(server, ask("any"))
    assert heard.text == "one two" and heard.error
