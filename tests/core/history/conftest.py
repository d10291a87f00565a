"""Fixtures of the tests of the history's search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.retrieval.encoders.embed import Embedder
from tests.core.history.desk import Desk, desk_at


@pytest.fixture
def desk(tmp_path: Path, light: Embedder) -> Iterator[Desk]:
    """A database and its search."""
    with desk_at(tmp_path, light) as opened:
        yield opened
