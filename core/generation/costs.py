"""What a stopped or cut generation really cost: the provider's books know it some time later."""

from __future__ import annotations

import asyncio
import logging

from core.errors import ProviderError
from core.generation.generate import Workshop

_log = logging.getLogger(__name__)
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)


async def ask_cost(
    workshop: Workshop, stream_id: str, generation_id: str, model: str, waits: tuple[float, ...] = WAITS
) -> None:
    """Asks until the cost is known, with longer and longer waits, and saves it."""
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
            await loop.run_in_executor(workshop.pool, workshop.streams.add_cost, stream_id, usage)
            return
