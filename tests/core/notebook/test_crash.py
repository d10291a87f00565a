"""A server that ends while cells run: what was committed is there, what ran is not run, and nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from core.notebook.notebooks import Notebooks
from tests.core.analysis.support import history
from tests.core.notebook.support import FOR_EVER, PATIENCE, desk, sql
from tests.support.server import wait_for

ROOT = Path(__file__).parents[3]
_DYING = """
import sys, time
from pathlib import Path
from core.notebook.values import CellStatus
from tests.core.notebook.support import FOR_EVER, desk, sql

with desk(Path(sys.argv[1])) as at:
    notebook = at.made(sql("a", "select 1 as n"), sql("b", "select n from a"))
    at.notebooks.change_cell(notebook.id, at.cell(notebook, "a").id, text=FOR_EVER)
    while at.statuses(notebook)["a"] != "running" or not list(at.folder.rglob("*.part")):
        time.sleep(0.01)
    print(notebook.id, flush=True)
    time.sleep(60)
"""


def test_what_ran_when_the_server_died_is_stale(tmp_path: Path) -> None:
    """Its text is the last that was given; no file is left half, and no cell seems to run."""
    command = [sys.executable, "-c", _DYING, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        notebook_id = server.stdout.readline().strip()
        os.kill(server.pid, signal.SIGKILL)
    assert list(tmp_path.rglob("*.part"))
    with history(tmp_path) as opened:
        notebooks = Notebooks(opened.database, opened.sandbox, tmp_path / "notebooks")
        a, b = notebooks.get(notebook_id).cells
        states = notebooks.states(notebook_id)
        assert (a.text, states[a.id].status, states[a.id].error) == (FOR_EVER, "stale", None)
        assert states[b.id].status == "stale"
        assert notebooks.table(notebook_id, b.id).rows == [[1]]
        assert not list(tmp_path.rglob("*.part"))
        assert len(list((tmp_path / "notebooks").rglob("*.parquet"))) == 2
        notebooks.change_cell(notebook_id, a.id, text="select 2 as n")
        wait_for(lambda: notebooks.states(notebook_id)[b.id].status == "done", PATIENCE, "it does not run again")
        assert notebooks.table(notebook_id, b.id).rows == [[2]]
        notebooks.close()


def test_what_runs_when_the_server_is_closed_is_called_off(tmp_path: Path) -> None:
    """It is no failure: whoever opens the notebook next finds it as it was before."""
    with desk(tmp_path) as at:
        notebook = at.made(sql("a", FOR_EVER), sql("b", "from a"), run=False)
        at.notebooks.run(notebook.id)
        wait_for(lambda: at.history.sandbox.busy, PATIENCE, "it does not run")
        at.notebooks.begin_close()
        at.history.sandbox.close()
        at.notebooks.close()
        at.notebooks.run(notebook.id)
        at.notebooks = Notebooks(at.history.database, at.history.sandbox, at.folder)
        assert at.statuses(notebook) == {"a": "idle", "b": "idle"}
        assert at.files() == []
