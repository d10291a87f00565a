"""What a stopped or cut generation really cost: the provider's books know it some time later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from core.errors import ProviderError
from core.generation.workshop import Workshop
from core.models import Usage

_log = logging.getLogger(__name__)
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)


async def ask_cost(
    workshop: Workshop,
    stream_id: str,
    generation_id: str,
    model: str,
    waits: tuple[float, ...] = WAITS,
    save: Callable[[str, Usage], None] | None = None,
) -> None:
    """Asks until the cost is known, with longer and longer waits, and saves it: the answer's, or with `save`."""
    for wait in waits:
        await asyncio.sleep(wait)
        try:
            provider, _ = workshop.providers.for_model(model)
            usage = await provider.usage(generation_id)
        except ProviderError as error:
            _log.info("the cost of generation %s is not known: %s", generation_id, error)
            if error.retryable:
                continue
            return
        if usage is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(workshop.pool, save or workshop.streams.add_cost, stream_id, usage)
            return
