"""The watched folder: what is taken of it, when, and what is left alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import Document
from core.retrieval.documents.inbox import Inbox
from core.retrieval.documents.library import Library
from core.store.documents import Documents
from tests.core.retrieval.adding import PATIENCE, opened
from tests.support.server import wait_for


class Desk:
    """A library and its inbox, which looks when the test says so."""

    def __init__(self, folder: Path, library: Library, documents: Documents) -> None:
        self.folder = folder / "inbox"
        self.folder.mkdir(exist_ok=True)
        self.library = library
        self.documents = documents
        self.again()

    def again(self) -> None:
        """As after a restart: nothing is remembered."""
        self.inbox = Inbox(self.folder, self.documents, self.library.add_many)

    def put(self, path: str, text: str) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def look(self, times: int = 2) -> dict[str, Document]:
        """Looks; afterwards all documents by origin, none of which is being indexed."""
        for _ in range(times):
            self.inbox.look()
        wait_for(lambda: not self.library.progress(), PATIENCE, "indexing does not end")
        return {document.origin: document for document in self.library.list()}

    def skipped(self) -> dict[str, str]:
        return dict(self.inbox.skipped())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as (library, documents):
        yield Desk(tmp_path, library, documents)


def test_a_file_is_taken_when_it_has_settled(desk: Desk) -> None:
    """It is a document once two looks found it the same, and stays where it is."""
    desk.put("deep/er/a.md", "# A\n\nSome words.")
    assert desk.look(1) == {}
    desk.put("deep/er/a.md", "# A\n\nSome words and more.")
    assert desk.look(1) == {}
    found = desk.look(1)
    assert [(origin, document.status) for origin, document in found.items()] == [("inbox/deep/er/a.md", "ready")]
    assert (desk.folder / "deep/er/a.md").exists()
    assert desk.look() == found


def test_a_changed_file_replaces_its_document(desk: Desk) -> None:
    """So after a restart; one that is deleted stays."""
    desk.put("a.txt", "One.")
    first = desk.look()["inbox/a.txt"]
    desk.put("a.txt", "Two!!")
    second = desk.look()["inbox/a.txt"]
    assert second.id != first.id
    desk.again()
    assert desk.look()["inbox/a.txt"] == second
    (desk.folder / "a.txt").unlink()
    assert list(desk.look()) == ["inbox/a.txt"]


def test_what_a_person_removed_stays_away_until_it_changes(desk: Desk) -> None:
    """Also when it is written anew with the same bytes, and after a restart."""
    desk.put("a.txt", "One.")
    desk.library.remove(desk.look()["inbox/a.txt"].id)
    os.utime(desk.folder / "a.txt", (1, 1))
    assert desk.look() == {}
    desk.again()
    assert desk.look() == {}
    desk.put("a.txt", "Two!!")
    assert list(desk.look()) == ["inbox/a.txt"]
    desk.put("a.txt", "One.")
    changed_back = desk.look()["inbox/a.txt"]
    assert desk.library.original(changed_back.id) == b"One."


def test_what_failed_or_was_cancelled_waits_for_a_person(desk: Desk) -> None:
    """No look and no restart tries it again."""
    desk.put("a.docx", "PK broken")
    failed = desk.look()["inbox/a.docx"]
    assert failed.status == "failed"
    desk.again()
    assert desk.look()["inbox/a.docx"] == failed
    assert desk.skipped() == {}


def test_what_is_not_taken_is_said_until_it_changes_or_vanishes(desk: Desk) -> None:
    """Kind, emptiness and links, each with its sentence."""
    desk.put("a.exe", "MZ")
    desk.put("b.txt", " ")
    desk.put("good.txt", "Words.")
    (desk.folder / "link.txt").symlink_to("/etc/passwd")
    (desk.folder / "linked").symlink_to("/etc")
    assert list(desk.look()) == ["inbox/good.txt"]
    assert set(desk.skipped()) == {"a.exe", "b.txt", "link.txt", "linked"}
    assert "empty" in desk.skipped()["b.txt"]
    desk.put("b.txt", "Words at last.")
    (desk.folder / "a.exe").unlink()
    assert "inbox/b.txt" in desk.look()
    assert set(desk.skipped()) == {"link.txt", "linked"}


def test_hidden_and_half_downloaded_files_are_passed_over(desk: Desk) -> None:
    """In silence."""
    for name in (".hidden.txt", ".git/a.txt", "a.txt.part", "b.txt.crdownload", "~$c.docx", "d.txt~", "Thumbs.db"):
        desk.put(name, "Words.")
    os.mkfifo(desk.folder / "pipe.txt")
    assert desk.look() == {}
    assert desk.skipped() == {}


def test_copies_are_one_document_until_one_of_them_changes(desk: Desk) -> None:
    """Then the other is still there."""
    desk.put("a.txt", "The same.")
    desk.put("b.txt", "The same.")
    assert len(desk.look()) == 1
    desk.put("a.txt", "Not the same.")
    found = desk.look(4)
    assert {origin: desk.library.original(d.id) for origin, d in found.items()} == {
        "inbox/a.txt": b"Not the same.", "inbox/b.txt": b"The same."
    }  # fmt: skip


def test_a_file_whose_bytes_came_from_elsewhere_and_were_replaced_there_comes_in(desk: Desk) -> None:
    """It was the copy of a document of another name, and now is one itself."""
    desk.library.add("upload.txt", b"The same.")
    desk.put("a.txt", "The same.")
    assert list(desk.look()) == ["upload.txt"]
    desk.library.add("upload.txt", b"Changed.")
    desk.put("b.txt", "Another.")
    assert {"inbox/a.txt", "upload.txt"} <= set(desk.look(4))


def test_an_unchanged_file_is_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at a folder of files that are known reads none of them."""
    desk.put("a.txt", "Words.")
    desk.put("b.exe", "MZ")
    desk.look(3)
    monkeypatch.setattr("core.retrieval.documents.inbox.read_file", lambda *_: pytest.fail("it was read"))
    desk.look(3)


