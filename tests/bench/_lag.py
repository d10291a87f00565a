"""How long after the model's side sent a token its reader had it."""

from __future__ import annotations

import json
from bisect import bisect_left
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

from tests.bench._follow import Follower
from tests.fakes.story import token
from tests.support.wire import call, request


async def begin(port: int, body: dict[str, Any]) -> Follower:
    """Asks a question and follows its answer."""
    ids = await call(port, "POST", "/api/conversations", body)
    follower = Follower(port, ids["stream_id"])
    await follower.connect()
    return follower


async def times_of(base_url: str, tag: str) -> list[float]:
    """When the fake model's side sent each token of a tagged answer, on the monotonic clock."""
    parts = urlsplit(base_url)
    assert parts.port
    response = await request(parts.port, "GET", f"{parts.path}/times?tag={tag}")
    times: list[float] = json.loads(await response.read())
    return times


def lags(follower: Follower, sent: list[float]) -> list[float]:
    """Seconds from when the model's side sent a token until the reader had all of it."""
    totals = [total for _, total in follower.arrivals]
    ends = accumulate(len(token(index)) for index in range(len(sent)))
    return [
        follower.arrivals[bisect_left(totals, end)][0] - at
        for at, end in zip(sent, ends, strict=True)
        if end <= totals[-1]
    ]
