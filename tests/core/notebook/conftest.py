"""Fixtures of the notebooks' tests: one history serves all that make notebooks of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.notebook.support import Desk, desk


@pytest.fixture(scope="session", autouse=True)
def patient_drawing() -> Iterator[None]:
    """Charts that can be drawn are drawn, and what a query names is known, however busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.notebook.formats.drawing._SECONDS", 120.0)
        patch.setattr("core.analysis.reader._PARSING", 30.0)
        yield


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Notebooks over a history of three answers."""
    with desk(tmp_path_factory.mktemp("notebooks")) as opened:
        yield opened
