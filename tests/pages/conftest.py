"""Fixtures of the pages' tests: a real service on a folder of its own, and the frame script as Streamlit runs it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.retrieval.encoders.embed import Embedder
from core.service import Service, publish
from core.settings import Settings
from tests.fakes.openrouter import FakeOpenRouter
from tests.support.server import ROOT

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="package")
def openrouter() -> Iterator[FakeOpenRouter]:
    """The model's side."""
    with FakeOpenRouter() as fake:
        yield fake


@pytest.fixture(scope="package", autouse=True)
def one_look() -> Iterator[None]:
    """What is installed is looked through for components once, not for each page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture
def service(
    openrouter: FakeOpenRouter, light: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """The service that the pages find, with a light stand-in for the embedding model that outlives it."""
    monkeypatch.setattr("core.service.Embedder", lambda: light)
    opened = Service(Settings("sk-test-secret", openrouter.base_url, "fake/echo", data_dir=tmp_path))
    publish(opened)
    yield opened
    publish(None)
    opened.close()


@pytest.fixture
def open_page(service: Service) -> OpenPage:
    """Runs the frame with the chat, as for an address with these parameters and a visitor who chose that model."""

    def open_one(model: str | None = None, **address: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "pages" / "_frame.py"), default_timeout=60)
        if model:
            page.session_state["model"] = model
        for name, value in address.items():
            page.query_params[name] = value
        return page.run()

    return open_one


@pytest.fixture
def visit(open_page: OpenPage) -> OpenPage:
    """Runs another page of the frame, as for an address with these parameters."""

    def visit_one(page_file: str, **address: str | list[str]) -> AppTest:
        page = open_page().switch_page(page_file)
        for name, value in address.items():
            page.query_params[name] = value
        return page.run()

    return visit_one


@pytest.fixture(autouse=True)
def fresh_caches() -> None:
    """Nothing that one test's page kept is found by the next."""
    st.cache_data.clear()
    st.cache_resource.clear()
