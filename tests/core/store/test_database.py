"""Opening the file, reading through cursors, and what is said when the file cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from core.errors import DatabaseInUse, StorageError
from core.store.database import Database
from core.store.streams import Streams
from tests.core.streams.support import Rig, new_answer, writer_held

ROOT = Path(__file__).parents[3]
HOLD = "import sys, duckdb; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
OPEN = """
import sys
from pathlib import Path
from core.errors import ThroughlineError
from core.store.database import Database
try:
    Database(Path(sys.argv[1]))
except ThroughlineError as error:
    print(error.code, error)
"""


def test_a_file_that_another_process_holds_names_the_holder(tmp_path: Path) -> None:
    """The second one to open the file is told which file, which process, and what to do."""
    path = tmp_path / "test.duckdb"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseInUse) as refused:
            Database(path)
        holder.kill()
    assert str(path) in refused.value.message
    assert f"PID {holder.pid}" in refused.value.message
    assert "stop that one, or set THROUGHLINE_DATA_DIR" in refused.value.message
    Database(path).close()


def test_an_open_database_keeps_other_processes_out(tmp_path: Path) -> None:
    """Nobody else can open the file while it is in use here."""
    path = tmp_path / "test.duckdb"
    database = Database(path)
    command = [sys.executable, "-c", OPEN, str(path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    database.close()
    assert said.startswith("database_in_use")
    assert f"PID {os.getpid()}" in said


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    """A wrong file is named, and not written over."""
    path = tmp_path / "test.duckdb"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StorageError, match=r"test\.duckdb cannot be opened as a database"):
        Database(path)
    assert path.read_text() == "Dear diary, " * 1000


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is said in a sentence."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageError, match=r"data cannot be used.*THROUGHLINE_DATA_DIR"):
        Database(tmp_path / "data" / "test.duckdb")


def test_a_database_that_was_refused_is_let_go_of(tmp_path: Path) -> None:
    """After a failed opening the same process can open the file once it is mended."""
    path = tmp_path / "test.duckdb"
    database = Database(path)
    database.write(lambda cursor: cursor.execute("insert into migrations values (99, now())").fetchall())
    database.close()
    with pytest.raises(StorageError):
        Database(path)
    said = subprocess.run(
        [sys.executable, "-c", OPEN, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("database_too_new")


def test_a_read_sees_the_last_commit_without_waiting_for_the_writer(rig: Rig) -> None:
    """A reader is answered while the writer is busy, with what was committed before."""
    asked, _ = rig.conversations.add_answer(new_answer())
    with writer_held(rig.database):
        found = rig.conversations.get(asked.conversation_id)
        assert found is not None
        assert found.message_count == 2


def test_a_snapshot_sees_one_commit(rig: Rig) -> None:
    """Queries of one snapshot agree although somebody writes between them."""
    sql = "select count(*) from messages"
    with rig.database.snapshot() as cursor:
        before = cursor.execute(sql).fetchall()
        rig.conversations.add_answer(new_answer())
        assert cursor.execute(sql).fetchall() == before == [(0,)]
    assert rig.database.fetch(sql) == [(2,)]


def test_a_snapshot_ends_with_an_error_inside_it(rig: Rig) -> None:
    """After a query that failed, the same thread reads on as if nothing had been."""
    with pytest.raises(Exception, match="no_such"), rig.database.snapshot() as cursor:
        cursor.execute("select * from no_such")
    rig.conversations.add_answer(new_answer())
    assert rig.database.fetch("select count(*) from messages") == [(2,)]


def test_every_thread_reads_with_its_own_cursor(rig: Rig) -> None:
    """Many threads read at the same time while one writes, and each gets whole answers."""
    rig.conversations.add_answer(new_answer())
    failed: list[object] = []

    def work() -> None:
        for _ in range(50):
            rows = rig.database.fetch("select count(*), count(distinct conversation_id) from messages")
            if rows[0][0] != 2 * rows[0][1]:
                failed.append(rows)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for seq in range(2, 12):
        rig.conversations.add_answer(new_answer(2 * seq))
    for thread in threads:
        thread.join(60)
    assert not failed


def test_times_come_back_in_utc(rig: Rig) -> None:
    """A stored time is the same instant when it is read, with its zone."""
    before = datetime.now(UTC)
    asked, _ = rig.conversations.add_answer(new_answer())
    found = rig.conversations.get(asked.conversation_id)
    assert found is not None
    assert found.created_at.utcoffset() is not None
    assert abs((found.created_at - before).total_seconds()) < 60


def test_the_log_is_folded_into_the_file_when_asked(tmp_path: Path) -> None:
    """A checkpoint empties the log, and everything is there after it."""
    rig = Rig(tmp_path / "test.duckdb")
    log = rig.stream()
    rig.write(log, *["word " * 100] * 50)
    assert rig.database.log_size > 0
    rig.database.checkpoint()
    assert rig.database.log_size == 0
    assert rig.streams.text(log.stream_id)[0] == "word " * 5000
    rig.close()


def test_closing_waits_for_who_is_still_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that runs while the database is closed is answered, and the file is let go of after it."""
    monkeypatch.setattr("core.store.database._PATIENCE", 60.0)
    database = Database(tmp_path / "test.duckdb")
    begun, found = threading.Event(), list[object]()

    def rows() -> Iterator[pa.RecordBatch]:
        begun.set()
        for n in range(30):
            time.sleep(0.01)
            yield pa.record_batch({"n": [n]})

    def read() -> None:
        with database.read() as cursor:
            cursor.register("slow", pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), rows()))
            found.extend(cursor.execute("select count(*) from slow").fetchall())

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    assert begun.wait(60)
    database.close()
    reading.join(60)
    assert found == [(30,)]
    with pytest.raises(Exception, match="closed"):
        database.fetch("select 1")


def test_the_memory_is_bounded_and_its_end_loses_nothing(tmp_path: Path) -> None:
    """It takes a share of the machine's memory; what needs more is refused with a sentence, and all else goes on."""
    rig = Rig(tmp_path / "test.duckdb")
    assert rig.database.fetch("select current_setting('memory_limit')") in ([("512.0 MiB",)], [("1.0 GiB",)])
    rig.database.fetch("set memory_limit = '24MiB'")
    log = rig.stream()
    for part in range(20):
        rig.write(log, f"{part:2} " + "word " * 10_000)
    sorting = "select list(text order by n) from chunks, range(200) r(n) group by n % 7"
    with pytest.raises(StorageError, match="too little memory"):
        rig.database.fetch(sorting)
    with pytest.raises(StorageError, match="too little memory"):
        rig.database.write(lambda cursor: cursor.execute(f"create table heap as {sorting}").fetchall())
    rig.write(log, "and on")
    rig.end(log)
    rig.database.checkpoint()
    rig.close()
    again = Database(tmp_path / "test.duckdb")
    assert Streams(again).text(log.stream_id)[0].endswith("word and on")
    assert len(Streams(again).text(log.stream_id)[0]) == 20 * 50_003 + 6
    again.close()


def test_what_was_queued_is_there_after_closing(tmp_path: Path) -> None:
    """Closing the database commits what was accepted."""
    database = Database(tmp_path / "test.duckdb")
    Streams(database).name("stream", "generation")
    database.close()
    again = Database(tmp_path / "test.duckdb")
    assert again.fetch("select * from generations") == [("stream", "generation")]
    again.close()
