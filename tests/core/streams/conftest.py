"""Fixtures of the streams' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.streams.support import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A database and its hub."""
    opened = Rig(tmp_path / "test.duckdb")
    yield opened
    opened.close()
