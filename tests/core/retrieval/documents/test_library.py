"""The library: adding, replacing, cancelling, removing, and going on after a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document as Docx

from core.errors import (
    Conflict,
    DocumentError,
    InvalidValue,
    NotFound,
    StorageError,
    ThroughlineError,
    TooLarge,
    Unavailable,
    Unsupported,
)
from core.models import Document
from core.retrieval.documents.indexing import LOADING
from core.retrieval.documents.intake import NewFile
from core.retrieval.documents.library import Library
from core.retrieval.documents.originals import hash_of
from core.retrieval.documents.queue import READING
from core.retrieval.encoders.embed import Embedder
from core.store.database import Database
from core.store.documents import Counts, Documents
from tests.core.retrieval.adding import PATIENCE, HandEmbedder, kept, opened, texts
from tests.core.retrieval.conftest import SAMPLES
from tests.support.server import wait_for

WORDS = b"Some words."


@pytest.fixture
def shut() -> HandEmbedder:
    """A model that is still loading."""
    return HandEmbedder(open=False)


@pytest.fixture
def waiting(tmp_path: Path, shut: HandEmbedder) -> Iterator[Library]:
    """A library in which nothing gets further than to the model."""
    with opened(tmp_path, shut) as (library, _):
        yield library


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Library]:
    """A library whose model takes no time."""
    with opened(tmp_path) as (library, _):
        yield library


def ready(library: Library, name: str, data: bytes) -> Document:
    document = library.wait(library.add(name, data)[0].id, PATIENCE)
    assert document.status == "ready", document.error
    return document


def test_a_file_becomes_a_document(database: Database, embedder: Embedder) -> None:
    """Added, it is indexing; a moment later it is ready, and its file can be had again."""
    library, data = Library(Documents(database), embedder), SAMPLES / "lighthouse.pdf"
    document, created = library.add("C:\\docs\\lighthouse.pdf", data.read_bytes())
    assert (created, document.status, document.filename) == (True, "indexing", "lighthouse.pdf")
    assert document.origin == "docs/lighthouse.pdf"
    document = library.wait(document.id, 60)
    assert (document.status, document.title) == ("ready", "The lighthouse on Gull Point")
    assert document.passages >= 3
    assert library.progress() == {}
    assert library.original(document.id) == data.read_bytes()
    library.close()


def test_the_same_bytes_are_added_once(waiting: Library, tmp_path: Path) -> None:
    """Under another name too, in one batch too, and while they are being indexed."""
    first, created = waiting.add("a.txt", WORDS)
    again, created_again = waiting.add("b.md", WORDS)
    assert (created, created_again, again.id) == (True, False, first.id)
    one, two = waiting.add_many([NewFile("c.txt", b"Others."), NewFile("d.txt", b"Others.")])
    assert one.document and two.document
    assert (one.created, two.created, one.document.id) == (True, False, two.document.id)
    assert kept(tmp_path) == {hash_of(WORDS), hash_of(b"Others.")}


def test_each_file_of_a_batch_has_its_own_error(quick: Library) -> None:
    """One that cannot be taken is no obstacle to the others."""
    files = [
        NewFile("a.txt", WORDS),
        NewFile("a.exe", b"MZ"),
        NewFile("b.txt", b" "),
        NewFile("c.pdf", b"no pdf"),
        NewFile("d.txt", WORDS * 2, url="javascript:alert(1)"),
        NewFile("folder/e.txt", WORDS * 3, tags=(" two  words ", "TWO words", "")),
    ]
    added = quick.add_many(files)
    assert [type(one.error) for one in added] == [
        type(None), Unsupported, DocumentError, DocumentError, InvalidValue, type(None)
    ]  # fmt: skip
    last = added[-1].document
    assert last is not None
    assert (last.origin, last.filename, last.tags) == ("folder/e.txt", "e.txt", ("two words",))
    assert quick.wait(last.id, PATIENCE).status == "ready"
    assert len(quick.list()) == 2


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [("a.exe", b"MZ", Unsupported), ("a.txt", b"", DocumentError), ("a.txt", bytes(52_428_801), TooLarge)],
)
def test_what_can_be_seen_to_be_wrong_is_refused_at_once(
    quick: Library, tmp_path: Path, name: str, data: bytes, error: type[ThroughlineError]
) -> None:
    """Its name, size or first bytes tell; nothing is kept of it."""
    with pytest.raises(error):
        quick.add(name, data.replace(b"\0", b"x"))
    assert quick.list() == ()
    assert kept(tmp_path) == set()


def test_what_cannot_be_read_fails_with_its_sentence(quick: Library) -> None:
    """As the document's error; the same bytes can be added again, under a better name too."""
    document, _ = quick.add("a.docx", b"PK broken")
    failed = quick.wait(document.id, 60)
    assert (failed.status, failed.passages) == ("failed", 0)
    assert failed.error
    again, created = quick.add("a.txt", b"PK broken")
    assert created
    assert quick.wait(again.id, PATIENCE).status == "ready"
    assert [d.id for d in quick.list()] == [again.id] == [quick.get(failed.id).id]


