"""The fake OpenRouter for benches: it keeps when it sent what, and can begin an answer with a burst.

`fake/stream?tokens=…&rate=…&tag=a&burst=900` sends 900 tokens at once and the rest at `rate`; `GET …/times?tag=a` then
gives the time of each token on this machine's monotonic clock. `python -m tests.bench._upstream` prints its base URL.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.fakes.cases import Call
from tests.fakes.openrouter import FakeOpenRouter, Request
from tests.fakes.replies import Reply, Step, json_reply


class TimedOpenRouter(FakeOpenRouter):
    """Tagged answers are timed."""

    def __init__(self) -> None:
        super().__init__()
        self._times: dict[str, list[float]] = {}

    def _reply(self, model: str, call: Call) -> Reply:
        reply = super()._reply(model, call)
        if "tag" not in call.query:
            return reply
        times = self._times[call.query["tag"]] = []
        return replace(reply, steps=_timed(reply.steps, times, int(call.number_of("burst", 0))))

    def _other(self, request: Request) -> Reply:
        if request.path.endswith("/times"):
            return json_reply(200, self._times.get(request.query.get("tag", ""), []))
        return super()._other(request)


def _timed(steps: Iterable[Step], times: list[float], burst: int) -> Iterator[Step]:
    """The same steps; the first piece is a comment, so that `times` begins with the first token."""
    pieces = 0
    for step in steps:
        if isinstance(step, bytes):
            pieces += 1
            if pieces > 1:
                times.append(time.monotonic())
        elif 1 < pieces <= burst:
            continue
        yield step


def main() -> None:
    """Serves until it is terminated."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with TimedOpenRouter() as server:
        print(json.dumps({"base_url": server.base_url}), flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