def test_many_files_are_taken_whatever_happens_to_the_folder(desk: Desk) -> None:
    """A batch larger than what is read at a time; the folder vanishes and comes back."""
    for number in range(150):
        desk.put(f"{number % 7}/{number}.txt", f"Words of {number}.")
    assert len(desk.look()) == 150
    desk.folder.rename(desk.folder.with_name("away"))
    assert len(desk.look()) == 150
    desk.folder.with_name("away").rename(desk.folder)
    assert len(desk.look()) == 150


def test_a_file_that_cannot_be_read_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sentence says so; once it can be read it is taken."""
    desk.put("a.txt", "Words.")

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:  # No file can be made unreadable for root.
        patch.setattr("core.retrieval.documents.inbox.read_file", denied)
        assert desk.look() == {}
    assert "cannot be read: Permission denied" in desk.skipped()["a.txt"]
    assert list(desk.look(1)) == ["inbox/a.txt"]
    assert desk.skipped() == {}


def test_a_file_for_which_there_is_no_room_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full now, and is not for ever."""
    desk.put("a.txt", "Words.")
    with monkeypatch.context() as patch:
        patch.setattr("core.retrieval.documents.originals.SPARE", 1 << 60)
        assert desk.look(3) == {}
        assert "Free some space" in desk.skipped()["a.txt"]
    assert list(desk.look(1)) == ["inbox/a.txt"]
    assert desk.skipped() == {}


def test_names_that_are_no_text_are_files_like_others(desk: Desk) -> None:
    """Two of them stay two."""
    for name in (b"\xff.txt", b"\xfe.txt"):
        Path(os.fsdecode(bytes(desk.folder) + b"/" + name)).write_bytes(b"Words of " + name.hex().encode())
    assert len(desk.look()) == 2


def test_the_folder_is_made_and_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a thread that survives what goes wrong at a look, and says it."""
    monkeypatch.setattr("core.retrieval.documents.inbox._SECONDS", 0.05)
    with opened(tmp_path) as (library, _):
        (tmp_path / "inbox").write_text("in the way")
        library.watch()
        wait_for(lambda: "cannot be used" in str(library.skipped()), PATIENCE, "it is not said")
        (tmp_path / "inbox").unlink()
        wait_for((tmp_path / "inbox").is_dir, PATIENCE, "there is no folder")
        (tmp_path / "inbox" / "a.txt").write_text("Words.")
        wait_for(lambda: library.count().ready == 1 and not library.skipped(), PATIENCE, "it is not taken")
