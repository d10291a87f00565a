"""Fixtures of the tests that need the whole of the core: one model's side for all, one service a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.service import Service
from tests.core.generation.support import opened
from tests.fakes.openrouter import FakeOpenRouter


@pytest.fixture(scope="session")
def upstream() -> Iterator[FakeOpenRouter]:
    """The model's side."""
    with FakeOpenRouter() as fake:
        yield fake


@pytest.fixture(scope="module")
def service(upstream: FakeOpenRouter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An open service."""
    with opened(tmp_path_factory.mktemp("data"), upstream) as service:
        yield service
