"""The models of these tests, and how they look in the list."""

from __future__ import annotations

from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import answer
from tests.fakes.story import expected_text

TOKENS = 300
STREAMS = f"fake/stream?tokens={TOKENS}&rate=40"
"""Some seven seconds of text: long enough to do something meanwhile."""
WHOLE = expected_text(TOKENS)
ENDLESS = "fake/stream?tokens=4000&rate=40"
"""Longer than any test waits."""
ECHO = "fake/echo"
CITES = "fake/cites"
CITED = "The bakery is closed on Mondays [1]."
CUT = "fake/stream?tokens=60&rate=100&cut=40"
REASONS = "fake/reasoning"
NO_KEY = "fake/401"
LEAKS = "fake/leak-key"
BREAKS = "fake/error-mid-1"
BUSY_AT_FIRST = "fake/flaky?failures=2&status=429"


def offer(fake: FakeOpenRouter) -> None:
    """Has the model's side offer these models, and no others."""
    sample = fake.catalogue[0]
    offered = (STREAMS, ENDLESS, ECHO, CITES, CUT, REASONS, NO_KEY, LEAKS, BREAKS, BUSY_AT_FIRST)
    fake.catalogue = [{**sample, "id": model, "name": model} for model in offered]
    fake.script(CITES, answer("The bakery is ", "closed on Mondays", " [1]."))