def test_pasted_text_becomes_a_document(quick: Library) -> None:
    """Markdown, or a page where it looks like one; a title that was given wins over its own."""
    given, _ = quick.add_text("My notes", "# Other\n\nThe text.", tags=["a"])
    page, _ = quick.add_text(
        "", "<!-- x -->\n<!DOCTYPE html><title>Its title</title><p>Text", url="https://example.com/a"
    )
    bare, _ = quick.add_text(" ", "Dear reader,\n\nmany thanks.")
    titles = [quick.wait(document.id, PATIENCE).title for document in (given, page, bare)]
    assert titles == ["My notes", "Its title", "Dear reader,"]
    assert [d.media_type for d in (given, page, bare)] == ["text/markdown", "text/html", "text/markdown"]
    assert [d.origin for d in (given, page)] == ["text/My notes", "text/https://example.com/a"]
    assert (given.tags, page.url) == (("a",), "https://example.com/a")
    assert quick.add_text("", "Dear reader,\n\nno thanks.")[1]
    assert quick.count().ready + quick.count().indexing == 4
    newer, _ = quick.add_text("My notes", "Another text.")
    assert quick.wait(newer.id, PATIENCE).id == quick.get(given.id).id == newer.id


@pytest.mark.parametrize(
    ("title", "text", "url", "tags", "error"),
    [
        ("x" * 201, "text", None, [], InvalidValue), ("x", " \n", None, [], DocumentError),
        ("x", "text", "ftp://example.com", [], InvalidValue), ("x", "text", "https://", [], InvalidValue),
        ("x", "text", "https://a b", [], InvalidValue), ("x", "text", "https://[", [], InvalidValue),
        ("x", "text", "https://example.com/" + "x" * 2000, [], InvalidValue),
        ("x", "text", None, ["x" * 51], InvalidValue), ("x", "text", None, [str(i) for i in range(21)], InvalidValue),
    ],
)  # fmt: skip
def test_pasted_text_is_refused_with_a_sentence(
    quick: Library, title: str, text: str, url: str | None, tags: list[str], error: type[ThroughlineError]
) -> None:
    """A title, an address or a tag that cannot be taken is said."""
    with pytest.raises(error):
        quick.add_text(title, text, url=url, tags=tags)
    assert quick.list() == ()


def test_hostile_names_lead_nowhere(quick: Library) -> None:
    """Neither out of the folder nor into errors."""
    for number, name in enumerate(
        ("../../etc/passwd.txt", "/a/../b.txt", "\udc80.txt", "x" * 5000 + ".txt", "a\0b.txt")
    ):
        document = ready(quick, name, f"Text {number}.".encode())
        assert ".." not in document.origin
        assert len(document.filename) <= 200
        assert not document.origin.startswith("/")


