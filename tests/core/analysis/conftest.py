"""Fixtures of the analysis' tests: one small history serves those that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import Asked
from tests.core.analysis.support import History, fill, history


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[History, list[Asked]]]:
    """A history of three answers, and their ids."""
    with history(tmp_path_factory.mktemp("history")) as opened:
        yield opened, fill(opened)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[History]:
    """A history that the test fills."""
    with history(tmp_path) as opened:
        yield opened
