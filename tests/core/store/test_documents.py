"""Documents in a real database: added, opened to search, replaced, removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import NotFound
from core.ids import new_id
from core.models import Document, Filter, Passage
from core.store.database import Database
from core.store.documents import Counts, Documents
from core.store.states import Finished
from core.store.versions import NewDocument


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "test.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


def unit(n: int, seed: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((n, 384), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def add(
    documents: Documents, name: str = "a.txt", data: str | None = None, tags: tuple[str, ...] = ()
) -> tuple[Document, bool]:
    sha256 = data or f"hash of {name}"
    return documents.add(title=name, filename=name, media_type="text/plain", size=3, sha256=sha256, tags=tags)


def passages(document_id: str, n: int, first: int = 0) -> list[Passage]:
    return [
        Passage(new_id(), document_id, "", i, f"passage {i}", "A › B", 2, 10 * i, 10 * i + 9)
        for i in range(first, first + n)
    ]


def ready(documents: Documents, name: str, n: int = 2, data: str | None = None, tags: tuple[str, ...] = ()) -> str:
    document, _ = add(documents, name, data, tags)
    assert documents.append(passages(document.id, n), unit(n))
    assert documents.finish([Finished(document.id)])
    return document.id


def stored(database: Database) -> set[str]:
    """The documents that have passages."""
    return {row[0] for row in database.fetch("select distinct document_id from passages")}


def test_the_same_bytes_are_the_same_document(documents: Documents) -> None:
    """Adding a hash again gives the row that is there."""
    first, created = add(documents)
    again, created_again = add(documents, "b.txt", "hash of a.txt")
    assert (created, created_again) == (True, False)
    assert again == first
    assert (first.status, first.origin) == ("indexing", "a.txt")
    assert documents.list() == (first,)


def test_a_failed_document_is_replaced_when_it_is_added_again(documents: Documents) -> None:
    """A failure is no obstacle to trying once more, and leaves one row, which both ids find."""
    first, _ = add(documents)
    documents.append(passages(first.id, 3), unit(3))
    assert documents.set_failed(first.id, "It broke.")
    assert documents.get(first.id).error == "It broke."
    again, created = add(documents)
    assert created
    assert [d.id for d in documents.list()] == [again.id]
    assert documents.get(first.id) == again


def test_many_files_are_added_at_once(documents: Documents) -> None:
    """Each has its answer in order; what is given twice is there once."""
    files = [
        NewDocument(new_id(), documents.now(), f"T{i}", f"{i}.md", "text/markdown", i, f"hash {i % 300}", f"x/{i}.md")
        for i in range(400)
    ]
    answers = documents.add_many(files)
    assert [created for _, created in answers] == [True] * 300 + [False] * 100
    assert [document_id for document_id, _ in answers[300:]] == [document_id for document_id, _ in answers[:100]]
    assert documents.count() == Counts(indexing=300)
    assert [d.title for d in documents.list(2)] == ["T299", "T298"]
    assert documents.list(1)[0].origin == "x/299.md"


def test_a_newer_version_takes_the_place_of_the_old_when_it_is_ready(documents: Documents, database: Database) -> None:
    """Until then the old one is searched; afterwards its id finds the new one, and its passages are still there."""
    told: list[str] = []
    documents.changed.append(told.append)
    old = ready(documents, "a.txt", 2, "one", ("draft",))
    new, _ = add(documents, "a.txt", "two")
    assert documents.searchable(Filter((old,))) == {old}
    assert documents.append(passages(new.id, 3), unit(3))
    told.clear()
    assert documents.finish([Finished(new.id, "A title", "https://example.com/a")]) == (new.id,)
    assert told == [new.id, old]
    (listed,) = documents.list()
    assert (listed.id, listed.title, listed.url, listed.tags) == (
        new.id, "A title", "https://example.com/a", ("draft",)
    )  # fmt: skip
    assert documents.searchable(Filter((old,))) == documents.current_ids([old]) == {new.id}
    assert documents.get(old) == listed
    assert stored(database) == {old, new.id}


def test_a_newer_version_that_fails_leaves_the_old(documents: Documents) -> None:
    """It is searched as before, and the chain goes on from it."""
    old = ready(documents, "a.txt", 2, "one")
    broken, _ = add(documents, "a.txt", "two")
    documents.set_failed(broken.id, "It broke.")
    assert {d.id: d.status for d in documents.list()} == {old: "ready", broken.id: "failed"}
    newest = ready(documents, "a.txt", 2, "three")
    assert [d.id for d in documents.list()] == [newest]
    assert documents.current_ids([old, broken.id, "unknown"]) == {newest}


def test_bytes_of_an_older_version_make_it_the_newest_again(documents: Documents) -> None:
    """As a new document, so that what cites the older one is as it was."""
    first = ready(documents, "a.txt", 2, "one")
    second = ready(documents, "a.txt", 2, "two")
    third = ready(documents, "a.txt", 2, "one")
    assert len({first, second, third}) == 3
    assert [d.id for d in documents.list()] == [third]
    assert documents.current_ids([first, second]) == {third}


def test_a_title_that_a_person_gave_stays(documents: Documents) -> None:
    """What the file calls itself gives way to it."""
    given, _ = documents.add(title="Mine", filename="a", media_type="t", size=1, sha256="x", titled=True)
    documents.finish([Finished(given.id, "Its own")])
    assert documents.get(given.id).title == "Mine"


def test_a_filter_chooses_by_document_tag_and_date(documents: Documents) -> None:
    """All of its parts must fit; nothing asked for lets all through."""
    one, two = ready(documents, "one", tags=("a", "b")), ready(documents, "two", tags=("c",))
    add(documents, "waits", tags=("a",))
    start = documents.get(one).created_at
    later = documents.get(two).created_at
    assert documents.searchable(Filter()) is None
    for chosen, found in (
        (Filter((one,)), {one}),
        (Filter(()), set()),
        (Filter(("unknown",)), set()),
        (Filter(tags=("b", "c")), {one, two}),
        (Filter(tags=("A",)), set()),
        (Filter((two,), ("a",)), set()),
        (Filter(since=start), {one, two}),
        (Filter(since=later), {two}),
        (Filter(until=later), {one}),
        (Filter(since=later + timedelta(seconds=1)), set()),
    ):
        assert documents.searchable(chosen) == found, chosen


def test_tags_are_listed_once_and_can_be_changed(documents: Documents) -> None:
    """In alphabetical order, of every document that is listed."""
    one = ready(documents, "one", tags=("b", "A"))
    ready(documents, "two", tags=("b",))
    assert documents.tags() == ("A", "b")
    documents.set_tags(one, ["c"])
    documents.set_tags(one, ["d", "c"])
    assert documents.get(one).tags == ("d", "c")
    assert documents.tags() == ("b", "c", "d")
    documents.remove(one)
    assert documents.tags() == ("b",)


def test_documents_are_found_by_title_or_origin(documents: Documents) -> None:
    """Whatever the case; what means something to SQL means nothing here."""
    add(documents, "Straße 100%.txt")
    add(documents, "notes/b_c.md")
    names = [document.origin for document in documents.list(query=" NOTES/ ")]
    assert names == ["notes/b_c.md"]
    assert [len(documents.list(query=text)) for text in ("strasse", "STRA", "0%", "%", "_", "'", "")] == [
        0, 1, 1, 1, 1, 0, 2
    ]  # fmt: skip
    assert [d.title for d in documents.list(1, 1)] == ["Straße 100%.txt"]


def test_a_removed_document_is_gone_but_remembered(documents: Documents, database: Database) -> None:
    """Its passages, older versions and names leave the database; only its hash tells that it was here."""
    old = ready(documents, "gone", 5, "older")
    gone, kept = ready(documents, "gone", tags=("secret",)), ready(documents, "kept")
    add(documents, "its other name", "hash of gone")
    documents.remove(gone)
    assert stored(database) == {kept}
    assert [d.id for d in documents.list()] == [kept]
    assert documents.known(["hash of gone", "older"], ["gone", "kept"]) == ({"hash of gone": "removed"}, {"kept"})
    rows = database.fetch("select * exclude (sha256) from documents") + database.fetch("select * from aliases")
    assert not any(word in str(rows) for word in ("gone", "its other name", "secret"))
    for call in (documents.get, documents.remove):
        for one in (gone, old):
            with pytest.raises(NotFound):
                call(one)
    assert add(documents, "gone")[1]


def test_a_removed_newer_version_leaves_the_old_as_it_was(documents: Documents) -> None:
    """What waited to be replaced by it waits no more."""
    old = ready(documents, "a.txt", 2, "one")
    new, _ = add(documents, "a.txt", "two")
    documents.remove(new.id)
    assert [d.id for d in documents.list()] == [old]
    assert add(documents, "a.txt", "one") == (documents.get(old), False)


def test_nothing_is_added_to_a_document_that_was_ended_meanwhile(documents: Documents, database: Database) -> None:
    """Indexing that outlives its document leaves nothing behind, whether it was removed or cancelled."""
    removed, cancelled = add(documents, "a")[0].id, add(documents, "b")[0].id
    for one in (removed, cancelled):
        assert documents.append(passages(one, 3), unit(3))
    documents.remove(removed)
    assert documents.cancel(cancelled)
    other, _ = add(documents, "c")
    mixed = [*passages(removed, 2), *passages(other.id, 2), *passages(cancelled, 2)]
    assert documents.store(mixed, unit(6)) == {removed, cancelled}
    for one in (removed, cancelled):
        assert not documents.finish([Finished(one)])
        assert not documents.set_failed(one, "late")
        assert not documents.cancel(one)
    assert stored(database) == {other.id}
    assert documents.get(cancelled).status == "cancelled"


def test_all_that_is_being_indexed_is_cancelled(
    documents: Documents, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was added of it, bit by bit; what is ready, or has failed, stays as it is."""
    monkeypatch.setattr("core.store.states._SLICE", 1)
    whole, failed = ready(documents, "whole"), add(documents, "failed")[0].id
    documents.set_failed(failed, "It broke.")
    half, waits = (add(documents, name)[0].id for name in ("half", "waits"))
    documents.append(passages(half, 3), unit(3))
    assert sorted(map(sorted, documents.cancel_all())) == sorted([[half], [waits]])
    assert list(documents.cancel_all()) == []
    assert [documents.get(one).status for one in (whole, failed, half, waits)] == [
        "ready", "failed", "cancelled", "cancelled"
    ]  # fmt: skip
    assert stored(database) == {whole}


