"""The real embedding model, loaded once, and libraries on fresh databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.retrieval.embed import Embedder
from core.retrieval.library import Library
from core.store.database import Database

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


class SharedEmbedder:
    """The one loaded model; a library that closes it leaves it open for the next test."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __getattr__(self, name: str) -> object:
        return getattr(self._embedder, name)

    def close(self) -> None:
        pass


@pytest.fixture(scope="session")
def embedder() -> Iterator[SharedEmbedder]:
    model = Embedder()
    assert model.wait(120), model.failed
    yield SharedEmbedder(model)
    model.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "test.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def library(database: Database, embedder: Embedder) -> Iterator[Library]:
    opened = Library(database, embedder)
    yield opened
    opened.close()
