"""Fixtures of the clients' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.providers.support import Clock
from tests.fakes.openrouter import FakeOpenRouter


@pytest.fixture
def server() -> Iterator[FakeOpenRouter]:
    """A fake OpenRouter of this test's own."""
    with FakeOpenRouter() as fake:
        yield fake


@pytest.fixture
def clock() -> Clock:
    """Waiting that takes no time."""
    return Clock()
