"""When to try again, and how long to wait before it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Retries:
    """At most `attempts` tries, with at most `budget` seconds of waiting among them."""

    attempts: int = 3
    budget: float = 30.0
    first: float = 1.0
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    def wait(self, error: ProviderError, tried: int, waited: float) -> float | None:
        """The seconds to wait after `tried` tries and `waited` seconds; None to give up.

        A wait that was asked for is never cut short: coming back too early would only fail again.
        """
        if not error.retryable or tried >= self.attempts:
            return None
        wait = self.first * 2.0 ** (tried - 1) * (0.75 + 0.5 * self.jitter())
        if error.retry_after is not None:
            wait = max(error.retry_after, 0.1) + self.jitter() * 0.25
        return wait if waited + wait <= self.budget else None
