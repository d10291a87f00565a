"""The real embedding model, loaded once, and libraries on fresh databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.retrieval.documents.library import Library
from core.retrieval.encoders.embed import Embedder
from core.retrieval.searching.search import Searcher
from core.store.database import Database
from core.store.documents import Documents

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.fixture(scope="session")
def embedder() -> Iterator[Embedder]:
    model = Embedder()
    assert model.wait(150), model.failed
    yield model
    model.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "test.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


@pytest.fixture
def library(documents: Documents, embedder: Embedder) -> Iterator[Library]:
    opened = Library(documents, embedder)
    yield opened
    opened.close()


@pytest.fixture
def searcher(documents: Documents, library: Library, embedder: Embedder) -> Iterator[Searcher]:
    opened = Searcher(documents, library, embedder)
    yield opened
    opened.close()
