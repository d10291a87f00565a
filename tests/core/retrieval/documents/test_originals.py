"""The files that were added, as they lie on disk."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.errors import StorageError
from core.retrieval.documents.originals import Originals, hash_of


@pytest.fixture
def originals(tmp_path: Path) -> Originals:
    return Originals(tmp_path / "uploads")


def files(*contents: bytes) -> dict[str, bytes]:
    return {hash_of(content): content for content in contents}


def test_bytes_are_kept_under_their_hash(originals: Originals, tmp_path: Path) -> None:
    """Whole, each once, and nothing else beside them."""
    many = files(*(f"file {n}".encode() for n in range(50)))
    for _ in range(2):
        with originals.keeping(many):
            assert all(originals.read(name) == data for name, data in many.items())
    assert originals.names() == set(many) == {path.name for path in (tmp_path / "uploads").iterdir()}


def test_what_is_still_wanted_is_not_dropped(originals: Originals) -> None:
    """Not while somebody adds the same bytes, nor while a document has them."""
    ((name, data),) = files(b"x").items()
    with originals.keeping({name: data}), originals.keeping({name: data}):
        originals.drop(name, lambda: False)
        assert originals.has(name)
    originals.drop(name, lambda: True)
    assert originals.has(name)
    originals.drop(name, lambda: False)
    originals.drop(name, lambda: False)
    assert not originals.has(name)
    with pytest.raises(FileNotFoundError):
        originals.read(name)


def test_leftovers_are_swept(originals: Originals, tmp_path: Path) -> None:
    """Half-written files too; an empty place has none."""
    originals.sweep([])
    kept = files(b"a", b"b")
    with originals.keeping(kept):
        pass
    (tmp_path / "uploads" / "abc.part").write_bytes(b"half")
    wanted = hash_of(b"a")
    originals.sweep({wanted, "never there"})
    assert originals.names() == {wanted}


def test_many_threads_may_keep_and_drop_the_same_bytes(originals: Originals) -> None:
    """Who keeps them always finds them whole."""
    ((name, data),) = files(b"x" * 10_000).items()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                with originals.keeping({name: data}):
                    assert originals.read(name) == data
                originals.drop(name, lambda: False)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With its name, and as something that a person can mend."""
    (tmp_path / "uploads").write_text("no folder")
    with pytest.raises(StorageError, match="uploads"), Originals(tmp_path / "uploads").keeping(files(b"x")):
        pass
