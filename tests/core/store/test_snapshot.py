"""The snapshot: what is new is added, what was purged goes, and whatever happens to its files it is right again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from core.errors import Unavailable
from core.models import Asked, Citation, Outcome, Retrieval, Status, Support, Trace, Usage
from core.store import snapshot_parts
from core.store.evidence import Evidence
from core.store.snapshot import Files, Snapshot
from core.store.snapshot_tables import GROWING, NAMES
from core.store.streams import Closing, append
from tests.core.streams.support import Rig, new_answer, writer_held
from tests.support.server import wait_for


class Place:
    """A rig and the snapshot of its database."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self.folder = folder
        self.snapshot = Snapshot(rig.database, folder)

    def restart(self) -> None:
        """The snapshot as another server finds it."""
        self.snapshot.close()
        self.snapshot = Snapshot(self.rig.database, self.folder)

    def answer(self, text: str = "text") -> Asked:
        """A conversation with an ended answer."""
        new = new_answer(self.rig.conversations.last_seq() + 1)
        self.rig.conversations.add_answer(new)
        now, outcome, trace = self.rig.database.clock.now(), Outcome(Status.DONE), Trace((len(text),), (5,))
        closing = Closing(new.ids.stream_id, outcome, text, "", trace, Trace(), 10, now)
        self.rig.database.write(lambda cursor: append(cursor, [], [closing]))
        return new.ids

    def delete(self, *asked: Asked) -> None:
        """Deletes conversations for good."""
        for ids in asked:
            self.rig.conversations.delete(ids.conversation_id)
        self.rig.conversations.purge(self.rig.database.clock.now() + timedelta(days=1))

    def files(self) -> Files:
        """What the snapshot is made of, as of now."""
        with self.snapshot.open(max_age=0) as files:
            return files

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a table of the snapshot, as of now."""
        with self.snapshot.open(max_age=0) as files, duckdb.connect() as connection:
            paths = [str(files.folder / name) for name in files.tables[table]]
            return connection.execute(f"select {columns} from read_parquet({paths})").fetchall()

    def texts(self) -> list[str]:
        """The answers of the snapshot, as of now."""
        return sorted(row[0] for row in self.rows("answers", "text"))


@pytest.fixture
def place(rig: Rig, tmp_path: Path) -> Iterator[Place]:
    """A database and the folder of its snapshot."""
    opened = Place(rig, tmp_path / "snapshot")
    yield opened
    opened.snapshot.close()


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step writes three rows of a table, and five files are many."""
    monkeypatch.setattr(snapshot_parts, "STEP", 3)
    monkeypatch.setattr(snapshot_parts, "MOST_SMALL", 4)


def test_nothing_is_written_until_somebody_asks(place: Place) -> None:
    """The folder is not even made."""
    place.answer()
    assert not place.folder.exists()
    assert place.texts() == ["text"]


def test_an_empty_history_has_every_table(place: Place) -> None:
    """With its columns, so that it can be queried."""
    assert set(place.files().tables) == set(NAMES)
    assert all(place.rows(name) == [] for name in NAMES)


def test_vectors_bytes_and_hashes_stay_behind(place: Place) -> None:
    """No column holds what is of no use to a reader, nor what a client sent to name its request."""
    with place.snapshot.open() as files, duckdb.connect() as connection:
        columns = [
            row[0]
            for names in files.tables.values()
            for row in connection.execute(f"describe from read_parquet('{files.folder / names[0]}')").fetchall()
        ]
    assert not {"embedding", "sha256", "client_id", "origin", "lengths", "times", "generation_id"} & set(columns)
    assert {"text", "question", "quote", "cost", "tags"} <= set(columns)


def test_what_is_new_is_added_and_the_rest_left_as_it_is(place: Place) -> None:
    """A file that was written is not written again."""
    place.answer("one")
    before = place.files()
    place.answer("two")
    after = place.files()
    assert place.texts() == ["one", "two"]
    for table in ("answers", "messages"):
        assert after.tables[table][: len(before.tables[table])] == before.tables[table]
        assert len(after.tables[table]) == len(before.tables[table]) + 1
    assert after.tables["documents"] == before.tables["documents"]


def test_nothing_new_writes_nothing(place: Place) -> None:
    """The files are the very same."""
    place.answer()
    assert place.files() == place.files()


def test_an_answer_is_there_once_it_has_ended(place: Place) -> None:
    """With all that is known of it, and what it was given."""
    log, evidence = place.rig.stream(), Evidence(place.rig.database)
    source = Citation(1, "p", "d", "Title", 2, "Quote", 0.5, 1, lexical_rank=4)
    evidence.add(log.stream_id, Retrieval("Why?", "Why?", citations=(source,), searched=5))
    place.rig.write(log, "text")
    assert (place.texts(), place.rows("retrieved")) == ([], [])
    place.rig.end(log, Status.STOPPED)
    assert place.rows("answers", "text, status, model, searched") == [("text", "stopped", "fake/echo", True)]
    assert place.rows("retrieved", "mark, title, quote, score, lexical_rank") == [(1, "Title", "Quote", 0.5, 4)]
    assert place.rows("retrievals", "question, searched, found") == [("Why?", 5, 1)]