def test_what_was_cancelled_or_failed_can_be_tried_again(documents: Documents) -> None:
    """Nothing else can."""
    cancelled, failed = add(documents, "a")[0].id, add(documents, "b")[0].id
    documents.cancel(cancelled)
    documents.set_failed(failed, "It broke.")
    for one in (cancelled, failed):
        assert documents.retry(one)
        assert (documents.get(one).status, documents.get(one).error) == ("indexing", None)
        assert not documents.retry(one)
    assert not documents.retry(ready(documents, "c"))


def test_long_documents_are_stored_in_slices(documents: Documents) -> None:
    """All of their passages arrive, in order."""
    one = ready(documents, "long", 300)
    assert [p.ordinal for p in documents.passages.of([one])] == list(range(300))
    assert documents.get(one).passages == 300


def test_the_next_start_goes_on_where_the_last_server_was_killed(documents: Documents, database: Database) -> None:
    """What waits is given in order and without what was half done; a file that is not there is said to be lost."""
    whole = ready(documents, "whole")
    half, lost, waits = (add(documents, name)[0].id for name in ("half", "lost", "waits"))
    documents.append(passages(half, 3), unit(3))
    assert documents.start_over({"hash of half", "hash of waits", "hash of whole"}) == (half, waits)
    assert documents.get(lost).status == "failed"
    assert "Add the file again" in str(documents.get(lost).error)
    assert stored(database) == {whole}