def test_a_bug_while_indexing_fails_the_document_not_the_library(
    quick: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next document is indexed as ever."""
    with monkeypatch.context() as patch:
        patch.setattr("core.retrieval.documents.preparing.Finished", lambda *_: 1 / 0)
        document, _ = quick.add("a.txt", WORDS)
        assert quick.wait(document.id, PATIENCE).status == "failed"
    quick.retry(document.id)
    assert quick.wait(document.id, PATIENCE).status == "ready"


def test_a_changed_file_replaces_its_old_version_once_it_is_ready(tmp_path: Path, shut: HandEmbedder) -> None:
    """Tags go over, the old file goes, and the old id finds the new document; its passages stay for citations."""
    with opened(tmp_path, shut) as (library, documents):
        shut.gate.set()
        old = ready(library, "folder/a.md", b"# A\n\nOld text.")
        library.set_tags(old.id, ["b", "a"])
        shut.gate.clear()
        new, created = library.add("folder/a.md", b"# A\n\nNew text.")
        assert (created, new.tags, library.get(old.id).status) == (True, ("b", "a"), "ready")
        assert library.tags() == ("a", "b")
        shut.gate.set()
        assert library.wait(new.id, PATIENCE).status == "ready"
        assert [d.id for d in library.list()] == [new.id] == [library.get(old.id).id]
        assert texts(documents, old.id) == ["Old text."]
        assert kept(tmp_path) == {new.sha256}
        with pytest.raises(NotFound):
            library.original(old.id)
        library.remove(old.id)
        assert library.list() == ()
        assert texts(documents, old.id) == texts(documents, new.id) == []


def test_a_newer_version_that_fails_leaves_the_old(quick: Library) -> None:
    """And the next one replaces both."""
    old = ready(quick, "a.docx", _docx())
    broken, _ = quick.add("a.docx", b"PK broken")
    assert quick.wait(broken.id, PATIENCE).status == "failed"
    assert quick.get(old.id).status == "ready"
    newest = ready(quick, "a.docx", _docx("Newer words."))
    assert [d.id for d in quick.list()] == [newest.id]


def _docx(text: str = "Words.") -> bytes:
    out, file = BytesIO(), Docx()
    file.add_paragraph(text)
    file.save(out)
    return out.getvalue()


def test_what_waits_can_be_cancelled_and_tried_again(waiting: Library, shut: HandEmbedder) -> None:
    """At once, whether its turn has come or not; who waits for it goes on."""
    working, _ = waiting.add("a.txt", b"First words.")
    assert shut.asked.wait(PATIENCE)
    assert waiting.progress()[working.id].note == LOADING
    last, _ = waiting.add("b.txt", b"Last words.")
    canceller = threading.Timer(0.1, waiting.cancel, [last.id])
    canceller.start()
    assert waiting.wait(last.id, PATIENCE).status == "cancelled"
    canceller.join(PATIENCE)
    waiting.cancel(working.id)
    waiting.cancel(working.id)
    assert waiting.count() == Counts(cancelled=2)
    assert waiting.progress() == {}
    waiting.retry(working.id)
    waiting.retry(working.id)
    shut.gate.set()
    assert waiting.wait(working.id, PATIENCE).passages == 1
    assert waiting.add("c.txt", b"Last words.")[1]


def test_everything_that_waits_is_cancelled_at_once(waiting: Library, shut: HandEmbedder) -> None:
    """Together with what is being worked on; what is ready stays, and all of it can be tried again."""
    shut.gate.set()
    done = ready(waiting, "done.txt", b"Done words.")
    shut.gate.clear()
    added = [waiting.add(f"{n}.txt", f"Words of {n}.".encode())[0] for n in range(20)]
    assert waiting.cancel_all() == 20
    assert waiting.count() == Counts(ready=1, cancelled=20)
    assert (waiting.progress(), waiting.batch()) == ({}, (0, 0))
    assert waiting.cancel_all() == 0
    shut.gate.set()
    for document in added:
        waiting.retry(document.id)
    assert {waiting.wait(document.id, PATIENCE).status for document in (done, *added)} == {"ready"}


@pytest.mark.parametrize("end", [Library.cancel, Library.remove, lambda library, _: library.cancel_all()])
def test_a_file_is_read_no_further_once_nobody_wants_it(quick: Library, end: Callable[[Library, str], object]) -> None:
    """However long it would take; the next is read, and it can be tried again."""
    slow, _ = quick.add("slow.html", b"<div>" * 400_000)
    wait_for(lambda: quick.progress()[slow.id].note == READING, PATIENCE, "it is not read")
    end(quick, slow.id)
    assert ready(quick, "a.txt", WORDS).passages == 1


def test_a_file_that_takes_long_to_read_holds_up_no_other(quick: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come after it are ready while it is still being read."""
    monkeypatch.setattr("core.retrieval.documents.readers._HELD_UP", 0.1)
    slow, _ = quick.add("slow.html", b"<div>" * 400_000)
    added = [quick.add(f"{n}.txt", f"Words of {n}.".encode())[0] for n in range(3)]
    assert {quick.wait(document.id, PATIENCE).status for document in added} == {"ready"}
    assert quick.progress()[slow.id].note == READING
    quick.cancel(slow.id)


def test_what_makes_no_sense_is_said(quick: Library, tmp_path: Path) -> None:
    """Nothing to cancel, nothing to try again, nothing there."""
    document = ready(quick, "a.txt", WORDS)
    for call in (quick.cancel, quick.retry):
        with pytest.raises(Conflict, match="ready"):
            call(document.id)
    for call in (quick.cancel, quick.retry, quick.remove, quick.get, quick.wait, quick.original):
        with pytest.raises(NotFound):
            call("unknown")
    failed, _ = quick.add("a.docx", b"PK broken")
    quick.wait(failed.id, PATIENCE)
    (tmp_path / "uploads" / failed.sha256).unlink()
    with pytest.raises(Conflict, match="Add it again"):
        quick.retry(failed.id)


def test_a_removed_document_leaves_nothing(waiting: Library, shut: HandEmbedder, tmp_path: Path) -> None:
    """Even one that is being indexed, and who waits for it is told."""
    document, _ = waiting.add("a.txt", WORDS)
    assert shut.asked.wait(PATIENCE)
    remover = threading.Timer(0.1, waiting.remove, [document.id])
    remover.start()
    with pytest.raises(NotFound):
        waiting.wait(document.id, PATIENCE)
    remover.join(PATIENCE)
    shut.gate.set()
    other = ready(waiting, "b.txt", b"Others.")
    assert kept(tmp_path) == {other.sha256}
    assert [d.id for d in waiting.list()] == [other.id]
    assert waiting.add("a.txt", WORDS)[1]


def test_a_batch_goes_on_after_a_restart(tmp_path: Path, shut: HandEmbedder) -> None:
    """What was ready stays so, what waited is indexed in the order of adding, and each passage is there once."""
    files = [NewFile(f"{n:03}.md", f"# File {n}\n\nWords of {n}.".encode()) for n in range(150)]
    with opened(tmp_path, shut) as (library, documents):
        shut.gate.set()
        first = ready(library, "first.txt", WORDS)
        shut.gate.clear()
        added = [one.document for one in library.add_many(files) if one.document]
        assert shut.asked.wait(PATIENCE)
        assert library.batch()[1] == 150
    (tmp_path / "uploads" / "left.over").write_bytes(b"x")
    with opened(tmp_path, again := HandEmbedder()) as (library, documents):
        for document in added:
            assert library.wait(document.id, PATIENCE).status == "ready"
            assert texts(documents, document.id) == [f"Words of {int(document.filename[:3])}."]
        assert library.count() == Counts(ready=151)
        assert library.get(first.id).passages == 1
        told = [text for batch in again.batches for text in batch]
        assert told == [f"File {n}\nWords of {n}." for n in range(150)]
        assert len(kept(tmp_path)) == 151
        assert library.batch() == (0, 0)


def test_what_was_half_indexed_starts_anew(tmp_path: Path, shut: HandEmbedder) -> None:
    """Passages that were stored before the end are not there twice."""
    data = "\n\n".join(f"# Part {n}\n\n{f'word{n} ' * 90}" for n in range(200)).encode()
    with opened(tmp_path) as (whole, documents):
        expected = texts(documents, ready(whole, "a.md", data).id)
        whole.remove(whole.list()[0].id)
    with opened(tmp_path, shut) as (library, documents):
        document, _ = library.add("a.md", data)
        assert shut.asked.wait(PATIENCE)
        shut.gate.set()
        while not texts(documents, document.id):
            pass
        shut.gate.clear()
    with opened(tmp_path) as (library, documents):
        assert library.wait(document.id, PATIENCE).status == "ready"
        assert texts(documents, document.id) == expected


def test_a_file_that_was_not_kept_is_said_to_be_lost(tmp_path: Path, shut: HandEmbedder) -> None:
    """The next start says so; other documents go on."""
    with opened(tmp_path, shut) as (library, _):
        lost, other = library.add("a.txt", WORDS)[0], library.add("b.txt", b"Others.")[0]
    (tmp_path / "uploads" / lost.sha256).unlink()
    with opened(tmp_path) as (library, _):
        assert "Add the file again" in str(library.get(lost.id).error)
        assert library.wait(other.id, PATIENCE).status == "ready"


def test_samples_that_a_person_removed_stay_away(tmp_path: Path) -> None:
    """The others are not added twice."""
    for expected in (6, 0):
        with opened(tmp_path) as (library, documents):
            assert len(library.add_samples(SAMPLES)) == expected
            for document in library.list():
                library.wait(document.id, PATIENCE)
            for document in library.list(query="samples/ferry"):
                library.remove(document.id)
            assert len(documents.list()) == 5


def test_the_sample_folder_may_hold_other_files(quick: Library, tmp_path: Path) -> None:
    """What is no document is passed over."""
    folder = tmp_path / "samples"
    (folder / "folder.md").mkdir(parents=True)
    (folder / "notes.exe").write_text("x")
    assert quick.add_samples(folder) == ()


def test_a_full_disk_and_a_long_line_are_said(waiting: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is refused while there is no room for it; nothing else suffers."""
    with monkeypatch.context() as patch:
        patch.setattr("core.retrieval.documents.originals.SPARE", 1 << 60)
        with pytest.raises(StorageError, match="Free some space"):
            waiting.add("a.txt", WORDS)
        assert waiting.add_samples(SAMPLES) == ()
    waiting.add("a.txt", WORDS)
    monkeypatch.setattr("core.retrieval.documents.adding._MOST_WAITING", 1)
    with pytest.raises(Unavailable, match="waiting"):
        waiting.add("b.txt", b"Others.")


def test_who_waits_is_let_go_when_the_library_closes(tmp_path: Path, shut: HandEmbedder) -> None:
    """With the document as it is."""
    found: list[str] = []
    with opened(tmp_path, shut) as (library, _):
        document, _ = library.add("a.txt", WORDS)
        waiter = threading.Thread(target=lambda: found.append(library.wait(document.id).status))
        waiter.start()
        assert shut.asked.wait(PATIENCE)
        assert library.wait(document.id, 0).status == "indexing"
        library.stop()
        shut.close()
        library.close()
        waiter.join(PATIENCE)
    assert found == ["indexing"]


def test_waiting_for_anything_to_be_ready_ends_with_the_line(waiting: Library, shut: HandEmbedder) -> None:
    """At once when nothing waits, and when the condition holds after some document has ended."""
    waiting.wait_until(lambda: False, PATIENCE)
    first, second = waiting.add("a.txt", WORDS)[0], waiting.add("b.txt", b"Others.")[0]
    canceller = threading.Timer(0.1, waiting.cancel, [first.id])
    canceller.start()
    waiting.wait_until(lambda: waiting.get(first.id).status == "cancelled", PATIENCE)
    canceller.join(PATIENCE)
    assert waiting.get(second.id).status == "indexing"
