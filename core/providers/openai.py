"""Model servers that speak OpenAI's chat-completions wire: OpenRouter and its kin."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from core.errors import ProviderError
from core.models import Model, Turn, Usage
from core.providers import catalogue, failures
from core.providers.base import ChatRequest, Event, Finished, Named, ReasoningDelta, TextDelta, Waiting
from core.providers.continuation import Continuation, asked_to_go_on, prefilled
from core.providers.dialect import Dialect
from core.providers.network import fast_transport
from core.providers.reader import Reader
from core.providers.retries import Retries
from core.providers.surrogates import mended
from core.providers.wire import Chunks

_TIMEOUT = httpx.Timeout(10.0, read=300.0, write=60.0, pool=None)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)
_ERROR_LIMIT = 256 * 1024
_REFERER = "http://localhost"


class OpenAIProvider:
    """A client of one server; all its coroutines belong to one event loop.

    `extra` is added to every request's body. `transport` stands in for the network.
    """

    cites = True

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        name: str = "openrouter",
        extra: Mapping[str, Any] | None = None,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        self._key = api_key
        self._dialect = Dialect(self._base)
        self._extra = extra or {}
        self._retries = retries or Retries()
        transport = transport or fast_transport(_LIMITS)
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, transport=transport)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The events of one generation; it is tried again only while nothing of it was shown."""
        turns, loose = request.turns, False
        if request.continues:
            turns = prefilled(request.turns, request.continues)
        tried, waited, shown = 0, 0.0, False
        while True:
            try:
                async with aclosing(self._attempt(request, turns, loose)) as events:
                    async for event in events:
                        shown = shown or isinstance(event, TextDelta | ReasoningDelta)
                        yield event
                return
            except failures.PrefillRefused:
                if shown or loose or not request.continues:
                    raise
                turns, loose = asked_to_go_on(request.turns, request.continues), True
            except failures.ReasoningRequired:
                if shown or not self._dialect.learn(request):
                    raise
            except ProviderError as error:
                tried += 1
                wait = None if shown else self._retries.wait(error, tried, waited)
                if wait is None:
                    raise
                yield Waiting(f"{_reason(error)}; trying again in {max(1, round(wait))} s…")
                await self._retries.sleep(wait)
                waited += wait

    async def usage(self, generation_id: str) -> Usage | None:
        """What a generation really took; None while the server does not know yet."""
        try:
            answer = await self._get(f"{self._base}/generation", {"id": generation_id})
        except ProviderError as error:
            if error.status == 404:
                return None
            raise
        return catalogue.read_generation(answer)

    async def models(self) -> tuple[Model, ...]:
        """What the server offers."""
        return await catalogue.read_models(self._get, f"{self._base}/models")

    async def close(self) -> None:
        """Closes every connection."""
        await self._client.aclose()

    async def _attempt(self, request: ChatRequest, turns: tuple[Turn, ...], loose: bool) -> AsyncGenerator[Event, None]:
        body = {
            "model": request.model,
            "messages": [{"role": turn.role, "content": mended(turn.content)} for turn in turns],
            "stream": True,
            **self._dialect.fields(request),
            **self._extra,
        }
        url = f"{self._base}/chat/completions"
        try:
            async with self._client.stream("POST", url, json=body, headers=self._headers()) as response:
                if response.status_code != 200:
                    raise await self._failure(response)
                generation_id = response.headers.get("x-generation-id")
                if generation_id:
                    yield Named(generation_id=generation_id)
                chunks = Chunks(generation_id, secret=self._key, continues=bool(request.continues))
                events = _read(response, Reader(chunks))
                if request.continues:
                    events = _continued(events, Continuation(request.continues, loose=loose))
                async with aclosing(events):
                    async for event in events:
                        yield event
        except httpx.HTTPError as error:
            raise failures.from_transport(error, self._base) from error

    async def _failure(self, response: httpx.Response) -> ProviderError:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _ERROR_LIMIT:
                break
        return failures.from_response(response.status_code, bytes(body), response.headers, secret=self._key)

    async def _get(self, url: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            response = await self._client.get(url, params=params, headers=self._headers(), timeout=20.0)
        except httpx.HTTPError as error:
            raise failures.from_transport(error, self._base) from error
        if response.status_code != 200:
            raise failures.from_response(response.status_code, response.content, response.headers, secret=self._key)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ProviderError(failures.NONSENSE)
        return answer

    def _headers(self) -> dict[str, str]:
        headers = {"HTTP-Referer": _REFERER, "X-OpenRouter-Title": "Throughline", "Accept-Encoding": "identity"}
        if self._key:
            # httpx would name the key in its complaint.
            if not (self._key.isascii() and self._key.isprintable()):
                raise ProviderError(failures.BAD_KEY, status=401)
            headers["Authorization"] = f"Bearer {self._key}"
        return headers


async def _read(response: httpx.Response, reader: Reader) -> AsyncGenerator[Event, None]:
    try:
        async for part in _parts(response):
            for event in reader.feed(part):
                yield event
            if reader.done:
                break
    except httpx.TransportError:
        if not reader.complete:
            raise
    for event in reader.end():
        yield event


def _parts(response: httpx.Response) -> AsyncIterable[bytes]:
    """The body in pieces, without httpx's own layers where there is nothing for them to do."""
    if response.headers.get("content-encoding", "identity") == "identity":
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return response.stream
    return response.aiter_bytes()


async def _continued(events: AsyncGenerator[Event, None], continuation: Continuation) -> AsyncGenerator[Event, None]:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                text = continuation.feed(event.text)
                event = TextDelta(text) if text else event
                if not text:
                    continue
            elif isinstance(event, Finished) and (rest := continuation.end()):
                yield TextDelta(rest)
            yield event


def _reason(error: ProviderError) -> str:
    if error.status in (402, 429, 503, 529):
        return "The model's provider is busy"
    return "The model's provider did not answer" if error.status is None else "The model's provider failed"
