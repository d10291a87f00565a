"""The model on this machine, over the very wire and client that talk to OpenRouter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import httpx

from core.errors import ProviderError
from core.models import Model, Usage
from core.providers import gguf, local_server
from core.providers.base import ChatRequest, Event, Finished, Waiting
from core.providers.local_process import Address, LocalProcess
from core.providers.network import fast_transport
from core.providers.openai import OpenAIProvider
from core.providers.retries import Retries
from core.settings import LOCAL_MODEL

# Without DRY a model of this size repeats itself without end.
_SAMPLING = {
    "temperature": 0.2,
    "dry_multiplier": 0.8,
    "dry_allowed_length": 4,
    "max_tokens": 256,
    "cache_prompt": True,
}
_DIED = "The local model stopped unexpectedly. Continue the answer: it will be started again."


class LocalProvider:
    """Serves one GGUF file from a child process, which starts with the first need of it."""

    name = LOCAL_MODEL
    cites = False

    def __init__(self, model: Path | None = None) -> None:
        self._model = model
        self._process = LocalProcess()
        self._client: tuple[Address, OpenAIProvider] | None = None

    @property
    def ready(self) -> bool:
        """Whether the next answer can begin at once."""
        return self._process.ready

    @property
    def pid(self) -> int | None:
        """The child process, while there is one."""
        return self._process.pid

    def start(self) -> None:
        """Starts the model in the background.

        Raises:
            ProviderError: there is no model to start.
        """
        self._start()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """The events of one generation, after the model has started if need be."""
        address = self._start()
        if not address.done():
            yield Waiting("Starting the local model…")
        client = await self._client_of(await asyncio.shield(asyncio.wrap_future(address)))
        pid = self.pid
        try:
            async with aclosing(client.stream(request)) as events:
                async for event in events:
                    yield replace(event, usage=_free(event.usage)) if isinstance(event, Finished) else event
        except ProviderError as error:
            if error.status is None and pid and await asyncio.to_thread(self._process.has_died, pid):
                raise ProviderError(_DIED, retryable=True) from error
            raise

    async def usage(self, generation_id: str) -> Usage | None:
        """Nothing more than the answer itself told."""
        raise ProviderError("The local model keeps no record of past answers.", status=404)

    async def models(self) -> tuple[Model, ...]:
        """The one model, whether it runs or not."""
        return (self.model,)

    @property
    def model(self) -> Model:
        """The model as a person chooses it."""
        return Model(LOCAL_MODEL, gguf.title(self._model), local_server.CONTEXT, 0.0, 0.0)

    async def close(self) -> None:
        """Ends the child process."""
        client, self._client = self._client, None
        if client:
            await client[1].close()
        await asyncio.to_thread(self._process.close)

    def _start(self) -> Future[Address]:
        return self._process.start(gguf.find(self._model))

    async def _client_of(self, address: Address) -> OpenAIProvider:
        if self._client is None or self._client[0] != address:
            self._client = (address, _connect(address))
        return self._client[1]


def _connect(address: Address) -> OpenAIProvider:
    # The server now and then drops a connection that it promised to keep, so none is used twice; and no proxy
    # from the environment stands between two processes of one machine.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return OpenAIProvider(
        address.url,
        address.key,
        name=LOCAL_MODEL,
        extra=_SAMPLING,
        retries=Retries(attempts=1),
        transport=fast_transport(limits, trust_env=False),
    )


def _free(usage: Usage) -> Usage:
    return replace(usage, cost=0.0)
