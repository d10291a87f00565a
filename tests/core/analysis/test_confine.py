"""What is taken from the worker's process for good, below whatever DuckDB does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.analysis.confine import address_space

ROOT = Path(__file__).parents[3]
_TRIES = """
import json, os, resource, socket, sys
from pathlib import Path
from core.analysis.confine import confine, limit_process

readable, other = Path(sys.argv[1]), Path(sys.argv[2])

def tried(work):
    try:
        work()
    except Exception as error:
        return type(error).__name__
    return "done"

before = os.nice(0)
limit_process(1 << 30)
confined = confine([readable])
print(json.dumps({
    "confined": confined,
    "nicer": os.nice(0) - before,
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "memory": tried(lambda: bytearray(2 << 30)),
    "some memory": tried(lambda: bytearray(100 << 20)),
    "read": tried((readable / "file").read_bytes),
    "library": tried(lambda: __import__("wave")),
    "write": tried(lambda: (readable / "file").write_bytes(b"x")),
    "make": tried(lambda: (readable / "new").write_bytes(b"x")),
    "remove": tried((readable / "file").unlink),
    "read elsewhere": tried((other / "file").read_bytes),
    "list elsewhere": tried(lambda: list(other.iterdir())),
    "passwords": tried(Path("/etc/passwd").read_bytes),
    "the server": tried(Path(f"/proc/{os.getppid()}/environ").read_bytes),
    "connect": tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
    "run": tried(lambda: os.execv("/bin/true", ["true"])),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
}))
"""


@pytest.fixture(scope="module")
def tries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process could do that was confined to one folder."""
    folder = tmp_path_factory.mktemp("confine")
    for name in ("readable", "other"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("text", "utf-8")
    command = [sys.executable, "-c", _TRIES, str(folder / "readable"), str(folder / "other")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (folder / "readable" / "file").read_text("utf-8") == "text"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_memory_is_bounded_and_others_come_first(tries: dict[str, Any]) -> None:
    """What is needed is there, what would harm the machine is not."""
    assert (tries["memory"], tries["some memory"], tries["core"]) == ("MemoryError", "done", 0)
    assert tries["nicer"] > 0


def test_its_files_and_pythons_can_be_read(tries: dict[str, Any]) -> None:
    """A query needs no more."""
    assert (tries["read"], tries["library"]) == ("done", "done")


@pytest.mark.parametrize(
    "what", ["write", "make", "remove", "read elsewhere", "list elsewhere", "passwords", "the server", "connect", "run"]
)
def test_all_else_is_out_of_reach(tries: dict[str, Any], what: str) -> None:
    """Where the kernel can take it away."""
    if not tries["confined"]:
        pytest.skip("this kernel has no Landlock")
    assert tries[what] == "PermissionError"


def test_the_address_space_is_known() -> None:
    """So that its bound can be set above it."""
    assert address_space() > 1 << 20 or sys.platform != "linux"
