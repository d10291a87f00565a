"""What all tests share, which of them are slow, and which stay together when several processes run them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from core.retrieval.encoders.embed import Embedder
from tests.support.server import LIGHT

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("throughline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("throughline")

_ROOT = Path(__file__).parent
_SLOW = (
    "browser",
    "chaos",
    "core/analysis",
    "core/api",
    "core/generation",
    "core/notebook",
    "core/providers/test_local.py",
    "core/retrieval/documents",
    "core/retrieval/encoders",
    "core/retrieval/searching/test_search.py",
    "core/store/test_snapshot.py",
    "pages",
)
"""What takes most of the time: it starts models, sandboxes, pages, servers or engines, or writes many files."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is slow; what shares something costly goes to one process, as it is done with `--dist loadgroup`."""
    for item in items:
        path = item.path.relative_to(_ROOT).as_posix()
        real = "embedder" in getattr(item, "fixturenames", ())
        if real or path.startswith(_SLOW):
            item.add_marker(pytest.mark.slow)
        alone = path.startswith("chaos/")  # Each has a server of its own, and some take as long as other folders.
        group = "the model" if real else f"{path}:{item.originalname}" if alone else path
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def patient_searches() -> Iterator[None]:
    """A search finds what has just been saved, however busy the machine is: no person waits for it here."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("core.history.search", "core.retrieval.searching.search"):
            patch.setattr(f"{module}._CATCHING_UP", 60.0)
        patch.setattr("core.history.search._LOADING", 60.0)
        yield


@pytest.fixture(scope="session")
def light() -> Iterator[Embedder]:
    """The stand-in of the embedding model, by which texts are near that share words; it stays open until the end."""
    model = Embedder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(LIGHT))
        assert model.wait(60), model.failed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "close", lambda: None)  # A service closes what it is lent.
        yield model
    model.close()
