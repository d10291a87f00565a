"""Fixtures of the notebooks' tests: one history serves all that make notebooks of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.notebook.support import Desk, desk


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Notebooks over a history of three answers."""
    with desk(tmp_path_factory.mktemp("notebooks")) as opened:
        yield opened
