"""Fixtures of the tests of the history's search."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from core.retrieval.encoders.embed import Embedder
from tests.core.history.desk import Desk, desk_at
from tests.support.server import LIGHT


@pytest.fixture(scope="session")
def light() -> Iterator[Embedder]:
    """The stand-in of the embedding model, by which texts are near that share words."""
    model = Embedder()
    with patch.dict(os.environ, PYTHONPATH=str(LIGHT)):
        assert model.wait(60), model.failed
    yield model
    model.close()


@pytest.fixture
def desk(tmp_path: Path, light: Embedder) -> Iterator[Desk]:
    """A database and its search."""
    with desk_at(tmp_path, light) as opened:
        yield opened
