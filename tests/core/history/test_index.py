"""The index of the history is kept in step with the database, whatever happens between the two."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.clock import Clock
from core.errors import Unavailable
from core.history.search import History, HistoryFilter
from core.ids import new_id
from core.models import Outcome, Status
from core.retrieval.encoders.embed import Embedder
from tests.core.history.desk import PATIENCE, Desk, desk_at, stream, talk
from tests.support.server import ROOT, wait_for


def purge(desk: Desk) -> None:
    """Removes for good what was deleted, as is done when it is quiet."""
    desk.conversations.purge(desk.database.clock.now() + timedelta(seconds=1))
    desk.database.checkpoint()


def test_a_deleted_conversation_is_found_no_more(desk: Desk) -> None:
    """At once, by words, by meaning and among the newest; restored, it is found again."""
    gone, stays = desk.put(talk("the tide")), desk.put(talk("the tide"))
    desk.embedded()
    desk.conversations.delete(gone.id)
    assert desk.history.search("the tide").hits[0].conversation_id == stays.id
    for query in ("the tide", ""):
        assert {hit.conversation_id for hit in desk.history.search(query).hits} == {stays.id}
    desk.conversations.change(gone.id, "deleted_at", None)
    assert len(desk.found("tide")) == 2


def test_what_is_removed_for_good_leaves_the_index(tmp_path: Path, light: Embedder) -> None:
    """Its words and vectors too, also after a restart; what comes next is found."""
    with desk_at(tmp_path, light) as desk:
        gone, stays = desk.put(talk("the tide")), desk.put(talk("the tide"))
        desk.embedded()
        desk.conversations.delete(gone.id)
        purge(desk)
        newer = desk.put(talk("the tide, once more"))
        expected = {one.messages[0].id for one in (stays, newer)}
        assert set(desk.found("tide")) == expected
        assert desk.history.search("").searched == 4
        wait_for(lambda: desk.history.progress() == (4, 4), PATIENCE, "not everything is embedded")
        assert len(desk.history._index.columns.behind("embedded")) == 0
    with desk_at(tmp_path, light) as desk:
        assert set(desk.found("tide")) == expected
        assert desk.history.search("").searched == 4


def test_deleted_while_the_index_was_away(tmp_path: Path, light: Embedder) -> None:
    """Deleted, purged, and its order numbers given to others: nothing old is found at the next start."""
    with desk_at(tmp_path, light) as desk:
        stays, gone = desk.put(talk("the tide")), desk.put(talk("the moon and the stars"))
        desk.embedded()
        seqs = [node.seq for node in desk.conversations.tree(gone.id)]
        desk.history.close()
        desk.conversations.delete(gone.id)
        purge(desk)
        other = desk.put(talk("the wind"))
        assert [node.seq for node in desk.conversations.tree(other.id)] == seqs
    with desk_at(tmp_path, light) as desk:
        assert desk.found("moon") == []
        assert desk.found("wind") == [other.messages[0].id]
        assert desk.found("tide") == [stays.messages[0].id]
        desk.embedded()
        assert desk.history.search("the moon and the stars").hits[0].message_id != other.messages[1].id


def test_a_restart_takes_up_nothing_anew(tmp_path: Path, light: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """No words and no vectors are made twice."""
    with desk_at(tmp_path, light) as desk:
        said = desk.put(talk("the tide", stream("comes and goes"), stream(" again and again")))
        desk.embedded()
    files = {path: path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file()}
    monkeypatch.setattr(Embedder, "passages", None)
    with desk_at(tmp_path, light) as desk:
        desk.embedded()
        assert desk.found("tide") == [said.messages[0].id]
        assert desk.history.search("comes and goes again").hits[0].message_id == said.messages[1].id
    assert {path: path.read_bytes() for path in files} == files


def test_a_continued_answer_is_found_by_all_it_says(desk: Desk) -> None:
    """The words of before and those that were added, once; by its meaning too."""
    conversation = desk.put(talk("Why?", stream("Because of the moon", Status.STOPPED, cites=("d1",))))
    answer = conversation.messages[1]
    desk.embedded()
    assert desk.found("moon") == [answer.id]
    stream_id = new_id()
    values = [stream_id, answer.id, conversation.id, desk.conversations.last_seq() + 1, "fake/echo", False, None]
    row = [*values, desk.conversations.now()]
    desk.database.write(lambda c: c.execute("insert into streams values (?, ?, ?, ?, ?, ?, ?, ?)", row).fetchall())
    log = desk.hub.open(stream_id, conversation.id)
    log.begin()
    assert desk.found("moon") == desk.found("", HistoryFilter(statuses=(Status.PENDING,))) == [answer.id]
    desk.write(log, " and the sun [1].")
    desk.hub.close_stream(log, Outcome(Status.DONE))
    wait_for(lambda: log.outcome is not None, PATIENCE, "the stream is not closed")
    assert desk.found("moon") == desk.found("sun") == desk.found("", HistoryFilter(document_id="d1")) == [answer.id]
    desk.embedded()
    assert desk.history.search("Because of the moon and the sun [1].").hits[0].score == pytest.approx(1, abs=0.01)


def test_many_messages_at_once_are_taken_up_in_slices(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, and all of them in the end."""
    monkeypatch.setattr("core.history.taking._SLICE", 10)
    monkeypatch.setattr("core.history.taking._READ", 4)
    talks = [desk.put(talk(f"the tide, number {number}")) for number in range(40)]
    assert set(desk.found("tide", limit=100)) == {one.messages[0].id for one in talks}
    desk.embedded()
    assert desk.history.progress() == (80, 80)


