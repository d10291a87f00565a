"""One thread writes for everybody: in order, many jobs to a commit, and no job at another's expense."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from core.errors import StorageError
from core.store.writer import Writer, readable


class Notes:
    """A table with a writer of its own."""

    def __init__(self, path: Path) -> None:
        self.connection = duckdb.connect(str(path))
        self.connection.execute("create table notes (n integer primary key)")
        self.writer = Writer(self.connection.cursor(), 0.005)

    def add(self, n: int) -> Future[Any]:
        return self.writer.submit(lambda cursor: cursor.execute("insert into notes values (?)", [n]).fetchall())

    def hold(self) -> threading.Event:
        """Keeps the writer busy until the event is set, so that what is queued meanwhile shares one commit."""
        entered, released = threading.Event(), threading.Event()

        def job(_: DuckDBPyConnection) -> bool:
            entered.set()
            return released.wait(60)

        self.writer.submit(job)
        assert entered.wait(60)
        return released

    def saved(self) -> list[int]:
        return [row[0] for row in self.connection.cursor().execute("select n from notes order by rowid").fetchall()]


@pytest.fixture
def notes(tmp_path: Path) -> Any:
    opened = Notes(tmp_path / "notes.duckdb")
    yield opened
    opened.writer.close()
    opened.connection.close()


def test_a_result_comes_with_its_commit(notes: Notes) -> None:
    """When a job's future has its result, another connection sees what it wrote."""
    for n in range(20):
        assert notes.add(n).result(60) == [(1,)]
        assert notes.saved()[-1] == n


def test_nothing_is_seen_before_its_commit(notes: Notes) -> None:
    """What a job has written is invisible until the group it belongs to is committed."""
    released = notes.hold()
    added = notes.add(1)
    assert not added.done()
    assert notes.saved() == []
    released.set()
    added.result(60)
    assert notes.saved() == [1]


def test_jobs_that_wait_share_one_commit_in_their_order(notes: Notes) -> None:
    """All that was queued while a commit ran belongs to the next transaction, in the order of asking."""
    released = notes.hold()
    added = [notes.add(n) for n in (3, 1, 2)]
    ids = [notes.writer.submit(lambda cursor: cursor.execute("select txid_current()").fetchone()[0]) for _ in range(3)]
    released.set()
    for future in added:
        future.result(60)
    assert notes.saved() == [3, 1, 2]
    assert len({future.result(60) for future in ids}) == 1


def test_a_failing_job_does_not_fail_its_neighbours(notes: Notes) -> None:
    """Of a group with one wrong job all others are saved, in order, and the wrong one alone gets its error."""
    released = notes.hold()
    good, bad, doubled = notes.add(1), notes.writer.submit(lambda _: 1 / 0), notes.add(1)
    late = notes.add(2)
    released.set()
    good.result(60)
    late.result(60)
    with pytest.raises(ZeroDivisionError):
        bad.result(60)
    with pytest.raises(duckdb.ConstraintException):
        doubled.result(60)
    assert notes.saved() == [1, 2]


def test_a_job_that_fails_leaves_nothing_behind(notes: Notes) -> None:
    """What a job wrote before its error is rolled back."""

    def half(cursor: DuckDBPyConnection) -> None:
        cursor.execute("insert into notes values (7)").fetchall()
        raise KeyError("stop")

    with pytest.raises(KeyError):
        notes.writer.submit(half).result(60)
    assert notes.saved() == []
    notes.add(8).result(60)
    assert notes.saved() == [8]


def test_close_commits_what_is_queued(notes: Notes) -> None:
    """Closing waits for everything that was accepted."""
    released = notes.hold()
    added = [notes.add(n) for n in range(100)]
    closing = threading.Thread(target=notes.writer.close, daemon=True)
    closing.start()
    released.set()
    closing.join(60)
    assert all(future.done() and not future.exception() for future in added)
    assert notes.saved() == list(range(100))


def test_a_closed_writer_refuses_with_a_sentence(notes: Notes) -> None:
    """What comes after the end is refused at once rather than lost."""
    notes.writer.close()
    with pytest.raises(StorageError, match=r"shutting down.*Try again"):
        notes.add(1)


def test_many_threads_lose_nothing(notes: Notes) -> None:
    """Jobs from many threads are all saved, each thread's in its order."""
    failed: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for future in [notes.add(n) for n in range(start, start + 50)]:
                future.result(60)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(start * 1000,), daemon=True) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    saved = notes.saved()
    assert len(saved) == 400
    for start in range(8):
        own = [n for n in saved if n // 1000 == start]
        assert own == sorted(own)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Could not write file: No space left on device", "disk is full"),
        ("Could not write file: File too large", "disk is full"),
        ("Could not write file: Disk quota exceeded", "disk is full"),
        ("Cannot open file: Read-only file system", "Make it writable"),
        ("Cannot open file: Permission denied", "Make it writable"),
        ("Could not read file: Input/output error", "Check the disk"),
    ],
)
def test_a_failure_of_the_disk_says_what_to_do(said: str, sentence: str) -> None:
    """What a person can mend is said in a sentence."""
    error = readable(duckdb.IOException(said))
    assert isinstance(error, StorageError)
    assert sentence in str(error)


def test_too_little_memory_says_what_to_do() -> None:
    """DuckDB's own advice is for programmers."""
    error = readable(duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block (1.0 GiB/1.0 GiB used)"))
    assert isinstance(error, StorageError)
    assert "too little memory" in str(error)


def test_a_database_that_gave_up_says_to_restart() -> None:
    """After a failed checkpoint DuckDB refuses everything, and the sentence says so."""
    error = readable(duckdb.FatalException("Failed: database has been invalidated because of a previous fatal error"))
    assert isinstance(error, StorageError)
    assert "restart Throughline" in str(error)


def test_mistakes_of_the_code_are_not_dressed_up() -> None:
    """An error that no person can mend stays what it is."""
    for error in (duckdb.ConstraintException("Duplicate key"), ValueError("No space left")):
        assert readable(error) is error