def test_a_start_drops_what_was_replaced_and_nobody_cites(documents: Documents, database: Database) -> None:
    """Passages that an answer cites stay, so that it opens as before."""
    cited, uncited = ready(documents, "a", 2, "a1"), ready(documents, "b", 2, "b1")
    newer = {ready(documents, "a", 2, "a2"), ready(documents, "b", 2, "b2")}
    insert = (
        "insert into retrieved (stream_id, mark, rank, passage_id, document_id, title, quote, score) "
        "values ('s', 1, 1, 'p', ?, 't', 'q', 1)"
    )
    database.write(lambda cursor: cursor.execute(insert, [cited]))
    assert stored(database) == {cited, uncited, *newer}
    documents.start_over([])
    assert stored(database) == {cited, *newer}
    assert documents.current_ids([uncited]) < newer


def test_a_listener_that_fails_changes_nothing(documents: Documents) -> None:
    """What was committed is committed, and the next listener is told."""
    told: list[str] = []
    documents.changed += [lambda _: 1 / 0, told.append]  # type: ignore[list-item,return-value]
    assert ready(documents, "a") == told[0]


def test_vectors_of_older_versions_are_known(documents: Documents) -> None:
    """By heading and text, where the title is the same; also those of a replaced version with the same bytes."""
    first = ready(documents, "a", 3, "one")
    second, _ = add(documents, "a", "two")
    work = documents.work(second.id)
    assert work is not None
    assert work.older == (first,)
    known = documents.vectors(work.older, "a")
    assert known.keys() == {("A › B", f"passage {i}") for i in range(3)}
    assert known["A › B", "passage 1"] == pytest.approx(unit(3)[1])
    assert documents.vectors(work.older, "another title") == {}
    documents.finish([Finished(second.id)])
    third, _ = add(documents, "a", "one")
    again = documents.work(third.id)
    assert again is not None
    assert set(again.older) == {first, second.id}
    assert documents.work(first) is None
