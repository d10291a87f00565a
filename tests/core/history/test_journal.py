"""A file of records that is only added to, and what is left of it when it is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.history.journal import Journal

KIND = np.dtype([("seq", "i8"), ("name", "S5")])


def records(*names: bytes) -> np.ndarray:
    return np.array([(number, name) for number, name in enumerate(names)], KIND)


def read(path: Path) -> list[bytes]:
    return [name for part in Journal(path, KIND).read() for name in part["name"].tolist()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three frames."""
    journal = Journal(tmp_path / "some" / "names-1", KIND)
    assert list(journal.read()) == []
    for names in ((b"one", b"two"), (), (b"three",), (b"four", b"five")):
        journal.append(records(*names))
    assert journal.frames == 3
    return tmp_path / "some" / "names-1"


def test_what_was_added_is_read(path: Path) -> None:
    """In its order; one of another format is removed."""
    other = path.with_name("names-0")
    other.write_bytes(b"x")
    assert read(path) == [b"one", b"two", b"three", b"four", b"five"]
    assert not other.exists()


@pytest.mark.parametrize("cut", [1, 13, 26, 30])
def test_a_frame_that_was_not_written_whole_is_cut_off(path: Path, cut: int) -> None:
    """And what is added then is read."""
    path.write_bytes(path.read_bytes()[:-cut])
    assert read(path) == [b"one", b"two", b"three"]
    Journal(path, KIND).append(records(b"six"))
    assert read(path) == [b"one", b"two", b"three", b"six"]


@pytest.mark.parametrize("at", [0, 5, 9, 20])
def test_a_damaged_frame_ends_it(path: Path, at: int) -> None:
    """Whichever of its bytes is another."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(bytes(data))
    assert read(path) == []
    assert path.stat().st_size == 0


def test_all_can_be_put_anew_at_once(path: Path) -> None:
    """Even from what is being read."""
    journal = Journal(path, KIND)
    journal.rewrite(part[part["name"] != b"two"] for part in Journal(path, KIND).read())
    assert read(path) == [b"one", b"three", b"four", b"five"]
    journal.append(records(b"six"))
    assert read(path)[-1] == b"six"
    assert [file.name for file in path.parent.iterdir()] == ["names-1"]


def test_a_full_disk_leaves_it_sound(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written of the records is taken away again."""

    def full(file: object, _: object) -> None:
        file.write(b"TLj1")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space"):
        broken.setattr("core.history.journal._write", full)
        Journal(path, KIND).append(records(b"six"))
    assert path.read_bytes() == before
