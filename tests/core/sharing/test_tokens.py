"""Tokens: only the key makes them, and only this user reads the key."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from core.errors import StorageError
from core.ids import new_id
from core.sharing.tokens import Tokens


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "data" / "share.key")


def test_a_token_names_its_share(tokens: Tokens) -> None:
    """It is always the same, fit for an address, and 160 bits longer than the id."""
    share_id = new_id()
    token = tokens.token(share_id)
    assert tokens.token(share_id) == token
    assert tokens.share_id(token) == share_id
    assert re.fullmatch("[0-9a-z]{58}", token)


@pytest.mark.parametrize("place", [0, 25, 26, 40, 57])
def test_a_changed_token_names_nothing(tokens: Tokens, place: int) -> None:
    """Whatever character of it is another one."""
    token = tokens.token(new_id())
    other = "b" if token[place] == "a" else "a"
    assert tokens.share_id(token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize("change", [str.upper, lambda token: token[:-1], lambda token: token + "a", lambda token: ""])
def test_only_the_whole_token_counts(tokens: Tokens, change: object) -> None:
    """Neither a part of it, nor more than it."""
    assert tokens.share_id(change(tokens.token(new_id()))) is None  # type: ignore[operator]


@pytest.mark.parametrize("token", ["x", "ä" * 58, "\ud800" * 58, "\0", "a" * 100_000])
def test_anything_else_names_nothing(tokens: Tokens, token: str) -> None:
    """Also what no encoding can carry."""
    assert tokens.share_id(token) is None


def test_another_key_makes_other_tokens(tokens: Tokens, tmp_path: Path) -> None:
    """What the ids are does not help without the key."""
    share_id = new_id()
    assert Tokens(tmp_path / "other").share_id(tokens.token(share_id)) is None


def test_the_key_is_kept_and_private(tmp_path: Path) -> None:
    """It outlives the process, nobody else may read it, and a copy that was open to others is closed."""
    path, share_id = tmp_path / "share.key", new_id()
    token = Tokens(path).token(share_id)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert Tokens(path).share_id(token) == share_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["share.key"]


def test_a_key_that_is_no_key_is_made_anew(tmp_path: Path) -> None:
    """An empty file opens nothing."""
    path = tmp_path / "share.key"
    path.write_bytes(b"")
    Tokens(path)
    assert len(path.read_bytes()) == 32


def test_a_key_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """The sentence names the file."""
    with pytest.raises(StorageError, match=r"share\.key"):
        (tmp_path / "share.key").mkdir()
        Tokens(tmp_path / "share.key")
