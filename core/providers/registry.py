"""Which client serves which model, and what there is to choose from."""

from __future__ import annotations

import asyncio
import contextlib

import httpx

from core.errors import ProviderError
from core.models import Model
from core.providers.base import Provider
from core.providers.local import LocalProvider
from core.providers.model_cache import ModelCache
from core.providers.openai import OpenAIProvider
from core.settings import LOCAL_MODEL, OPENROUTER_URL, Settings

_PATIENCE = 2.0


class Providers:
    """The model clients of one app; all its coroutines belong to one event loop."""

    def __init__(self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._has_remote = bool(settings.api_key) or settings.base_url != OPENROUTER_URL
        self.local = LocalProvider(settings.local_model)
        self.remote = OpenAIProvider(settings.base_url, settings.api_key, transport=transport)
        self._cache = ModelCache(settings.data_dir / "models.json", settings.base_url)
        self._asking: asyncio.Task[None] | None = None

    def for_model(self, model_id: str) -> tuple[Provider, str]:
        """The client that serves a model, and the model's name there.

        Raises:
            ProviderError: the model needs a key and none is set.
        """
        if model_id == LOCAL_MODEL:
            return self.local, LOCAL_MODEL
        if not self._has_remote:
            raise ProviderError(f"Set OPENROUTER_API_KEY to use {model_id}, or choose the local model.", status=401)
        return self.remote, model_id

    async def models(self) -> tuple[Model, ...]:
        """The local model and what the server offers, as far as that is known; never fails."""
        local = (self.local.model,)
        if not self._has_remote:
            return local
        if not self._cache.is_fresh:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            # An old list is better than a long wait; the new one is there next time.
            await asyncio.wait([self._asking], timeout=_PATIENCE if self._cache.models else None)
        return local + self._cache.models

    def known(self) -> tuple[Model, ...]:
        """What `models` would give if nobody were asked."""
        return (self.local.model, *self._cache.models) if self._has_remote else (self.local.model,)

    def context_of(self, model_id: str) -> int | None:
        """The tokens that a model has room for, where that is known."""
        return next((model.context_length for model in self.known() if model.id == model_id), None)

    def missing(self) -> str | None:
        """What stands in the way of an answer from the default model, in a sentence."""
        try:
            provider, _ = self.for_model(self._settings.model)
        except ProviderError as error:
            return error.message
        if provider is self.local and not self.local.ready:
            return "The local model is starting."
        return None

    def start(self) -> None:
        """Starts the local model in the background when it is the default; its errors are told to who asks it."""
        if self._settings.model == LOCAL_MODEL:
            with contextlib.suppress(ProviderError):
                self.local.start()

    async def close(self) -> None:
        """Lets go of connections and processes."""
        if self._asking:
            self._asking.cancel()
        await self.remote.close()
        await self.local.close()

    async def _ask(self) -> None:
        try:
            found = await self.remote.models()
        except ProviderError:
            self._cache.failed()
        else:
            self._cache.keep(found)
