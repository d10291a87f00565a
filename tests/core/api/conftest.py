"""Fixtures of the API's tests: one server serves them all, and one open service each file."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.testclient import TestClient

from core.retrieval.encoders.embed import Embedder
from core.service import Service, publish
from core.settings import Settings
from tests.core.api.support import KEY, api, client_of, serving
from tests.fakes.openrouter import FakeOpenRouter


@pytest.fixture(scope="session")
def openrouter() -> Iterator[FakeOpenRouter]:
    """The model's side."""
    with FakeOpenRouter() as fake:
        yield fake


@pytest.fixture(scope="module")
def opened(openrouter: FakeOpenRouter, light: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An open service; each file of tests has its own, so that none finds what another has left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.service.Embedder", lambda: light)
        service = Service(Settings(KEY, openrouter.base_url, "fake/echo", data_dir=tmp_path_factory.mktemp("data")))
    yield service
    service.close()


@pytest.fixture
def service(opened: Service) -> Iterator[Service]:
    """The service that the routes find."""
    publish(opened)
    yield opened
    publish(None)


@pytest.fixture
def client(service: Service) -> TestClient:
    """A caller on the same machine."""
    return client_of(api())


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where a real server listens."""
    with serving(api()) as address:
        yield address


@pytest.fixture
def http(service: Service, address: str) -> Iterator[httpx.Client]:
    """A caller of a real server."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client