def test_a_kill_between_two_commits_loses_nothing(tmp_path: Path, light: Embedder) -> None:
    """The database has the messages, the index of words has them, and what it holds was not noted; or it has not."""
    work = (
        "import os, sys; from pathlib import Path\n"
        "from core.history.journal import Journal\n"
        "from core.retrieval.encoders.embed import Embedder\n"
        "from tests.core.history.desk import desk_at, talk\n"
        "with desk_at(Path(sys.argv[1]), Embedder()) as desk:\n"
        "    desk.put(talk('the tide'))\n"
        "    assert desk.found('tide')\n"
        "    Journal.append = lambda *_: os.kill(os.getpid(), 9)\n"
        "    desk.put(talk('the tide'))\n"
        "    desk.found('tide')\n"
    )
    done = subprocess.run([sys.executable, "-c", work, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    with desk_at(tmp_path, light) as desk:
        assert len(desk.found("tide")) == 2
        desk.embedded()
        assert desk.history.progress() == (4, 4)


@pytest.mark.parametrize("harm", ["all gone", "words gone", "words broken", "notes gone", "notes cut", "vectors cut"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, light: Embedder, harm: str) -> None:
    """Words or vectors, whatever happened to their files."""
    with desk_at(tmp_path, light) as desk:
        said = [desk.put(talk("the tide")), desk.put(talk("the moon", stream("It shines.")))]
        desk.embedded()
    index = tmp_path / "index"
    if harm == "all gone":
        shutil.rmtree(index)
    elif harm == "words gone":
        shutil.rmtree(index / "words-2")
    elif harm == "words broken":
        for path in (index / "words-2").iterdir():
            path.write_bytes(b"\xff" * 50)
    elif harm == "notes gone":
        (index / "texts-1").unlink()
    else:
        path = index / ("texts-1" if harm == "notes cut" else "vectors-1")
        path.write_bytes(path.read_bytes()[:-5])
    with desk_at(tmp_path, light) as desk:
        assert desk.found("tide") == [said[0].messages[0].id]
        desk.embedded()
        assert set(desk.found("moon shines")) == {message.id for message in said[1].messages}
        assert desk.history.search("It shines.").hits[0].message_id == said[1].messages[1].id
        assert desk.history.progress() == (4, 4)


def test_an_index_that_breaks_while_it_is_used_is_made_anew(tmp_path: Path, light: Embedder) -> None:
    """The next search finds everything again."""
    with desk_at(tmp_path, light) as desk:
        said = desk.put(talk("the tide"))
        assert desk.found("tide")
    for path in (tmp_path / "index" / "words-2").glob("*.term"):
        path.write_bytes(b"\xff" * path.stat().st_size)
    with desk_at(tmp_path, light) as desk:
        desk.history.search("tide")
        assert desk.found("tide") == [said.messages[0].id]


def test_a_disk_that_cannot_be_written_is_tried_again(
    tmp_path: Path, light: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing fails meanwhile, and in the end everything is found."""
    monkeypatch.setattr("core.history.index._PAUSES", (0.05,))
    with desk_at(tmp_path, light) as desk:
        desk.put(talk("the tide"))
        assert len(desk.found("tide")) == 1
        with monkeypatch.context() as broken:
            broken.setattr("core.history.journal._write", _full)
            desk.put(talk("the tide"))
            assert desk.history.search("tide").hits
        assert len(desk.found("tide")) == 2


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_is_not_embedded_yet_is_not_put_last(tmp_path: Path, light: Embedder) -> None:
    """Its words decide about it meanwhile."""
    busy = [False]
    with desk_at(tmp_path / "one", light) as desk:
        history = History(desk.database, tmp_path / "other", light, waits=lambda: busy[0])
        for number in range(5):
            desk.put(talk(f"tide {number}"))
        assert history.settled(PATIENCE)
        wait_for(lambda: history.progress() == (10, 10), PATIENCE, "not everything is embedded")
        busy[0] = True
        newer = desk.put(talk("whale tide"))
        assert history.settled(PATIENCE)
        assert history.progress() == (10, 12)
        found = history.search("whale tide")
        assert found.by_meaning
        assert (found.hits[0].message_id, len(found.hits)) == (newer.messages[0].id, 6)
        history.close()


def test_documents_and_answers_go_first(tmp_path: Path, light: Embedder) -> None:
    """While documents are embedded messages are not; words are taken up all the same."""
    busy = [True]
    with desk_at(tmp_path / "one", light) as desk:
        history = History(desk.database, tmp_path / "other", light, waits=lambda: busy[0], gentle=lambda: True)
        said = desk.put(talk("the tide"))
        assert history.settled(PATIENCE)
        assert history.search("tide").hits[0].message_id == said.messages[0].id
        assert history.progress() == (0, 2)
        busy[0] = False
        wait_for(lambda: history.progress() == (2, 2), PATIENCE, "not everything is embedded")
        history.close()


class _Picky(Embedder):
    """Cannot take some texts."""

    ready = True

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("poison" in text for text in texts):
            raise Unavailable("The embedding model cannot take this text.")
        return np.eye(len(texts), 384, dtype=np.float32)

    def query(self, text: str) -> NDArray[np.float32]:
        return np.eye(1, 384, dtype=np.float32)[0]


def test_a_text_that_the_model_cannot_take_goes_without(tmp_path: Path) -> None:
    """All others are embedded, and it is found by its words."""
    with desk_at(tmp_path, _Picky()) as desk:
        said = [desk.put(talk(text)) for text in ("the tide", "a poison", "the moon")]
        desk.embedded()
        assert desk.history.progress() == (6, 6)
        assert said[1].messages[0].id in desk.found("poison")
        by_meaning = {hit.message_id for hit in desk.history.search("nothing").hits}
        assert said[1].messages[0].id not in by_meaning
        assert said[0].messages[0].id in by_meaning


def test_times_are_those_of_the_database(tmp_path: Path, light: Embedder) -> None:
    """To the microsecond."""
    with desk_at(tmp_path, light) as desk:
        at = Clock().now()
        said = desk.put(talk("the tide", at=at))
        tick = timedelta(microseconds=1)
        assert len(desk.found("", HistoryFilter(since=at, until=at + tick))) == 2
        assert desk.found("", HistoryFilter(since=at + tick)) == desk.found("", HistoryFilter(until=at)) == []
        assert desk.history.search("").hits[0].created_at == said.created_at
