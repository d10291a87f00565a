"""Fixtures of the tests of imports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.exchange.support import Desk
from tests.core.streams.support import Rig


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A database with an exchange."""
    opened = Desk(tmp_path / "test.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A database with answers that are being written."""
    opened = Rig(tmp_path / "other.duckdb")
    yield opened
    opened.close()
