"""Imports that go on by themselves: how far they are, how they end, what waits to be imported."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from core.errors import Conflict, Unsupported
from core.exchange.report import Report
from core.exchange.run import Run
from tests.core.exchange import samples
from tests.core.exchange.support import Desk, SlowFile, file_of


def test_an_import_goes_on_by_itself(desk: Desk) -> None:
    """It is begun, and its report is filled whoever waits for it."""
    run = desk.exchange.begin(file_of([samples.chatgpt()]), "conversations.json")
    assert desk.exchange.running is run
    assert run.wait(60)
    assert (run.name, run.error, run.progress, run.report.new) == ("conversations.json", None, 1.0, 5)
    assert len(desk.messages("Deploying")) == 5


def test_a_look_imports_nothing(desk: Desk) -> None:
    """It counts what an import would do, and is nothing that others wait for."""
    run = desk.exchange.look(file_of([samples.chatgpt()]), "conversations.json")
    assert run.wait(60)
    assert run.report.new == 5
    assert desk.everything()["messages"] == []
    assert desk.exchange.running is None


def test_one_import_at_a_time(desk: Desk) -> None:
    """Another one is not begun until the first has ended."""
    slow = SlowFile([samples.chatgpt()])
    run = desk.exchange.begin(slow, "first.json")
    assert slow.begun.wait(60)
    with pytest.raises(Conflict):
        desk.exchange.begin(file_of([samples.chatgpt()]), "second.json")
    assert not run.done
    assert desk.exchange.running is run
    slow.go_on.set()
    assert run.wait(60)
    assert run.report.new == 5


def test_progress_is_how_much_was_read() -> None:
    """It grows from nothing to all while the file is read."""
    seen: list[float] = []
    halfway, go_on = threading.Event(), threading.Event()

    def deed(file: BinaryIO, _report: Report) -> None:
        file.read(50)
        halfway.set()
        assert go_on.wait(60)

    run = Run(deed, io.BytesIO(b"x" * 100), "x")
    assert halfway.wait(60)
    seen.append(run.progress)
    go_on.set()
    assert run.wait(60)
    assert [*seen, run.progress] == [0.5, 1.0]


def test_a_file_that_is_no_export_is_said(desk: Desk) -> None:
    """What ended it is a sentence for whoever watches."""
    run = desk.exchange.look(io.BytesIO(b"hello"), "hello.txt")
    assert run.wait(60)
    with pytest.raises(Unsupported) as refused:
        desk.exchange.inspect(io.BytesIO(b"hello"))
    assert run.error == refused.value.message


def test_a_file_that_is_gone_is_said(desk: Desk, tmp_path: Path) -> None:
    """As is one that may not be read."""
    gone = desk.exchange.look(tmp_path / "gone.json", "gone.json")
    folder = desk.exchange.look(tmp_path, "folder")
    assert gone.wait(60)
    assert folder.wait(60)
    assert gone.error == "The file is no longer there. Choose another one."
    assert folder.error is not None
    assert folder.error.startswith("The file cannot be read.")


def test_files_wait_in_a_folder(desk: Desk) -> None:
    """Those that may be exports are listed, the newest first, and can be imported from there."""
    assert desk.exchange.waiting() == []
    for age, name in enumerate(["new.ZIP", "old.json", "notes.txt"]):
        path = desk.exchange.folder / name
        path.write_bytes(file_of([samples.chatgpt()]).read())
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    (desk.exchange.folder / "folder.json").mkdir()
    waiting = desk.exchange.waiting()
    assert [path.name for path in waiting] == ["new.ZIP", "old.json"]
    run = desk.exchange.begin(waiting[1], waiting[1].name)
    assert run.wait(60)
    assert run.report.new == 5
