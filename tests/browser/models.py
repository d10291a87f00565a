"""The models of these tests, and how they look in the list."""

from __future__ import annotations

from tests.fakes.openrouter import FakeOpenRouter
from tests.fakes.replies import DONE, answer, finish, text
from tests.fakes.story import expected_text

TOKENS = 300
STREAMS = f"fake/stream?tokens={TOKENS}&rate=40"
"""Some seven seconds of text: long enough to do something meanwhile."""
WHOLE = expected_text(TOKENS)
ENDLESS = "fake/stream?tokens=6000&rate=20"
"""Longer than any test waits."""
ECHO = "fake/echo"
CITES = "fake/cites"
CITED = "The bakery is closed on Mondays [1]."
GUESSES = "fake/guesses"
CITES_SLOWLY = "fake/cites-slowly"
SLOWLY_CITED = "The lighthouse was built by Ada Holm [1]. " + "It still stands on its rock. " * 30
CUT = "fake/stream?tokens=60&rate=100&cut=40"
REASONS = "fake/reasoning"
NO_KEY = "fake/401"
LEAKS = "fake/leak-key"
BREAKS = "fake/error-mid-1"
BUSY_AT_FIRST = "fake/flaky?failures=2&status=429"


def offer(fake: FakeOpenRouter) -> None:
    """Has the model's side offer these models, and no others."""
    sample = fake.catalogue[0]
    offered = (STREAMS, ENDLESS, ECHO, CITES, GUESSES, CITES_SLOWLY, CUT, REASONS, NO_KEY, LEAKS, BREAKS, BUSY_AT_FIRST)
    fake.catalogue = [{**sample, "id": model, "name": model} for model in offered]
    fake.script(CITES, answer("The bakery is ", "closed on Mondays", " [1]."))
    fake.script(GUESSES, answer("On Fridays, I guess."))
    start, _, rest = SLOWLY_CITED.partition(". ")
    slowly = [step for word in rest.split(" ") for step in (text(word + " "), 0.05)]
    fake.script(CITES_SLOWLY, [text(start + ". "), *slowly, *finish(), DONE])