def test_what_changes_is_written_anew(place: Place) -> None:
    """Titles and costs are as they are now, and only their files are written."""
    log = place.answer()
    before = place.files()
    place.rig.conversations.change(log.conversation_id, "title", "New")
    place.rig.streams.add_cost(log.stream_id, Usage(cost=0.5))
    assert place.rows("conversations", "title") == [("New",)]
    assert place.rows("costs", "cost") == [(0.5,)]
    changed = {name for name, files in place.files().tables.items() if files != before.tables[name]}
    assert changed == {"conversations", "costs"}


def test_what_was_purged_goes_from_the_files_though_nobody_asks(place: Place) -> None:
    """Once the snapshot hears of it; where there is none, none is made."""
    place.snapshot.forget_purged()
    assert not place.folder.exists()
    ids = place.answer("secret")
    old = place.files().tables["answers"]
    place.delete(ids)
    place.snapshot.forget_purged()
    wait_for(lambda: not any((place.folder / name).exists() for name in old[1:]), 60, "the file is still there")
    assert place.texts() == []


def test_supports_that_are_looked_at_again_are_those_of_now(place: Place) -> None:
    """What was found before is not kept beside them."""
    ids, evidence = place.answer(), Evidence(place.rig.database)
    for score in (0.25, 0.75):
        evidence.add_supports(ids.message_id, ids.stream_id, [Support(1, 0, 4, score)])
        assert place.rows("supports", "score") == [(score,)]


def test_supports_that_change_places_are_those_of_now(place: Place) -> None:
    """Two answers are looked at anew, and the rows of the second come out as they were."""
    first, second, evidence = place.answer(), place.answer(), Evidence(place.rig.database)
    for score in (0.25, 0.75):
        evidence.add_supports(first.message_id, first.stream_id, [Support(1, 0, 4, score)])
        evidence.add_supports(second.message_id, second.stream_id, [Support(1, 0, 4, 0.5)])
        assert sorted(place.rows("supports", "score")) == sorted([(score,), (0.5,)])


def test_a_deleted_conversation_is_named_and_a_purged_one_is_gone(place: Place) -> None:
    """From all files, also from those that were written long ago."""
    kept, gone = place.answer("kept"), place.answer("gone")
    place.rig.conversations.rate(gone.message_id, 1, "secret")
    assert place.texts() == ["gone", "kept"]
    place.rig.conversations.delete(gone.conversation_id)
    assert place.files().deleted == (gone.conversation_id,)
    assert place.rows("conversations", "conversation_id") == [(kept.conversation_id,)]
    place.delete()
    assert place.files().deleted == ()
    assert (place.texts(), place.rows("feedback")) == (["kept"], [])
    assert not any(gone.conversation_id.encode() in path.read_bytes() for path in place.folder.iterdir())
    assert {path.name for path in place.folder.glob("*.parquet")} == _named(place.files())


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("gone", [(0,), (9,), (5, 6, 7, 8, 9), tuple(range(10)), (2, 9)])
def test_what_is_added_after_a_purge_is_neither_missed_nor_doubled(
    place: Place, small_steps: None, gone: tuple[int, ...], checkpoint: bool
) -> None:
    """Wherever the purged rows stood, and whether a checkpoint numbers the rows anew or not."""
    logs = [place.answer(f"{number}") for number in range(6)]
    assert len(place.texts()) == 6
    logs += [place.answer(f"{number}") for number in range(6, 10)]
    place.delete(*(logs[number] for number in gone))
    if checkpoint:
        place.rig.database.checkpoint()
    for number in range(10, 10 + len(gone)):
        place.answer(f"{number}")
    expected = sorted(str(number) for number in range(10 + len(gone)) if number not in gone)
    assert place.texts() == expected
    assert len(place.rows("messages")) == 2 * len(expected)
    place.answer("last")
    assert place.texts() == sorted([*expected, "last"])


def test_files_stay_few(place: Place, small_steps: None) -> None:
    """Those that are small are made one, and nothing is lost on the way."""
    for number in range(15):
        place.answer(f"{number:02}")
        assert len(place.rows("answers", "text")) == number + 1
    assert place.texts() == [f"{number:02}" for number in range(15)]
    assert len(place.files().tables["answers"]) <= 15 // 3 + 4
    assert {path.name for path in place.folder.glob("*.parquet")} == _named(place.files())


def test_a_long_history_is_written_in_steps(place: Place, small_steps: None) -> None:
    """Each a file of its own; whoever asked gets all of it."""
    for number in range(10):
        place.answer(f"{number}")
    assert place.texts() == [str(number) for number in range(10)]
    assert place.rows("answers", "text") == [(str(number),) for number in range(10)]


def test_it_goes_on_where_it_was_after_a_restart(place: Place) -> None:
    """Only what is new is written."""
    place.answer("one")
    before = place.files()
    place.restart()
    place.answer("two")
    assert place.texts() == ["one", "two"]
    assert place.files().tables["answers"][0] == before.tables["answers"][0]


def _cut(folder: Path) -> None:
    path = max(folder.glob("answers-*"), key=lambda path: path.stat().st_size)
    path.write_bytes(path.read_bytes()[:-10])


def _zeros(folder: Path) -> None:
    path = max(folder.glob("answers-*"), key=lambda path: path.stat().st_size)
    path.write_bytes(bytes(path.stat().st_size))


def _other_schema(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"schema": 1', '"schema": 0'), "utf-8")


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("{"),
        lambda folder: (folder / "manifest.json").write_text('{"schema": 1}'),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: next(folder.glob("messages-*")).unlink(),
        lambda folder: [path.unlink() for path in folder.iterdir()],
        _cut,
        _zeros,
        _other_schema,
    ],
)
def test_what_is_not_whole_at_the_start_is_written_anew(place: Place, harm: Callable[[Path], object]) -> None:
    """A power cut, a disk that was full, an older version: the history is what the database says."""
    place.answer("one")
    place.files()
    place.snapshot.close()
    harm(place.folder)
    place.restart()
    place.answer("two")
    assert place.texts() == ["one", "two"]


def test_what_a_crash_left_behind_is_removed(place: Place) -> None:
    """Files that no manifest names do not pile up."""
    place.answer()
    place.files()
    for name in ("answers-stray.parquet", "manifest.json.tmp"):
        (place.folder / name).write_bytes(b"half")
    place.restart()
    place.files()
    assert {path.name for path in place.folder.iterdir()} == {*_named(place.files()), "manifest.json"}


def test_another_database_in_its_place_is_noticed(place: Place, tmp_path: Path) -> None:
    """A copy that was restored, or a new one: what is there now counts."""
    place.answer("one")
    place.files()
    other = Rig(tmp_path / "other.duckdb")
    with_other = Place(other, place.folder)
    with_other.answer("other")
    try:
        assert with_other.texts() == ["other"]
    finally:
        with_other.snapshot.close()
        other.close()


def test_files_stay_while_somebody_reads_them(place: Place, small_steps: None) -> None:
    """What has been replaced meanwhile goes when the last reader does."""
    log = place.answer("secret")
    with place.snapshot.open(max_age=0) as files:
        place.delete(log)
        assert place.texts() == []
        assert all((files.folder / name).exists() for name in _named(files))
    assert not any((files.folder / name).exists() for name in files.tables["answers"])


def test_who_asks_within_the_second_shares_what_is_there(place: Place) -> None:
    """Nothing is looked at again for each."""
    with place.snapshot.open(max_age=0) as first:
        place.answer()
        with place.snapshot.open(max_age=3600) as again, place.snapshot.open(max_age=0) as now:
            assert again.generation == first.generation < now.generation


def test_who_asks_at_once_waits_for_the_same(place: Place) -> None:
    """All see what was there when they asked."""
    for number in range(5):
        place.answer(f"{number}")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: len(place.texts()), range(16))) == [5] * 16


def test_it_waits_for_no_writer(place: Place) -> None:
    """What is being committed is not there yet, and holds up nobody."""
    place.answer("one")
    with writer_held(place.rig.database):
        assert place.texts() == ["one"]


def test_who_asks_too_early_hears_to_come_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long history takes its time at first, which goes on when nobody waits."""
    place.answer("one")
    released = threading.Event()
    advance = snapshot_parts.Parts.advance

    def slow(parts: snapshot_parts.Parts, *arguments: Any) -> bool:
        released.wait(60)
        return advance(parts, *arguments)

    monkeypatch.setattr(snapshot_parts.Parts, "advance", slow)
    with pytest.raises(Unavailable, match="being prepared"), place.snapshot.open(patience=0.01):
        pass
    released.set()
    assert place.texts() == ["one"]


def test_a_failure_leaves_nothing_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a step is removed, and the next try is whole."""
    place.answer("one")
    with monkeypatch.context() as patch:
        patch.setattr(snapshot_parts, "DELETED", "select no_such_column from conversations")
        for _ in range(2):
            with pytest.raises(duckdb.Error), place.snapshot.open(max_age=0):
                pass
        assert list(place.folder.glob("*.parquet")) == []
    assert place.texts() == ["one"]


def test_a_closed_snapshot_says_so(place: Place) -> None:
    """The server is about to end."""
    place.snapshot.close()
    with pytest.raises(Unavailable, match="shutting down"), place.snapshot.open():
        pass


def test_every_growing_table_is_followed_by_a_key_of_its_own(place: Place) -> None:
    """The key is read alike from the database and from the snapshot."""
    ids, evidence = place.answer(), Evidence(place.rig.database)
    place.rig.conversations.rate(ids.message_id, 1, None)
    evidence.add_supports(ids.message_id, ids.stream_id, [Support(1, 0, 4, 0.5)])
    for table in GROWING:
        ours = place.rig.database.fetch(f"select {table.key} from {table.source}")
        assert place.rows(table.name, table.kept_key) == ours != []


def _named(files: Files) -> set[str]:
    return {name for names in files.tables.values() for name in names}
